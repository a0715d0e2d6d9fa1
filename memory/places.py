"""Where memory lies: a `Place` for the user, for each space and for each app (DESIGN §2).

Spaces are known here. Apps are not: whoever installs them registers a provider, so that this package imports
nobody.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from django.apps import apps
from django.utils.translation import gettext as _

from halo_site.datadir.folders import folder_below
from halo_site.datadir.names import PathRefused, contained, printable
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import all_spaces, get_space

if TYPE_CHECKING:
    from memory.permissions import Caller

SUFFIX = ".md"


class Scope(StrEnum):
    """Whose memory it is."""

    USER = "user"
    SPACE = "space"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Place:
    """The memory of one owner: a main file, and a folder of further files.

    ``file`` and ``folder`` are relative to ``base``; no link below ``base`` is followed. ``key`` is ``user``,
    ``space:<id>`` or ``app:<id>``, the same in URLs, in revisions and in logs. ``space_id`` is the space
    that an app's memory belongs to, or the space itself. ``is_uninstalled``: its app is, so that nobody asks
    for it in that one's name.
    """

    scope: str
    key: str
    label: str
    base: Path
    file: str
    folder: str
    space_id: str | None = None
    is_uninstalled: bool = False

    @property
    def owner_id(self) -> str:
        """The id of the app or space; empty for the user."""
        return self.key.partition(":")[2]

    @property
    def lock(self) -> Path:
        """What `locked` is asked for: one lock for all files of the place, so that locks stay few."""
        return self.base / self.file

    @property
    def missing_folder(self) -> Path | None:
        """The folder that ought to hold its files and is gone or out of reach; None where it is there.

        A space makes its ``.halo`` with its first note; an app's folder is made when it is installed, with
        one in it. Both may be where a disk is mounted, and are there and empty when it is not.
        """
        folder = self.base / PurePosixPath(self.file).parent if self.scope == Scope.APP else self.base
        try:
            is_there = folder.is_dir() and (self.scope == Scope.USER or not self._is_emptied(folder))
        except OSError:
            return folder
        return None if is_there else folder

    def _is_emptied(self, folder: Path) -> bool:
        """Whether nothing at all lies in its folder, although something is remembered."""
        with os.scandir(folder) as found:
            if next(found, None) is not None:
                return False
        return self.is_remembered

    @property
    def is_remembered(self) -> bool:
        """Whether there ever was a file in it, as far as revisions know."""
        known = apps.get_model("memory", "Revision").objects.filter(place=self.key)  # which imports us
        return bool(known.exists())

    @property
    def link_on_the_way(self) -> str:
        """A sentence on the link in the place of the folder that holds its files; empty: there is none."""
        try:
            with folder_below(self.base, PurePosixPath(self.file).parent.parts, make=False):
                return ""
        except PathRefused as error:
            return str(error)
        except OSError:  # it may not be there yet, or be gone
            return ""

    def below(self, name: str) -> str:
        """Return where the document ``name`` lies, relative to ``base``; the empty name is the main file.

        A name is relative to the folder, ends in ``.md`` and has no hidden part. Raises `PathRefused`.
        """
        if not name:
            return self.file
        _require_name(Path(self.folder), name)
        return f"{self.folder}/{name}"

    def path(self, name: str) -> str:
        """Return the document's name in revisions and titles, such as ``memory.md`` or ``memory/run/x.md``.

        It says nothing of where the base is, so that it stays true when a space moves.
        """
        main, folder = PurePosixPath(self.file).name, PurePosixPath(self.folder).name
        return f"{folder}/{name}" if name else main

    def name_of(self, path: str) -> str:
        """Return the name that `path` makes ``path`` of. Raises `PathRefused` where it is none of ours."""
        if path == PurePosixPath(self.file).name:
            return ""
        name = path.removeprefix(f"{PurePosixPath(self.folder).name}/")
        if not name or name == path:
            raise PathRefused(f"“{printable(path)[:120]}” is no document of {self.label}.")
        self.below(name)
        return name


@dataclass(frozen=True, slots=True)
class ClosedPlace:
    """The memory of an app of which nobody can tell where it lies, and why: there is no `Place` of it."""

    key: str
    label: str
    space_id: str | None
    reason: str


def _require_name(folder: Path, name: str) -> None:
    parts = contained(folder, name)
    if any(part.startswith(".") for part in parts):
        raise PathRefused(f"“{name}” is refused: a part of it is hidden (it starts with a dot).")
    if not name.endswith(SUFFIX):
        raise PathRefused(
            f"“{name}” is refused: memory files are markdown, with a name that ends in {SUFFIX}."
        )


def is_beside(path: str, other: str) -> bool:
    """Whether ``other`` can be another file of the folder of ``path``, both as `Place.path` makes them."""
    folder, _slash, name = path.partition("/")
    try:
        _require_name(Path(folder), other.removeprefix(f"{folder}/"))
    except PathRefused:
        return False
    return bool(name) and other.startswith(f"{folder}/")


class PlaceProvider(Protocol):
    """Knows the apps and where their memory lies; ``all`` has the newest first, ``limit`` of them at most.

    ``ids`` are those of ``all``, which cost little; ``some`` are the places of some of them. ``closed`` are
    those whose memory has no place.
    """

    def find(self, app_id: str) -> Place | None: ...

    def all(self, limit: int | None = None) -> Iterable[Place]: ...

    def ids(self) -> Iterable[str]: ...

    def some(self, app_ids: Sequence[str]) -> Iterable[Place]: ...

    def closed(self, app_id: str | None = None) -> Iterable[ClosedPlace]: ...

    def caller(self, app_id: str) -> "Caller | None": ...


class NoApps:
    """The provider until one is registered: there are no apps."""

    def find(self, app_id: str) -> Place | None:
        return None

    def all(self, limit: int | None = None) -> Iterable[Place]:
        return ()

    def ids(self) -> Iterable[str]:
        return ()

    def some(self, app_ids: Sequence[str]) -> Iterable[Place]:
        return ()

    def closed(self, app_id: str | None = None) -> Iterable[ClosedPlace]:
        return ()

    def caller(self, app_id: str) -> "Caller | None":
        return None


_provider: PlaceProvider = NoApps()


def register_places(provider: PlaceProvider) -> PlaceProvider:
    """Make ``provider`` the one that knows apps; return the one before it."""
    global _provider
    before, _provider = _provider, provider
    return before


def user_place() -> Place:
    """Return the memory that all apps of this installation may read."""
    data = data_dir()
    file, folder = data.user_memory_file.name, data.user_memory_folder.name
    return Place(Scope.USER, "user", _("You"), data.root, file, folder)


def space_place(space_id: str) -> Place | None:
    """Return the memory that the apps of one space share; None for an unknown space."""
    space = get_space(space_id)
    if space is None:
        return None
    # The base is the space's own path, not its .halo folder: a .halo that is a link is then refused.
    key = f"space:{space.id}"
    return Place(Scope.SPACE, key, space.name, space.path, ".halo/memory.md", ".halo/memory", space.id)


def app_place(app_id: str) -> Place | None:
    """Return the memory of one app; None for an unknown one."""
    return _provider.find(app_id)


def place_of_app(
    app_id: str, label: str, space_id: str | None, folder: Path, base: Path | None = None
) -> Place:
    """Describe the memory of an app whose files lie in ``folder``; for providers.

    ``base`` is a directory above ``folder`` (its space's path) from which on links are refused; without it,
    ``folder`` itself.
    """
    base = base or folder
    inside = folder.relative_to(base)
    file, more = (inside / "memory.md").as_posix(), (inside / "memory").as_posix()
    return Place(Scope.APP, f"app:{app_id}", label, base, file, more, space_id)


def app_caller(app_id: str) -> "Caller | None":
    """Return who an app is when it asks for memory; None for an unknown one."""
    return _provider.caller(app_id)


def find_place(key: str) -> Place | None:
    """Return the place of a key such as ``space:<id>``; None when there is none."""
    scope, _colon, owner_id = key.partition(":")
    if not key.isprintable():  # PostgreSQL raises where it is asked for a NUL
        return None
    if key == "user":
        return user_place()
    if scope == Scope.SPACE and owner_id:
        return space_place(owner_id)
    if scope == Scope.APP and owner_id:
        return app_place(owner_id)
    return None


def closed_places(key: str | None = None) -> list[ClosedPlace]:
    """Return what memory of installed apps has no place, or that of the one with this key."""
    scope, _colon, app_id = (key or "").partition(":")
    if key is not None and not (scope == Scope.APP and app_id and key.isprintable()):
        return []
    return list(_provider.closed(app_id or None))


def space_places() -> list[Place]:
    """Return the places of all spaces."""
    return [place for space in all_spaces() if (place := space_place(space.id))]


def newest_app_places(limit: int | None) -> list[Place]:
    """Return the places of the newest ``limit`` apps; None: of all of them."""
    return list(_provider.all(limit))


def all_places() -> list[Place]:
    """Return the user's place, those of the spaces, those of the apps."""
    return [user_place(), *space_places(), *_provider.all()]


def place_keys() -> list[str]:
    """Return the keys of `all_places`, without saying where each lies: of thousands that takes seconds."""
    spaces = [f"space:{space.id}" for space in all_spaces()]
    return ["user", *spaces, *(f"app:{app_id}" for app_id in _provider.ids())]


def places_of(keys: Sequence[str]) -> dict[str, Place]:
    """Return key → place for those of the keys that have one, in one look for all apps."""
    apps = [key.removeprefix("app:") for key in keys if key.startswith("app:")]
    found = {place.key: place for place in _provider.some(apps)} if apps else {}
    others = [find_place(key) for key in keys if not key.startswith("app:")]
    return found | {place.key: place for place in others if place is not None}
