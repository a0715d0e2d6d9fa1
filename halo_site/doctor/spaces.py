"""Our own folders, spaces whose folder is gone, and folders that no space knows."""

from collections.abc import Iterator
from datetime import datetime

from halo_site.datadir.paths import data_dir
from halo_site.datadir.space_meta import NAME, read_meta
from halo_site.datadir.spaces import Space, all_spaces
from halo_site.doctor.findings import Finding, Result, counted, notice, shell


def look(now: datetime) -> Iterator[Result]:
    """Index and folders against each other."""
    for folder in data_dir().folders:
        if not folder.is_dir():
            yield Finding(str(folder), "this folder is missing", shell("mkdir", "-m", "700", folder))
    spaces = all_spaces()
    for space in spaces:
        yield from _space(space)
    yield from _orphans({space.path.resolve() for space in spaces})
    yield counted(len(spaces), "space")


def _space(space: Space) -> Iterator[Finding]:
    if space.is_missing:
        words = f"the folder of its records is missing: {space.path}"
        yield Finding(f"space {space.name}", words, f"Open /spaces/{space.id}/ and repair it there.")
    elif space.is_our_own and read_meta(space.path).get("id") != space.id:
        words = f"{space.path / NAME} cannot be read, or is another's: a lost index is found again by it"
        yield notice(f"space {space.name}", words, "The next start writes it again.")
    if space.lacks_working_dir:
        words = f"its working directory is missing: {space.working_dir}"
        yield Finding(f"space {space.name}", words, f"Change it at /spaces/{space.id}/.")


def _orphans(known: set[object]) -> Iterator[Finding]:
    folder = data_dir().spaces
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.resolve() not in known and not path.is_symlink():
            what = "no space of the index has its records here" if path.is_dir() else "it belongs to no space"
            yield Finding(str(path), what, f"If nobody misses it: {shell('mv', path, data_dir().trash)}")
