"""What starts an app, in words, and the next times of what a clock starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from app_manager.spec import AppSpec, schedule_of
from app_manager.spec.parts import Subscription
from halo_site.store.fields import from_ms, to_ms
from scheduler.recurrence import ScheduleError, describe, upcoming

TIMES_SHOWN = 5
UNKNOWN = "…"  # where a spec leaves out what is waited for


@dataclass(frozen=True)
class Trigger:
    """One subscription as people see it. ``note`` says why it does not start anything yet."""

    id: str
    words: str
    next_times: tuple[datetime, ...] = ()
    note: str = ""
    prompt: str = ""


def triggers_of(spec: AppSpec, now: datetime) -> list[Trigger]:
    """The subscriptions of a spec that is not installed yet: their schedules would start at ``now``."""
    return [_trigger(subscription, now) for subscription in spec.subscriptions]


def _trigger(subscription: Subscription, now: datetime) -> Trigger:
    schedule = schedule_of(subscription)
    prompt = subscription.prompt or ""
    if schedule is not None:
        return Trigger(subscription.id, describe(schedule), next_times(schedule, now), prompt=prompt)
    words, note = trigger_words(subscription)
    return Trigger(subscription.id, words, note=note, prompt=prompt)


def schedule_words(schedule: Mapping[str, Any]) -> str:
    """A stored schedule in words, or what is wrong with it: something else than ours may have written it."""
    try:
        return describe(schedule)
    except ScheduleError as error:
        return str(error)


def next_times(schedule: Mapping[str, Any], now: datetime) -> tuple[datetime, ...]:
    """The next five due times of a schedule whose grid starts at ``now``."""
    due = upcoming(schedule, anchor_ms=to_ms(now), after_ms=to_ms(now), count=TIMES_SHOWN)
    return tuple(map(from_ms, due))


def trigger_words(subscription: Subscription) -> tuple[str, str]:
    """What an event subscription waits for, and that nothing here listens for it."""
    config = subscription.source.config
    match subscription.source.type:
        case "webhook":
            path = _first(config, "path").lstrip("/")
            words = _("when something is sent to /hooks/%(path)s") % {"path": path}
            note = _("This version does not listen for webhooks yet.")
        case "file":
            where = " ".join(str(config[key]) for key in ("path", "pattern") if config.get(key)) or UNKNOWN
            words = _("when files change: %(where)s") % {"where": where}
            note = _("This version does not watch files yet.")
        case "webpage":
            words = _("when a web page changes: %(url)s") % {"url": _first(config, "url", "watch")}
            note = _("This version does not watch web pages yet.")
        case "rss":
            words = _("when a feed has news: %(url)s") % {"url": _first(config, "url")}
            note = _("This version does not read feeds yet.")
        case "wecom":
            words = _("when a WeCom message arrives: %(chat)s") % {"chat": _first(config, "chatId")}
            note = _("This version does not listen for chat messages yet.")
        case _other:
            words = _("when a custom event arrives")
            note = _("This version does not listen for custom events yet.")
    return words, note


def _first(config: Mapping[str, Any], *keys: str) -> str:
    return next((str(config[key]) for key in keys if config.get(key)), UNKNOWN)
