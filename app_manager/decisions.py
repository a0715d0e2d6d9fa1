"""What a person decides for an app, over what its spec says (BEHAVIOUR, Installing and Permissions)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction

from app_manager import notification_level
from app_manager.configuration import needs_configuration
from app_manager.exceptions import PermissionsMoved
from app_manager.lifecycle import locked
from app_manager.notification_level import Level
from app_manager.permissions import digest_of
from app_manager.spec.permission import canonical_permission
from app_manager.states import Status
from halo_site import audit

if TYPE_CHECKING:
    from app_manager.models import App


class Decisions:
    """A part of `App`: configuration, permissions and caps as a person sets them.

    Each verb is atomic and idempotent: it returns False where nothing was to change, else there is one line
    in the audit log.
    """

    def configure(self, values: dict[str, Any], *, actor: audit.Actor, now: datetime) -> bool:
        """Store what a person gave; an app that only waited for it becomes active.

        One that lacks a required value now is paused, "needs configuration: …".
        ``values`` are JSON values that differ from the spec's defaults. The audit line names the changed keys
        and not the values, which may be private.
        """
        app = cast("App", self)
        with transaction.atomic():
            stored = locked(app)
            before = stored.user_config
            keys = [key for key in {**before, **values} if _differs(before, values, key)]
            if not keys:
                return False
            store(app, user_config=values)
            summary = ", ".join(sorted(keys))
            audit.record(actor, "configure", object_type="app", object_id=app.pk, now=now, summary=summary)
            stored.user_config = values
            app.status, app.error_message = stored.status, stored.error_message
            if not stored.problem:
                follow_configuration(app, stored.missing_configuration, actor=actor, now=now)
        return True

    def decide_permissions(
        self,
        granted: Iterable[str],
        denied: Iterable[str],
        *,
        actor: audit.Actor,
        now: datetime,
        base: str | None = None,
    ) -> bool:
        """Store both lists as they are now wanted; a name in both is denied.

        ``base`` is the digest (`permissions.digest_of`) of the lists that the person saw: `PermissionsMoved`
        if somebody decided otherwise since.
        """
        app = cast("App", self)
        wanted = decision(granted, denied)
        with transaction.atomic():
            before = locked(app).permissions
            if digest_of(before) == digest_of(wanted):
                return False
            if base is not None and base != digest_of(before):
                raise PermissionsMoved
            store(app, permissions=wanted)
            verb, pk = "decide_permissions", app.pk
            audit.record(actor, verb, object_type="app", object_id=pk, now=now, before=before, after=wanted)
        return True

    def override_runs(
        self, model: str, limits: Mapping[str, Any], *, actor: audit.Actor, now: datetime
    ) -> bool:
        """Give the app a model source and caps of its own; what is empty or left out is the site's again.

        ``limits`` has keys of `app_manager.limits.CAPS`, judged already.
        """
        app = cast("App", self)
        with transaction.atomic():
            stored = locked(app)
            rest = {
                key: value for key, value in stored.user_overrides.items() if key not in {"model", "limits"}
            }
            own = {"model": model, "limits": dict(limits)}
            overrides = rest | {key: value for key, value in own.items() if value}
            before = stored.user_overrides
            if overrides == before:
                return False
            store(app, user_overrides=overrides)
            audit.record(
                actor, "override_runs", object_type="app", object_id=app.pk, now=now,
                before={key: before.get(key) for key in own}, after={key: overrides.get(key) for key in own},
            )  # fmt: skip
        return True

    def override_notifications(self, level: str, *, actor: audit.Actor, now: datetime) -> bool:
        """Have people be told more or less of the app (`notification_level.Level`); empty: as by default."""
        app = cast("App", self)
        with transaction.atomic():
            stored = locked(app)
            rest = {
                key: value for key, value in stored.user_overrides.items() if key != notification_level.KEY
            }
            overrides = rest | ({notification_level.KEY: Level(level).value} if level else {})
            before = stored.user_overrides
            if overrides == before:
                return False
            store(app, user_overrides=overrides)
            audit.record(
                actor, "override_notifications", object_type="app", object_id=app.pk, now=now,
                before={"level": before.get(notification_level.KEY)}, after={"level": level or None},
            )  # fmt: skip
        return True


def follow_configuration(app: "App", missing: Iterable[str], *, actor: audit.Actor, now: datetime) -> None:
    """Pause an app that cannot run for want of a value; wake one that waited for nothing else.

    ``missing`` are labels. An app that a person paused stays as it is: it is not to become active by itself
    later. Called within a transaction.
    """
    message = needs_configuration(list(missing))
    if app.waits_for_configuration:
        if message:
            app.error_message = message
            store(app, error_message=message)
        else:
            app.resume(actor=actor, now=now)
    elif message and app.status not in {Status.PAUSED, Status.UNINSTALLED}:
        app.pause(actor=actor, now=now, reason=message)


def decision(granted: Iterable[str], denied: Iterable[str]) -> dict[str, list[str]]:
    """Both lists as they are stored: canonical names, each once and in one of them."""
    refused = list(dict.fromkeys(map(canonical_permission, denied)))
    allowed = dict.fromkeys(map(canonical_permission, granted))
    return {"granted": [name for name in allowed if name not in refused], "denied": refused}


def store(app: "App", **fields: Any) -> None:
    """Write these columns and nothing else, to the row and to the object at hand."""
    type(app).objects.filter(pk=app.pk).update(**fields)
    for name, value in fields.items():
        setattr(app, name, value)


def _differs(before: dict[str, Any], after: dict[str, Any], key: str) -> bool:
    return (key in before) != (key in after) or before.get(key) != after.get(key)
