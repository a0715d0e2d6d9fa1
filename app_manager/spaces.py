"""The verbs of spaces: each leaves one line in the audit log, or raises `AppError` and changes nothing."""

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from app_manager.exceptions import OrderStale, SpaceInUse, SpaceNotFound, SpaceRefused
from app_manager.models import App, new_id
from halo_site import audit
from halo_site.datadir import space_index
from halo_site.datadir.names import PathRefused
from halo_site.datadir.paths import data_dir, is_plain_path
from halo_site.datadir.space_meta import read_meta, write_meta
from halo_site.datadir.spaces import Space, all_spaces, ensure_default_space, holding_spaces
from halo_site.datadir.trash import move_to_trash

logger = logging.getLogger(__name__)

ICONS = ("folder", "home", "star", "spark", "tool", "user", "clock", "sun", "moon")
LONGEST_NAME = 100  # characters
NAMES_SHOWN = 5


def create_space(
    name: str, icon: str = "folder", working_dir: str = "", *, actor: audit.Actor, now: datetime
) -> Space:
    """A new space on top of the others; its records lie in our own ``spaces/``.

    Raises `SpaceRefused` with a sentence for what cannot be, OSError when the disk refuses.
    """
    fields = _checked(name, icon, working_dir, None)
    space_id = new_id()

    def add(content: dict[str, Any]) -> dict[str, Any]:
        orders = [entry.get("sortOrder") for entry in space_index.entries().values()]
        lowest = min((order for order in orders if isinstance(order, int)), default=1)
        entry = {**space_index.new_entry(space_id, "", lowest - 1, now), **fields}
        return _with(content, space_id, entry)

    with holding_spaces(), transaction.atomic():
        _record(actor, "create", space_id, now, fields["name"], None, fields)
        folder = data_dir().spaces / space_id
        try:
            _make_folders(folder)
            space_index.update(add)
        except BaseException:
            _take_away(folder)
            raise
    _tell_folder(space_id)
    return _found(space_id)


def change_space(
    space_id: str,
    *,
    name: str,
    icon: str,
    working_dir: str,
    actor: audit.Actor,
    now: datetime,
) -> bool:
    """Give a space another name, icon or working directory; False where it has these already.

    An empty working directory is none. Raises `SpaceNotFound`, `SpaceRefused`.
    """
    with holding_spaces(), transaction.atomic():
        space = _found(space_id)
        fields = _checked(name, icon, working_dir, space)
        before = {
            "name": space.name,
            "icon": space.icon,
            "workingDir": str(space.working_dir) if space.working_dir else None,
        }
        after = {"workingDir": None, **fields}
        if before == after:
            return False
        _record(actor, "change", space_id, now, fields["name"], before, after)
        _change_entry(space_id, after, now)
    _tell_folder(space_id)
    return True


def reorder_spaces(ids: Sequence[str], *, actor: audit.Actor, now: datetime) -> bool:
    """Put the spaces in this order; False where that is theirs. ``ids`` must name each of them once.

    Raises `OrderStale` where they do not: a space came or went since the person looked.
    """
    with holding_spaces(), transaction.atomic():
        before = [space.id for space in all_spaces()]
        if sorted(ids) != sorted(before):
            raise OrderStale
        if list(ids) == before:
            return False
        _record(actor, "reorder", "", now, "", {"order": before}, {"order": list(ids)})
        places = {space_id: place for place, space_id in enumerate(ids)}
        space_index.update(lambda content: _in_order(content, places))
    return True


def repair_space(space_id: str, *, folder: str = "", actor: audit.Actor, now: datetime) -> bool:
    """Bring back the missing folder of a space; False where it is there.

    One in our own ``spaces/`` is made again, empty. For one that lies elsewhere ``folder`` says where its
    records are now; it must bear the space's own mark (`.halo/meta.json`). Raises `SpaceRefused`.
    """
    with holding_spaces(), transaction.atomic():
        space = _found(space_id)
        if not space.is_missing:
            return False
        if space.is_our_own:
            _record(actor, "repair", space_id, now, space.name, None, {"path": str(space.path)})
            _make_folders(space.path)
        else:
            path = _checked_records(space, folder)
            facts = {"path": str(space.path)}, {"path": path}
            _record(actor, "repair", space_id, now, space.name, *facts)
            _change_entry(space_id, {"path": path}, now)
    _tell_folder(space_id)
    return True


def delete_space(space_id: str, *, actor: audit.Actor, now: datetime) -> Path | None:
    """Take a space out of the index and move its folder to the trash, whose path is returned.

    Raises `SpaceInUse` while an app is in it, or keeps its files there. A folder outside of our own
    ``spaces/`` stays where it is (None). Without any other space, an empty "Default" is made.
    """
    with holding_spaces():
        with transaction.atomic():
            space = _found(space_id)
            _refuse_in_use(space)
            facts = {"name": space.name, "path": str(space.path)}
            _record(actor, "delete", space_id, now, space.name, facts, None)
            trashed = None
            if space.is_our_own and not space.is_missing:
                trashed = move_to_trash(space.path, f"space-{space.name}-{space.id[:8]}", now)
            try:
                space_index.update(lambda content: _without(content, space_id))
            except BaseException:
                if trashed is not None:
                    trashed.rename(space.path)
                raise
        ensure_default_space(now)
    return trashed


def _checked(name: str, icon: str, working_dir: str, space: Space | None) -> dict[str, Any]:
    """What a person gave, as it is stored. Raises `SpaceRefused` with every problem by field."""
    problems: dict[str, str] = {}
    name, working_dir = " ".join(name.split()), working_dir.strip()
    others = [other for other in all_spaces() if space is None or other.id != space.id]
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        problems["name"] = _("Give it a name of 1 to 100 printable characters.")
    elif any(other.name.casefold() == name.casefold() for other in others):
        problems["name"] = _("Another space has this name. Names tell spaces apart in lists.")
    if icon not in ICONS and (space is None or icon != space.icon):
        problems["icon"] = _("Choose one of the icons.")
    reason = _problem_of_working_dir(working_dir) if working_dir else ""
    if reason:
        problems["working_dir"] = reason
    if problems:
        raise SpaceRefused(problems)
    return {"name": name, "icon": icon, **({"workingDir": working_dir} if working_dir else {})}


def _problem_of_working_dir(text: str) -> str:
    """Why this cannot be where agents work; empty where it can."""
    if not is_plain_path(text):
        return _("Give an absolute path, such as /srv/project, without “..” in it.")
    path, root = Path(text), data_dir().root.resolve()
    try:
        if not path.is_dir():
            return _("There is no such folder on this server. Make it first.")
        real = path.resolve()
    except OSError as error:
        return _("This folder cannot be looked at: %(reason)s.") % {"reason": error.strerror or error}
    if real.is_relative_to(root) or root.is_relative_to(real):
        return _("This folder lies over the data directory, where records are kept. Choose another one.")
    return ""


def _checked_records(space: Space, folder: str) -> str:
    folder = folder.strip()
    if not folder:
        words = _("The folder %(path)s is missing. Bring it back (mount its disk, say), or name where it is.")
        raise SpaceRefused({"folder": words % {"path": space.path}})
    if not is_plain_path(folder) or space_index.holds_ours(Path(folder)):
        raise SpaceRefused({"folder": _("Give an absolute path outside of the data directory's own files.")})
    if read_meta(Path(folder)).get("id") != space.id:
        raise SpaceRefused({"folder": _("That folder is not this space: .halo/meta.json says so.")})
    return folder


def _refuse_in_use(space: Space) -> None:
    inside = App.objects.filter(space_id=space.id)
    pinned = App.objects.filter(data_path__startswith=f"{space.path}/").exclude(space_id=space.id)
    names = [app.name for app in (*inside[: NAMES_SHOWN + 1], *pinned[: NAMES_SHOWN + 1])]
    if names:
        raise SpaceInUse(space.name, names[:NAMES_SHOWN], more=len(names) > NAMES_SHOWN)


def _found(space_id: str) -> Space:
    space = next((space for space in all_spaces() if space.id == space_id), None)
    if space is None:  # the reserved one is not in the index, and cannot be changed
        raise SpaceNotFound(space_id)
    return space


def _make_folders(folder: Path) -> None:
    for path in (folder, folder / ".halo", folder / "apps"):
        path.mkdir(mode=0o700, exist_ok=True)


def _take_away(folder: Path) -> None:
    """Remove what a failed creation made, as far as it is empty."""
    for path in (folder / "apps", folder / ".halo", folder):
        try:
            path.rmdir()
        except OSError:
            return


def _tell_folder(space_id: str) -> None:
    """Have the folder bear the same name; the index counts, so a disk that refuses this is no failure."""
    entry = space_index.entries()[space_id]
    folder = space_index.folder_of(space_id, entry)
    if folder.is_dir():
        try:
            write_meta(folder, space_id, entry)
        except (OSError, PathRefused):
            logger.exception("The space %s could not write down its name", space_id)


def _change_entry(space_id: str, fields: dict[str, Any], now: datetime) -> None:
    """Set fields of one entry; None takes one out."""

    def change(content: dict[str, Any]) -> dict[str, Any]:
        entry = {**content["spaces"][space_id], **fields, "updatedAt": space_index.written(now)}
        return _with(content, space_id, {key: value for key, value in entry.items() if value is not None})

    space_index.update(change)


def _with(content: dict[str, Any], space_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {**content, "spaces": {**content["spaces"], space_id: entry}}


def _without(content: dict[str, Any], space_id: str) -> dict[str, Any]:
    return {**content, "spaces": {key: each for key, each in content["spaces"].items() if key != space_id}}


def _in_order(content: dict[str, Any], places: dict[str, int]) -> dict[str, Any]:
    spaces = content["spaces"]
    moved = {key: {**spaces[key], "sortOrder": place} for key, place in places.items()}
    return {**content, "spaces": {**spaces, **moved}}


def _record(
    actor: audit.Actor,
    verb: str,
    space_id: str,
    now: datetime,
    summary: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """The audit line, written before the files change: where they cannot, it goes with the transaction."""
    audit.record(
        actor,
        verb,
        object_type="space",
        object_id=space_id,
        now=now,
        summary=summary,
        before=before,
        after=after,
    )
