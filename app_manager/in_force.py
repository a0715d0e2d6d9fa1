"""Everything that is in force for an app, each value with where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from app_manager.config_fields import is_empty, same
from app_manager.jobs import job_id, jobs_of, own_schedules, schedules_of
from app_manager.localized import part, text, translation
from app_manager.models import App
from app_manager.spec.parts import ConfigItem, Subscription
from app_manager.triggers import schedule_words, trigger_words
from halo_site.datadir.config import RunSettings
from scheduler.statuses import MissedPolicy


class Source(models.TextChoices):
    """Where a value comes from, the strongest first."""

    PERSON = "person", gettext_lazy("set by you")
    SPEC = "spec", gettext_lazy("from the spec")
    FILE = "file", gettext_lazy("config.json")
    SERVER = "server", gettext_lazy("server default")
    NONE = "none", gettext_lazy("not set")


@dataclass(frozen=True)
class Setting:
    """One value in words. ``key`` is what a reset of a person's own value needs."""

    label: str
    value: str
    source: Source
    key: str = ""
    note: str = ""

    @property
    def is_own(self) -> bool:
        return self.source == Source.PERSON and bool(self.key)


@dataclass(frozen=True)
class Settings:
    """All settings of an app, by what they are about. ``schedules`` has one list per subscription."""

    configuration: list[Setting]
    schedules: dict[str, list[Setting]]
    rest: list[Setting]


def settings_of(app: App, runs: RunSettings) -> Settings:
    """What counts for the app's next run. ``runs`` are the server's limits."""
    spec = app.parsed_spec
    labels = translation(spec.i18n, get_language())
    values = [
        _value(item, app.user_config, part(labels, "config_schema", item.key)) for item in spec.config_schema
    ]
    off = {job.pk for job in jobs_of(app) if not job.enabled}
    schedules = {each.id: list(_subscription(app, each, off)) for each in spec.subscriptions}
    return Settings(values, schedules, rest=[_questions(app), _permissions(app), *_limits(runs)])


def _value(item: ConfigItem, own: dict[str, Any], labels: Any) -> Setting:
    label = text(labels, "label", item.label)
    if item.key in own:
        return Setting(label, _shown(item, own[item.key]), Source.PERSON, item.key)
    source = Source.NONE if is_empty(item.default) else Source.SPEC
    return Setting(label, _shown(item, item.default), source, item.key)


def _shown(item: ConfigItem, value: Any) -> str:
    """A JSON value as people read it; a choice by its label."""
    if is_empty(value):
        return _("nothing")
    chosen = next((option.label for option in item.options if same(option.value, value)), None)
    if chosen is not None:
        return chosen
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _subscription(app: App, subscription: Subscription, off: set[str]) -> Iterator[Setting]:
    schedule = schedules_of(app.parsed_spec, app.user_overrides).get(subscription.id)
    if schedule is None:
        words, note = trigger_words(subscription)
        yield Setting(_("When it runs"), words, Source.SPEC, note=note)
        return
    own = subscription.id in own_schedules(app.user_overrides)
    source = Source.PERSON if own else Source.SPEC
    note = _("Its job is switched off: it does not come due.") if job_id(app, subscription.id) in off else ""
    yield Setting(_("When it runs"), schedule_words(schedule), source, subscription.id, note)
    missed = MissedPolicy(subscription.missed)
    yield Setting(_("Missed times"), str(missed.label), _written(subscription, "missed"))
    wants_queue = subscription.overlap == "queue_one"
    note = _("The spec asks for one run to wait instead. This version skips the time.") if wants_queue else ""
    source = _written(subscription, "overlap")
    yield Setting(_("While a run is going"), _("skip the time"), source, note=note)


def _written(subscription: Subscription, field: str) -> Source:
    return Source.SPEC if field in subscription.model_fields_set else Source.SERVER


def _questions(app: App) -> Setting:
    escalation = app.parsed_spec.escalation
    hours = escalation.timeout_hours if escalation else None
    if hours is None:
        return Setting(_("Questions"), _("stay open until they are answered"), Source.SERVER)
    return Setting(_("Questions"), _("expire after %(hours)s h") % {"hours": f"{hours:g}"}, Source.SPEC)


def _permissions(app: App) -> Setting:
    on, asked = len(app.access.effective), len(app.access.asked)
    words = ngettext("%(on)d on, %(asked)d asked for", "%(on)d on, %(asked)d asked for", on)
    return Setting(_("Permissions"), words % {"on": on, "asked": asked}, Source.PERSON)


def _limits(runs: RunSettings) -> Iterator[Setting]:
    """The caps of one run (BEHAVIOUR, Runs), as far as this version has them."""
    minutes = _("%(count)s min") % {"count": f"{runs.wall_clock_minutes:g}"}
    yield Setting(_("Longest run"), minutes, _configured(runs, "wall_clock_minutes"))
    yield Setting(_("Most model turns"), f"{runs.model_turns:,}", _configured(runs, "model_turns"))
    label = _("Reminders to report before a run fails")
    yield Setting(label, str(runs.auto_continues), _configured(runs, "auto_continues"))


def _configured(runs: RunSettings, field: str) -> Source:
    return Source.FILE if field in runs.model_fields_set else Source.SERVER
