"""The verbs of spaces: each leaves one line in the audit log, or raises and changes nothing."""

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction

from app_manager.exceptions import OrderStale, SpaceNotFound
from app_manager.models import new_id
from app_manager.space_checks import checked_fields, checked_records, refuse_in_use
from halo_site import audit
from halo_site.datadir import space_index
from halo_site.datadir.names import PathRefused
from halo_site.datadir.paths import data_dir
from halo_site.datadir.space_meta import make_folder, write_meta
from halo_site.datadir.spaces import Space, all_spaces, fetch_back, holding_spaces
from halo_site.datadir.trash import move_to_trash
from halo_site.models import SpaceMember

logger = logging.getLogger(__name__)

Content = dict[str, Any]
NAME_IN_TRASH = 40  # characters


def create_space(
    name: str, icon: str = "folder", working_dir: str = "", *, actor: audit.Actor, now: datetime
) -> Space:
    """A new space on top of the others; its records lie in our own ``spaces/``.

    Raises `SpaceRefused` with a sentence for what cannot be, OSError when the disk refuses.
    """
    space_id = new_id()
    with _both_or_neither(now) as undo:
        fields = checked_fields(name, icon, working_dir, None)
        _record(actor, "create", space_id, now, fields["name"], None, fields)
        orders = [space.sort_order for space in all_spaces() if space.sort_order is not None]
        entry = {**space_index.new_entry(space_id, "", min(orders, default=1) - 1, now), **fields}
        undo.callback(shutil.rmtree, data_dir().spaces / space_id, ignore_errors=True)
        make_folder(space_id, entry)  # first: a folder without an entry does less harm than the reverse
        _change_index(undo, lambda content: _with(content, {space_id: entry}))
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

    An empty working directory is none. Raises `SpaceNotFound`, `SpaceRefused`, OSError.
    """
    with _both_or_neither(now) as undo:
        space = _found(space_id)
        after = {"workingDir": None, **checked_fields(name, icon, working_dir, space)}
        before = {
            "name": space.name,
            "icon": space.icon,
            "workingDir": str(space.working_dir) if space.working_dir else None,
        }
        if before == after:
            return False
        _record(actor, "change", space_id, now, str(after["name"]), before, after)
        _change_entry(undo, space_id, after, now)
    _tell_folder(space_id)
    return True


def reorder_spaces(ids: Sequence[str], *, actor: audit.Actor, now: datetime) -> bool:
    """Put the spaces in this order; False where that is theirs. ``ids`` must name each of them once.

    Raises `OrderStale` where they do not: a space came or went since the person looked; OSError.
    """
    with _both_or_neither(now) as undo:
        before = [space.id for space in all_spaces()]
        if sorted(ids) != sorted(before):
            raise OrderStale
        if list(ids) == before:
            return False
        _record(actor, "reorder", "", now, "", {"order": before}, {"order": list(ids)})
        _change_index(undo, lambda content: _in_order(content, ids))
    return True


def repair_space(space_id: str, *, folder: str = "", actor: audit.Actor, now: datetime) -> bool:
    """Bring back the missing folder of a space; False where it is there.

    One in our own ``spaces/`` is fetched back from the trash if it lies there, else made again, empty. For
    one that lies elsewhere ``folder`` says where its records are now; it must bear the space's own mark
    (`.halo/meta.json`). Raises `SpaceNotFound`, `SpaceRefused`, OSError.
    """
    with _both_or_neither(now) as undo:
        space = _found(space_id)
        if not space.is_missing:
            return False
        path = str(space.path) if space.is_our_own else checked_records(space, folder)
        facts = {"path": str(space.path)}, {"path": path}
        _record(actor, "repair", space_id, now, space.name, *facts)
        if not space.is_our_own:
            _change_entry(undo, space_id, {"path": path}, now)
        elif not fetch_back(space):
            undo.callback(shutil.rmtree, space.path, ignore_errors=True)
            make_folder(space_id, space_index.entries()[space_id])
    _tell_folder(space_id)
    return True


def delete_space(space_id: str, *, actor: audit.Actor, now: datetime) -> Path | None:
    """Take a space out of the index and move its folder to the trash, whose path is returned.

    The roles that people had in it go with it. Raises `SpaceInUse` while an app is in it, or keeps its files
    there; `SpaceNotFound`, `SpaceRefused`, OSError. A folder outside of our own ``spaces/`` stays where it is
    (None). Without any other space, an empty "Default" is made. Killed between the two steps, the next start
    takes the folder back.
    """
    with _both_or_neither(now) as undo:
        space = _found(space_id)
        refuse_in_use(space)
        facts = {"name": space.name, "path": str(space.path)}
        members = SpaceMember.objects.filter(space_id=space_id)
        roles = dict(members.values_list("user__username", "role"))
        _record(actor, "delete", space_id, now, space.name, {**facts, "members": roles}, None)
        members.delete()
        trashed = None
        if space.is_our_own and not space.is_missing:
            trashed = move_to_trash(space.path, f"space-{space.name[:NAME_IN_TRASH]}-{space.id[:8]}", now)
            undo.callback(_quietly, partial(trashed.rename, space.path))
        _change_index(undo, lambda content: _without(content, space_id))
    _quietly(partial(space_index.mend, now))  # of the last one: a start makes "Default" as well
    return trashed


@contextmanager
def _both_or_neither(now: datetime) -> Iterator[ExitStack]:
    """Hold the spaces while audit line and files change; where one is refused, the other goes back.

    The line is written first and committed last, so it never tells of what did not happen.
    """
    with holding_spaces(), ExitStack() as undo:
        space_index.mend(now)
        with transaction.atomic():
            yield undo
        undo.pop_all()


def _quietly(step: Callable[[], object]) -> None:
    try:
        step()
    except OSError:
        logger.exception("A step after a change of the spaces failed")


def _change_index(undo: ExitStack, change: Callable[[Content], Content]) -> None:
    before: Content = {}

    def changed(content: Content) -> Content:
        before.update(content)
        return change(content)

    def put_back() -> None:
        if before and space_index.current() != before:
            space_index.update(lambda content: {**content, "spaces": before["spaces"]})

    # Before the change: a disk can fail after the new file is in place already.
    undo.callback(_quietly, put_back)
    space_index.update(changed)


def _found(space_id: str) -> Space:
    space = next((space for space in all_spaces() if space.id == space_id), None)
    if space is None:  # the reserved one is not in the index, and cannot be changed
        raise SpaceNotFound(space_id)
    return space


def _tell_folder(space_id: str) -> None:
    """Have the folder bear the same name; the index counts, so a disk that refuses this is no failure."""
    entry = space_index.entries()[space_id]
    folder = space_index.folder_of(space_id, entry)
    if folder.is_dir():
        try:
            write_meta(folder, space_id, entry)
        except (OSError, PathRefused):
            logger.exception("The space %s could not write down its name", space_id)


def _change_entry(undo: ExitStack, space_id: str, fields: Content, now: datetime) -> None:
    """Set fields of one entry; None takes one out."""

    def change(content: Content) -> Content:
        entry = {**content["spaces"][space_id], **fields, "updatedAt": space_index.written(now)}
        return _with(content, {space_id: {key: value for key, value in entry.items() if value is not None}})

    _change_index(undo, change)


def _with(content: Content, entries: Content) -> Content:
    return {**content, "spaces": {**content["spaces"], **entries}}


def _without(content: Content, space_id: str) -> Content:
    return {**content, "spaces": {key: each for key, each in content["spaces"].items() if key != space_id}}


def _in_order(content: Content, ids: Sequence[str]) -> Content:
    spaces = content["spaces"]
    return _with(content, {key: {**spaces[key], "sortOrder": place} for place, key in enumerate(ids)})


def _record(
    actor: audit.Actor,
    verb: str,
    space_id: str,
    now: datetime,
    summary: str,
    before: Content | None,
    after: Content | None,
) -> None:
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
