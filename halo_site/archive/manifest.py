"""`manifest.json`, the first member of a backup: what the others are, and what was left out."""

import json
import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from halo_site.archive.exceptions import RestoreRefused

FORMAT = 1
NAME = "manifest.json"
FILES, DATABASE = "files", "database"  # the two folders in a backup
SECRETS = frozenset({"secrets.json", "secret_key"})
# Of the data directory's top level: scratch and locks, the backups themselves, what was thrown away
STAYING = frozenset({"temp", "backups", "trash", "lost+found"})
MOST_MEMBERS = 2_000_000
LONGEST_PART = 255  # bytes of one part of a name
LONGEST_NAME = 3000  # bytes
DIGEST = re.compile(r"[0-9a-f]{64}")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(Part):
    """One file of the backup; ``mtime`` in whole epoch seconds."""

    name: str
    size: Annotated[int, Field(ge=0, lt=1 << 60)]
    sha256: Annotated[str, Field(pattern=DIGEST.pattern, max_length=64)]
    mtime: Annotated[int, Field(ge=0, lt=1 << 33)]


class SpaceFact(Part):
    """A space, and whether its folder lies in the data directory and so in the backup."""

    id: str
    name: str
    path: str
    included: bool


class LeftOut(Part):
    path: str
    why: str


class Table(Part):
    """A table of a PostgreSQL database, in ``database/<name>.copy``."""

    name: str
    columns: tuple[str, ...]


class DatabaseFacts(Part):
    """Which database it was, at which versions. SQLite is one file, ``database/halo.db``."""

    vendor: str
    namespaces: dict[str, int]
    migrations: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...] = ()


class Manifest(Part):
    """Everything that can be known of a backup before it is read."""

    format: int
    program: str
    created_at: str
    moment: str
    held_ms: float
    data_directory: str
    database: DatabaseFacts
    spaces: tuple[SpaceFact, ...]
    with_secrets: bool
    secrets_left_out: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    folders: tuple[str, ...]
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """Bytes of all members together."""
        return sum(member.size for member in self.members)

    @property
    def files(self) -> list[str]:
        """The members that belong into the data directory, by their names there."""
        prefix = FILES + "/"
        return [member.name.removeprefix(prefix) for member in self.members if member.name.startswith(prefix)]

    @property
    def contents(self) -> str:
        """What it holds, in words."""
        count = len(self.files)
        return f"the database and {count:,} file{'' if count == 1 else 's'} as of {self.moment}"

    def encoded(self) -> bytes:
        return self.model_dump_json(indent=1).encode() + b"\n"


def parsed(data: bytes) -> Manifest:
    """The manifest in ``data``, whose every name is safe to be made below a folder.

    Raises `RestoreRefused`.
    """
    try:
        content = json.loads(data)
        found = content.get("format") if isinstance(content, dict) else None
        if isinstance(found, int) and found > FORMAT:
            raise RestoreRefused(
                f"This backup has format {found}, this program knows {FORMAT}. "
                "Install the newer Halo Site; nothing was changed."
            )
        manifest = Manifest.model_validate(content)
    except (ValueError, RecursionError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "it is not JSON"
        raise RestoreRefused(
            f"The backup's manifest cannot be used: {reason}. Nothing was changed."
        ) from error
    problems = list(_problems(manifest))
    if problems:
        raise RestoreRefused(f"The backup is refused: {'; '.join(problems[:5])}. Nothing was changed.")
    return manifest


def _problems(manifest: Manifest) -> Iterable[str]:
    """What no backup of ours has: names that lead elsewhere, twice the same one, a file that is a folder."""
    if len(manifest.members) > MOST_MEMBERS:
        yield f"it has more than {MOST_MEMBERS:,} members"
        return
    seen: set[str] = set()
    parents = {parent for name in _all_names(manifest) for parent in _parents(name) if not name_problem(name)}
    for member in manifest.members:
        problem = name_problem(member.name) or _place_problem(member.name, manifest.with_secrets)
        if problem:
            yield f"{ascii(member.name)[:120]}: {problem}"
        if member.name in seen:
            yield f"{ascii(member.name)[:120]} is there twice"
        if member.name in parents:
            yield f"{ascii(member.name)[:120]} is a file and a folder"
        seen.add(member.name)
    for folder in manifest.folders:
        name = f"{FILES}/{folder}"
        if name_problem(name) or _place_problem(name, False) or name in seen:
            yield f"the folder {ascii(folder)[:120]} is not accepted"
    yield from _database_problems(manifest, seen)


def _database_problems(manifest: Manifest, names: set[str]) -> Iterable[str]:
    database = {name for name in names if name.startswith(DATABASE + "/")}
    wanted = (
        {f"{DATABASE}/halo.db"}
        if manifest.database.vendor == "sqlite"
        else {f"{DATABASE}/{table.name}.copy" for table in manifest.database.tables}
    )
    if database != wanted:
        yield "its database is not the one that its manifest describes"


def name_problem(name: str) -> str:
    """Why a name is not one of a file below a folder; an empty text where it is."""
    parts = name.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "this name could lead out of its folder"
    if "\0" in name or len(name.encode("utf-8", "replace")) > LONGEST_NAME:
        return "this is no name of a file"
    if any(len(part.encode("utf-8", "replace")) > LONGEST_PART for part in parts):
        return f"a part of its name is longer than {LONGEST_PART} bytes"
    return ""


def _place_problem(name: str, with_secrets: bool) -> str:
    folder, _, rest = name.partition("/")
    if folder not in {FILES, DATABASE} or not rest:
        return "a backup has no such member"
    top = rest.partition("/")[0]
    if folder == FILES and (top in STAYING or is_database(top)):
        return "a backup never holds this"
    if folder == FILES and top in SECRETS and not with_secrets:
        return "the manifest says that there are no secrets"
    return ""


def is_database(name: str) -> bool:
    """Whether a name of the data directory's top level is the SQLite database or one of its companions."""
    return name in {"halo.db", "halo.db-wal", "halo.db-shm", "halo.db-journal"}


def _all_names(manifest: Manifest) -> Iterable[str]:
    yield from (member.name for member in manifest.members)
    yield from (f"{FILES}/{folder}/x" for folder in manifest.folders)


def _parents(name: str) -> Iterable[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name
