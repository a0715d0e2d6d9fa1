"""The verbs of an installed app's state machine (BEHAVIOUR, State machine of an installed app)."""

import logging
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from django.db import IntegrityError, transaction

from app_manager import states
from app_manager.exceptions import (
    CannotRun,
    DeletionRefused,
    FolderUnknown,
    MoveRefused,
    Namesake,
    SpaceNotFound,
    StatusRefused,
)
from app_manager.followers import followers
from app_manager.jobs import all_jobs_of, close_owed_times, put_jobs, restart_jobs, switch_off_jobs
from app_manager.states import Status
from halo_site import audit
from halo_site.datadir.spaces import Space, all_spaces, holding_spaces
from halo_site.datadir.trash import move_to_trash

if TYPE_CHECKING:
    from app_manager.models import App

logger = logging.getLogger(__name__)


class Lifecycle:
    """A part of `App`. Each verb is atomic and leaves a line in the audit log, or raises and changes nothing.

    What other packages do about it (`followers`) and what the clock does about it is in the same transaction.
    """

    def pause(self, *, actor: audit.Actor, now: datetime, reason: str = "") -> None:
        """Have it start no more by itself. Its jobs stay, and their due times are skipped."""
        app = cast("App", self)
        with transaction.atomic():
            app.status = locked(app).status  # a question may have made it wait since it was read
            app.change_status(Status.PAUSED, actor=actor, now=now, reason=reason, verb="pause")

    def resume(self, *, actor: audit.Actor, now: datetime) -> None:
        """Have it start by itself again; jobs that errors held back or switched off begin anew.

        Raises `StatusRefused`, and `CannotRun` while a required value is missing.
        """
        app = cast("App", self)
        with transaction.atomic():
            stored = locked(app)
            if stored.status not in states.RESUMABLE:
                raise StatusRefused(stored, Status.ACTIVE)
            if stored.obstacle:
                raise CannotRun(stored, stored.obstacle)
            app.status = stored.status
            app.change_status(Status.ACTIVE, actor=actor, now=now, verb="resume", resumed_at=now)
            restart_jobs(stored, actor, now)

    def uninstall(self, *, actor: audit.Actor, now: datetime) -> None:
        """Take it out of use. Its row, its history and its files stay; its jobs are off."""
        app = cast("App", self)
        with transaction.atomic():
            app.status = locked(app).status
            app.change_status(Status.UNINSTALLED, actor=actor, now=now, verb="uninstall", uninstalled_at=now)
            switch_off_jobs(app, now)

    def reinstall(self, *, actor: audit.Actor, now: datetime) -> None:
        """Bring an uninstalled app back as it was; with a required value missing it is paused for that."""
        app = cast("App", self)
        with transaction.atomic():
            stored = locked(app)
            if stored.status != Status.UNINSTALLED:
                raise StatusRefused(stored, Status.ACTIVE)
            app.status = stored.status
            fields: dict[str, Any] = {"uninstalled_at": None, "resumed_at": now}
            app.change_status(Status.ACTIVE, actor=actor, now=now, verb="reinstall", **fields)
            put_jobs(app, now)
            if stored.obstacle:
                app.pause(actor=actor, now=now, reason=stored.obstacle)

    def move_to_space(self, space: Space, *, actor: audit.Actor, now: datetime) -> bool:
        """Have it belong to another space; False where it does already. Its files stay where they are.

        Raises `MoveRefused`, `Namesake`, `SpaceNotFound`, and `FolderUnknown` where nobody can tell where its
        files are.
        """
        app = cast("App", self)
        try:
            with holding_spaces(), transaction.atomic():
                stored = locked(app)
                if stored.space_id == space.id:
                    return False
                fields = _moved(stored, space)
                type(app).objects.filter(pk=app.pk).update(**fields)
                before = {"space": stored.space_id, "data_path": stored.data_path}
                after = {"space": space.id, "data_path": fields["data_path"]}
                audit.record(
                    actor,
                    "move",
                    object_type="app",
                    object_id=app.pk,
                    now=now,
                    summary=space.name,
                    before=before,
                    after=after,
                )
        except IntegrityError as error:  # another app took the name in that space this moment
            raise Namesake(app.spec_id, space.name, is_uninstalled=False) from error
        for name, value in fields.items():
            setattr(app, name, value)
        return True

    def delete_permanently(self, *, actor: audit.Actor, now: datetime) -> Path | None:
        """Delete an uninstalled app with its history; its folder goes to the trash, whose path is returned.

        The history goes in short transactions, the app's row last: whatever stops this, an uninstalled app
        with less history is left, which can be deleted again. None: there was no folder to move, or it stays
        since it could not be moved or is another app's as well; the log says so. Raises `DeletionRefused`.
        """
        app = cast("App", self)
        folder = self.own_folder
        deleted = _delete_history(app)
        with transaction.atomic():
            _keep_uninstalled(app)
            all_jobs_of(app).delete()
            facts = {"name": app.spec_id, "space": app.space_id, "rows": deleted}
            summary = f"{app.spec_id}: {deleted} rows of its history"
            audit.record(
                actor, "delete", object_type="app", object_id=app.pk, now=now, summary=summary, before=facts
            )
            type(app).objects.filter(pk=app.pk).delete()
        return _put_away(app, folder, now)

    @property
    def own_folder(self) -> Path | None:
        """Its folder if that is there; a stored path that is not trusted is none (abuse case S15)."""
        try:
            folder = cast("App", self).folder
        except LookupError:
            return None
        return folder if folder.is_dir() and not folder.is_symlink() else None

    def change_status(
        self,
        wanted: Status,
        *,
        actor: audit.Actor,
        now: datetime,
        reason: str = "",
        verb: str = "",
        **fields: Any,
    ) -> None:
        """Go to another status, with an audit line, or raise `StatusRefused` and change nothing.

        ``reason`` is stored as the app's message. Of two processes that change it at once one is refused.
        """
        app = cast("App", self)
        before = app.status
        if not states.may_become(before, wanted):
            raise StatusRefused(app, wanted)
        fields = {"status": wanted, "error_message": reason or None, **fields}
        with transaction.atomic():
            if not type(app).objects.filter(pk=app.pk, status=before).update(**fields):
                raise StatusRefused(app, wanted)
            was, is_now = {"status": before}, {"status": str(wanted)}
            done = partial(audit.record, actor, verb or wanted, object_type="app", object_id=app.pk, now=now)
            done(summary=": ".join(filter(None, (app.spec_id, reason))), before=was, after=is_now)
            _tell_followers(app, fields, before, actor, now)


def locked(app: "App") -> "App":
    """The app's row as it is now, held until the transaction ends. Raises `DeletionRefused` if it is gone."""
    stored = type(app).objects.hold(app.pk)
    if stored is None:
        raise DeletionRefused(app)
    return stored


def _tell_followers(
    app: "App", fields: dict[str, Any], before: str, actor: audit.Actor, now: datetime
) -> None:
    """Give the object at hand its new values and tell the others, the clock too.

    With their failure it has the old ones.
    """
    old = {name: getattr(app, name) for name in fields}
    _take(app, fields)
    try:
        for follower in followers():
            follower.status_changed(app, before, actor, now)
        close_owed_times(app, before, now)  # last: who changes runs and jobs holds runs first
    except BaseException:
        _take(app, old)
        raise


def _take(app: "App", fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(app, name, value)


def _moved(app: "App", space: Space) -> dict[str, Any]:
    """The columns of the app in that space; its present folder is pinned unless that is its home there."""
    if app.status == Status.UNINSTALLED:
        raise MoveRefused(app)
    if space not in all_spaces():
        raise SpaceNotFound(space.id)
    namesake = type(app).objects.in_space(space.id).filter(spec_id=app.spec_id).first()
    if namesake is not None:
        is_uninstalled = namesake.status == Status.UNINSTALLED
        raise Namesake(app.spec_id, space.name, is_uninstalled=is_uninstalled)
    try:
        folder = app.folder
    except LookupError as error:
        raise FolderUnknown(str(error)) from error
    home = space.path / "apps" / app.pk
    return {"space_id": space.id, "data_path": None if folder == home else str(folder)}


def _delete_history(app: "App") -> int:
    """Delete what followers hold of the app, a short transaction at a time; returns how many rows."""
    deleted = 0
    for follower in followers():
        while True:
            with transaction.atomic():
                _keep_uninstalled(app)
                some = follower.delete_some(app)
            deleted += some
            if not some:
                break
    return deleted


def _keep_uninstalled(app: "App") -> None:
    """Hold the row until the transaction ends, against new rows that refer to it as well."""
    stored = type(app).objects.select_for_update().filter(pk=app.pk).first()
    if stored is None or stored.status != Status.UNINSTALLED:
        raise DeletionRefused(stored or app)


def _put_away(app: "App", folder: Path | None, now: datetime) -> Path | None:
    if folder is None:
        return None
    if _is_shared(app, folder):
        logger.error("The folder %s of a deleted app is another app's as well, and stays", folder)
        return None
    try:
        return move_to_trash(folder, f"app-{app.spec_id}-{app.pk[:8]}", now)
    except OSError:
        logger.exception("The folder %s of a deleted app could not be moved to the trash", folder)
        return None


def _is_shared(app: "App", folder: Path) -> bool:
    """Whether another app's files lie in it, or it in theirs: a stored path can say anything (S15)."""
    others = type(app).objects.exclude(pk=app.pk).only("spec_id", "spec", "space_id", "data_path")
    for other in others.iterator():
        with suppress(LookupError):
            theirs = other.folder
            if theirs.is_relative_to(folder) or folder.is_relative_to(theirs):
                return True
    return False
