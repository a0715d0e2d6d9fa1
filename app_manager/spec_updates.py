"""Putting another spec in the place of the one that is in force: one step, all or nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from app_manager import policies
from app_manager.configuration import fitting, missing_labels
from app_manager.decisions import decision, follow_configuration
from app_manager.exceptions import NameTaken, StaleSpec
from app_manager.jobs import follow_spec, is_usable, own_schedules, schedules_of
from app_manager.lifecycle import locked
from app_manager.models import App
from app_manager.objections import refuse
from app_manager.permissions import PermissionRow, Permissions
from app_manager.spec import AppSpec, parse_spec
from app_manager.versions import keep_outgoing
from halo_site import audit


@dataclass(frozen=True)
class SpecUpdate:
    """What a spec would change in an app, or has changed; nothing of it is stored by making it.

    ``kept_values`` and ``kept_overrides`` are the columns afterwards; ``dropped_values`` are keys of the
    configuration that do not fit any more, ``dropped_overrides`` subscriptions whose own schedule goes with
    them. ``missing`` are labels of required values that nobody gave.
    """

    text: str
    before: AppSpec
    after: AppSpec
    is_same: bool
    stored: Permissions
    schedules_before: dict[str, dict[str, Any]]
    schedules_after: dict[str, dict[str, Any]]
    kept_values: dict[str, Any]
    dropped_values: tuple[str, ...]
    kept_overrides: dict[str, Any]
    dropped_overrides: tuple[str, ...]
    missing: tuple[str, ...]

    @classmethod
    def of(cls, app: App, text: str, spec: AppSpec) -> "SpecUpdate":
        """What ``text``, which parses as ``spec``, would change in the app as it stands."""
        values, dropped_values = fitting(spec, app.user_config)
        overrides, dropped_overrides = _fitting_overrides(spec, app.user_overrides)
        return cls(
            text=text,
            before=app.parsed_spec,
            after=spec,
            is_same=_plain(text) == _plain(app.written_spec),
            stored=Permissions.of(spec, app.permissions),
            schedules_before=schedules_of(app.parsed_spec, app.user_overrides),
            schedules_after=schedules_of(spec, overrides),
            kept_values=values,
            dropped_values=tuple(dropped_values),
            kept_overrides=overrides,
            dropped_overrides=dropped_overrides,
            missing=tuple(missing_labels(spec, values)),
        )

    @property
    def shadowed(self) -> list[str]:
        """Subscriptions with another schedule in the new spec, which a person's own still beats."""
        was, now_is = schedules_of(self.before, {}), schedules_of(self.after, {})
        own = own_schedules(self.kept_overrides)
        return [key for key in own if key in was and was[key] != now_is.get(key)]

    @property
    def undecided(self) -> list[PermissionRow]:
        """What it asks for and nobody granted or denied yet, in the order of the spec."""
        return [row for row in self.stored.rows if row.is_asked and not (row.is_granted or row.is_denied)]

    def decided(self, granted: Iterable[str], denied: Iterable[str]) -> dict[str, list[str]]:
        """The lists to store: old decisions stay, new ones count only for what is undecided."""
        now = decision(granted, denied)
        names = [row.name for row in self.undecided]
        return {
            "granted": [*self.stored.granted, *(name for name in names if name in now["granted"])],
            "denied": [*self.stored.denied, *(name for name in names if name in now["denied"])],
        }


def update_spec(
    app: App,
    text: str,
    *,
    base: str,
    granted: Iterable[str],
    denied: Iterable[str],
    actor: audit.Actor,
    now: datetime,
) -> SpecUpdate:
    """Put ``text`` in force if ``base`` is still the digest of the spec in force; says what that changed.

    ``granted`` and ``denied`` decide what is asked for anew; old decisions stay. A value that is missing now
    pauses the app, "needs configuration: …"; one that only waited for values and has all becomes active.
    The same text again changes nothing. Raises `SpecError`, `StaleSpec`, `SpecRefused`, `NameTaken` and
    `ScheduleRefused`, and then nothing has changed.
    """
    spec = parse_spec(text)
    try:
        with transaction.atomic():
            stored = locked(app)
            update = SpecUpdate.of(stored, text, spec)
            if update.is_same:
                return update
            if stored.spec_digest != base:
                raise StaleSpec
            refuse(stored, spec)
            _apply(stored, update, update.decided(granted, denied), actor, now)
    except IntegrityError as error:  # another app of the space took the name this moment
        raise NameTaken(spec.spec_id) from error
    _read_again(app)
    return update


def _apply(
    app: App, update: SpecUpdate, permissions: dict[str, list[str]], actor: audit.Actor, now: datetime
) -> None:
    keep_outgoing(app, actor=actor, now=now)
    before = _facts(app)
    App.objects.filter(pk=app.pk).update(
        spec=update.after.model_dump(mode="json", exclude_unset=True),
        spec_text=update.text,
        spec_id=update.after.spec_id,
        user_config=update.kept_values,
        user_overrides=update.kept_overrides,
        permissions=permissions,
    )
    _read_again(app)
    follow_spec(app, update.schedules_before, actor, now)
    audit.record(
        actor,
        "update_spec",
        object_type="app",
        object_id=app.pk,
        now=now,
        summary=f"{update.before.version} → {update.after.version}",
        before=before,
        after=_facts(app),
    )
    follow_configuration(app, update.missing, actor=actor, now=now)


def _facts(app: App) -> dict[str, Any]:
    """What the audit log keeps of either spec: of the configuration only the keys, for values are private."""
    return {
        "name": app.spec_id,
        "version": app.parsed_spec.version,
        "digest": app.spec_digest,
        "schedules": schedules_of(app.parsed_spec, app.user_overrides),
        "permissions": app.permissions,
        "configuration": sorted(app.user_config),
    }


def _fitting_overrides(spec: AppSpec, overrides: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The overrides without schedules of subscriptions that the spec does not have, and the ids of those."""
    own = own_schedules(overrides)
    written = schedules_of(spec, {})
    kept = {key: schedule for key, schedule in own.items() if key in written and is_usable(schedule)}
    kept_policies = {key: mine for key, mine in policies.own_policies(overrides).items() if key in written}
    rest = {name: value for name, value in overrides.items() if name not in {"subscriptions", policies.KEY}}
    rest |= {policies.KEY: kept_policies} if kept_policies else {}
    return ({**rest, "subscriptions": kept} if kept else rest), tuple(key for key in own if key not in kept)


def _plain(text: str) -> str:
    """A text without what browsers and editors change on their own: how its lines end."""
    return text.replace("\r\n", "\n")


def _read_again(app: App) -> None:
    app.refresh_from_db()
    app.__dict__.pop("_read_spec", None)
