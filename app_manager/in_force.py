"""Everything that is in force for an app, each value with where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from app_manager import notification_level
from app_manager.config_fields import is_empty, same
from app_manager.jobs import job_id, jobs_of, own_schedules, schedules_of
from app_manager.limits import limits_of, own_caps
from app_manager.localized import part, text, translation
from app_manager.models import App
from app_manager.notification_level import level_of, own_level
from app_manager.policies import own_policies, policies_of
from app_manager.spec.parts import ConfigItem, Subscription
from app_manager.triggers import schedule_words, trigger_words
from halo_site.datadir.config import RunSettings, site_config
from halo_site.secret_names import is_secret_name


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


def settings_of(app: App, runs: RunSettings, *, with_secrets: bool = False) -> Settings:
    """What counts for the app's next run. ``runs`` are the server's limits.

    Of a value that is named like a secret only whoever may change it sees more than that there is one.
    """
    spec = app.parsed_spec
    labels = translation(spec.i18n, get_language())
    values = [
        _value(item, app.user_config, part(labels, "config_schema", item.key), with_secrets)
        for item in spec.config_schema
    ]
    off = {job.pk for job in jobs_of(app) if not job.enabled}
    schedules = {each.id: list(_subscription(app, each, off)) for each in spec.subscriptions}
    return Settings(
        values, schedules, rest=[_questions(app), _notifications(app), _permissions(app), *_limits(app, runs)]
    )


def _value(item: ConfigItem, own: dict[str, Any], labels: Any, with_secrets: bool) -> Setting:
    label = text(labels, "label", item.label)
    value = own.get(item.key, item.default)
    is_hidden = not (with_secrets or is_empty(value) or isinstance(value, bool)) and is_secret_name(item.key)
    shown = _("set, not shown") if is_hidden else _shown(item, value)
    if item.key in own:
        return Setting(label, shown, Source.PERSON, item.key)
    return Setting(label, shown, Source.NONE if is_empty(value) else Source.SPEC, item.key)


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
    policies = policies_of(subscription, app.user_overrides)
    labels = {"missed": _("Missed times"), "overlap": _("While a run is going")}
    for name, label in labels.items():
        policy = getattr(policies, name)
        yield Setting(label, str(policy.label), source_of_policy(app, subscription, name), subscription.id)


def source_of_policy(app: App, subscription: Subscription, name: str) -> Source:
    """Where one policy ("missed" or "overlap") of a subscription comes from."""
    if name in own_policies(app.user_overrides).get(subscription.id, {}):
        return Source.PERSON
    return _written(subscription, name)


def _written(subscription: Subscription, field: str) -> Source:
    return Source.SPEC if field in subscription.model_fields_set else Source.SERVER


def _questions(app: App) -> Setting:
    escalation = app.parsed_spec.escalation
    hours = escalation.timeout_hours if escalation else None
    if hours is None:
        return Setting(_("Questions"), _("stay open until they are answered"), Source.SERVER)
    return Setting(_("Questions"), _("expire after %(hours)s h") % {"hours": f"{hours:g}"}, Source.SPEC)


def _notifications(app: App) -> Setting:
    """How much of it people are told outside of this site; its reset is the empty choice of the form."""
    source = Source.PERSON if own_level(app.user_overrides) else Source.SERVER
    level = level_of(app.user_overrides)
    return Setting(_("Notifications"), str(level.label), source, notification_level.KEY)


def _permissions(app: App) -> Setting:
    on, asked = len(app.access.effective), len(app.access.asked)
    words = ngettext("%(on)d on, %(asked)d asked for", "%(on)d on, %(asked)d asked for", on)
    return Setting(_("Permissions"), words % {"on": on, "asked": asked}, Source.PERSON)


def _limits(app: App, runs: RunSettings) -> Iterator[Setting]:
    """The model and the caps of one run (BEHAVIOUR, Runs)."""
    yield _model(app)
    own = limits_of(app.user_overrides, runs)
    words = {
        "wall_clock_minutes": (_("Longest run"), _minutes(own.wall_clock_minutes)),
        "idle_minutes": (_("Longest time without a step"), _minutes(own.idle_minutes)),
        "model_turns": (_("Most model turns"), f"{own.model_turns:,}"),
        "tokens": (_("Most tokens"), _("no cap") if own.tokens is None else f"{own.tokens:,}"),
        "money_usd": (_("Most money"), _("no cap") if own.money_usd is None else f"{own.money_usd} USD"),
    }
    given = own_caps(app.user_overrides, runs)
    for cap, (label, value) in words.items():
        yield Setting(label, value, Source.PERSON if cap in given else _configured(runs, cap))
    label = _("Reminders to report before a run fails")
    yield Setting(label, str(runs.auto_continues), _configured(runs, "auto_continues"))


def _model(app: App) -> Setting:
    known = site_config().ai_sources
    own = known.get(str(app.user_overrides.get("model") or ""))
    if own is not None:
        return Setting(_("Model"), f"{own.name} ({own.model})", Source.PERSON)
    default = known.get(known.current_id or "")
    if default is not None:
        return Setting(_("Model"), f"{default.name} ({default.model})", Source.FILE)
    if known.is_meant:
        return Setting(_("Model"), _("none is chosen: no run can start"), Source.NONE)
    return Setting(_("Model"), _("none: runs are rehearsals"), Source.NONE)


def _minutes(count: float) -> str:
    return _("%(count)s min") % {"count": f"{count:g}"}


def _configured(runs: RunSettings, field: str) -> Source:
    return Source.FILE if field in runs.model_fields_set else Source.SERVER
