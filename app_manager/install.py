"""Installing an app: one step, all or nothing (BEHAVIOUR, Installing)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from app_manager.configuration import checked, missing_labels, needs_configuration
from app_manager.exceptions import AlreadyInstalled, SpaceNotFound
from app_manager.folders import NewFolders, new_folders
from app_manager.jobs import put_jobs, switch_off_jobs
from app_manager.models import App
from app_manager.spec import AppSpec, parse_spec
from app_manager.spec.permission import canonical_permission
from app_manager.states import Status
from app_manager.versions import keep_outgoing
from halo_site import audit
from halo_site.datadir.spaces import Space, all_spaces, holding_spaces


def install(
    text: str,
    *,
    space: Space,
    configuration: Mapping[str, Any],
    permissions: Mapping[str, Sequence[str]],
    actor: audit.Actor,
    now: datetime,
) -> App:
    """Install the spec ``text`` into a space: row, jobs, folders and audit line, or none of them.

    ``configuration`` are JSON values, ``permissions`` the lists ``granted`` and ``denied``. An uninstalled
    app of that name is restored under its id with the new spec, configuration and permissions. With a
    required value missing the app is paused, "needs configuration: …".
    Raises `SpecError`, `SpaceNotFound`, `ConfigurationRefused`, `AlreadyInstalled`, `FoldersRefused`.
    """
    spec = parse_spec(text)
    fields = _fields(spec, text, checked(spec, configuration), permissions)
    with holding_spaces(), new_folders() as folders, transaction.atomic():
        if space not in all_spaces():
            raise SpaceNotFound(space.id)
        app, verb = _row(spec, space, fields, actor, now)
        put_jobs(app, now)
        audit.record(actor, verb, object_type="app", object_id=app.pk, now=now, summary=spec.name)
        _make_folders(folders, app, space)
    return app


def find_installed(spec: AppSpec, space: Space) -> App | None:
    """The app that has the spec's name in that space, an uninstalled one included."""
    return App.objects.in_space(space.id).filter(spec_id=spec.spec_id).first()


def _fields(
    spec: AppSpec, text: str, values: dict[str, Any], permissions: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The columns that an install sets, in a new row and in a restored one."""
    message = needs_configuration(missing_labels(spec, values))
    return {
        "spec": spec.model_dump(mode="json", exclude_unset=True),
        "spec_text": text,
        "status": Status.PAUSED if message else Status.ACTIVE,
        "error_message": message or None,
        "user_config": values,
        "permissions": {
            decision: list(dict.fromkeys(map(canonical_permission, permissions.get(decision, ()))))
            for decision in ("granted", "denied")
        },
        "uninstalled_at": None,
    }


def _row(
    spec: AppSpec, space: Space, fields: dict[str, Any], actor: audit.Actor, now: datetime
) -> tuple[App, str]:
    """The app's row, new or restored, and the verb for what happened. Raises `AlreadyInstalled`."""
    existing = find_installed(spec, space)
    restored = existing and _restored(existing, fields, actor, now)
    if restored is not None:
        return restored, "reinstall"
    app = App(spec_id=spec.spec_id, space_id=space.id, installed_at=now, **fields)
    try:
        with transaction.atomic():
            app.save(force_insert=True)
    except IntegrityError as error:
        winner = find_installed(spec, space)  # another process was quicker
        raise AlreadyInstalled(spec.spec_id, winner.pk if winner else app.pk) from error
    return app, "install"


def _restored(app: App, fields: dict[str, Any], actor: audit.Actor, now: datetime) -> App | None:
    """The uninstalled app with its new spec; jobs of the spec before stay off. None: it is gone by now.

    Raises `AlreadyInstalled`.
    """
    stored = App.objects.hold(app.pk)
    if stored is None:
        return None
    if stored.status != Status.UNINSTALLED:
        raise AlreadyInstalled(app.spec_id, app.pk)
    if fields["spec_text"] != stored.written_spec:
        keep_outgoing(stored, actor=actor, now=now)
    App.objects.filter(pk=app.pk).update(**fields, resumed_at=now)
    switch_off_jobs(stored, now)
    return App.objects.get(pk=app.pk)


def _make_folders(folders: NewFolders, app: App, space: Space) -> None:
    folders.make_base(space)
    below = space.path if app.folder.is_relative_to(space.path) else app.folder.parent
    folders.make(app.folder / "memory", below=below)
