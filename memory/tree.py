"""The files of memory as a tree by scope: places, and the files of the one that is looked at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from halo_site.datadir.files import FileInfo, PathRefused
from halo_site.datadir.listing import LeftOut
from memory import documents
from memory.models import Revision, digest
from memory.names import is_record_folder
from memory.places import Place, Scope, newest_app_places, space_places, user_place
from memory.users import User, users_now

FILES_LISTED = 100  # of each folder on one page
LEFT_OUT_SHOWN = 20  # files that are no memory, with the reason
APPS_LISTED = 20  # in a tree; the page of all places has the others
MOST_READ = 20  # files of a tree that are read to see whether they were changed
RECORDED_WITHIN = timedelta(seconds=5)  # a file is put in place so soon after its revision


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file in a tree: its name as in its URL (empty: the main file), its title, bytes, last change."""

    name: str
    title: str
    size: int
    changed_at: datetime
    is_read_each_run: bool = False
    is_unrecorded: bool = False

    @property
    def short(self) -> str:
        return self.title.rpartition("/")[2]

    @property
    def is_over_limit(self) -> bool:
        return self.size > documents.LIMIT_BYTES


@dataclass(frozen=True, slots=True)
class Folder:
    """A page of the files of one folder, in order of their names, but dated records newest first.

    The empty name is the memory folder itself.
    """

    name: str
    total: int
    files: list[FileRow]
    older: str  # the name to ask for the next page with; empty at the end
    is_open: bool
    is_dated: bool  # its files are records


@dataclass(frozen=True, slots=True)
class PlaceFiles:
    """A place with its main file and the folders of its further files."""

    place: Place
    main: FileRow | None = None
    folders: list[Folder] = field(default_factory=list)
    before: str = ""  # the name that this page was asked for with
    problem: str = ""
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def left_out_shown(self) -> list[LeftOut]:
        return self.left_out[:LEFT_OUT_SHOWN]

    @property
    def main_title(self) -> str:
        return self.place.path("")

    @property
    def total(self) -> int:
        return sum(folder.total for folder in self.folders)

    @property
    def has_older(self) -> bool:
        return any(folder.older for folder in self.folders)


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """A place of the tree; ``is_used``: a run that may read it is going on."""

    place: Place
    is_current: bool
    is_used: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """The places by scope, and the files of the current one."""

    links: list[PlaceLink]
    files: PlaceFiles
    has_more: bool = False

    @property
    def place(self) -> Place:
        return self.files.place


def tree_of(
    current: Place,
    name: str = "",
    before: str = "",
    *,
    users: list[User] | None = None,
    sees: Callable[[Place], bool] | None = None,
) -> Tree:
    """The tree around the document ``name`` of ``current``; ``before`` as in `place_files`.

    The user's place, the spaces and the newest `APPS_LISTED` apps, of those that ``sees`` says yes to (None:
    all); the current place always.
    """
    reading = users_now() if users is None else users
    apps = newest_app_places(APPS_LISTED + 1) if sees is None else list(filter(sees, newest_app_places(None)))
    shared = [user_place(), *space_places()]
    places = [*(shared if sees is None else filter(sees, shared)), *apps[:APPS_LISTED]]
    if all(place.key != current.key for place in places):
        places.append(current)
    links = [
        PlaceLink(place, place.key == current.key, any(user.reads(place) for user in reading))
        for place in places
    ]
    return Tree(links, with_badges(place_files(current, name, before)), len(apps) > APPS_LISTED)


def tree_of_one(place: Place, before: str = "") -> Tree:
    """The tree of one place alone, for a page that is about its owner."""
    return Tree([PlaceLink(place, True, False)], with_badges(place_files(place, before=before)))


def place_files(place: Place, current: str = "", before: str = "", limit: int = FILES_LISTED) -> PlaceFiles:
    """List a place for a tree: its main file, and at most ``limit`` files of each folder.

    ``before`` is a file's name: its folder shows what comes after it (of records: what is older). Open are
    the folders of ``before`` and of ``current``, the document that is looked at.
    """
    missing = place.missing_folder
    if missing is not None:
        problem = _("The folder %(path)s is missing: what is remembered there cannot be shown.")
        return PlaceFiles(place, before=before, problem=problem % {"path": missing})
    try:
        found = documents.files(place)
    except (PathRefused, OSError):
        problem = _("The files cannot be listed: a link or the disk is in the way.")
        return PlaceFiles(place, before=before, problem=problem)
    groups: dict[str, list[FileInfo]] = {}
    for info in found.others:
        groups.setdefault(_folder_of(info.name), []).append(info)
    opened = {_folder_of(current), _folder_of(before)}
    folders = [_folder(place, name, groups[name], before, limit, name in opened) for name in sorted(groups)]
    main = _row(place, found.main, "") if found.main else None
    return PlaceFiles(place, main, folders, before, left_out=found.left_out)


def with_badges(files: PlaceFiles) -> PlaceFiles:
    """The same with what was changed on disk and is not recorded yet, in the open folders.

    Three queries at most. A file is read only where its size is the recorded one and its time is not.
    """
    place, known = files.place, _newest_revisions(files)
    budget = iter(range(MOST_READ))
    main = files.main and replace(files.main, is_unrecorded=_is_unrecorded(place, files.main, known, budget))
    folders = [
        replace(folder, files=[_badged(place, row, known, budget) for row in folder.files])
        if folder.is_open
        else folder
        for folder in files.folders
    ]
    return replace(files, main=main, folders=folders)


def _badged(place: Place, row: FileRow, known: dict[str, Revision], budget: Iterator[int]) -> FileRow:
    return replace(row, is_unrecorded=_is_unrecorded(place, row, known, budget))


def _newest_revisions(files: PlaceFiles) -> dict[str, Revision]:
    """The newest revision of the main file and of each listed file of an open folder, by its path."""
    place = files.place
    paths = [place.path(row.name) for folder in files.folders if folder.is_open for row in folder.files]
    of_place = Revision.objects.filter(place=place.key, path__in=paths).order_by()
    newest = of_place.values("path").annotate(newest=Max("id")).values_list("newest", flat=True)
    found = list(Revision.objects.filter(pk__in=list(newest)).without_content()) if paths else []
    # The main file has a revision for each run: its newest is asked for by itself, not sought among them.
    main = Revision.objects.for_document(place.key, place.path("")).newest()
    return {revision.path: revision for revision in [*found, *([main] if main else [])]}


def _is_unrecorded(place: Place, row: FileRow, known: dict[str, Revision], budget: Iterator[int]) -> bool:
    revision = known.get(place.path(row.name))
    if revision is None or revision.size != row.size:
        return True
    is_recent = row.changed_at <= revision.created_at + RECORDED_WITHIN
    if is_recent or next(budget, None) is None:
        return False
    try:
        return digest(documents.on_disk(place, row.name)) != revision.sha256
    except (PathRefused, ValueError, OSError):
        return False


def _folder(place: Place, name: str, found: list[FileInfo], before: str, limit: int, is_open: bool) -> Folder:
    is_paged = bool(before) and _folder_of(before) == name
    is_dated = is_record_folder(place, name)
    ordered = found[::-1] if is_dated else found
    shown = [
        info for info in ordered if not is_paged or (info.name < before if is_dated else info.name > before)
    ]
    rows = [_row(place, info, info.name) for info in shown[:limit]]
    older = rows[-1].name if len(shown) > limit else ""
    return Folder(name, len(found), rows, older, is_open, is_dated)


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def _row(place: Place, info: FileInfo, name: str) -> FileRow:
    is_read = not name and place.scope == Scope.APP
    return FileRow(name, name or place.path(""), info.size, moment_of(info), is_read)


def moment_of(info: FileInfo) -> datetime:
    """When the file was changed last."""
    return datetime.fromtimestamp(info.changed_at, UTC)
