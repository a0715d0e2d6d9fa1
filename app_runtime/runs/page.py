"""What the page of one run shows, as typed facts without a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from app_manager.limits import limits_of
from app_manager.permissions import PermissionRow
from app_runtime import conversation
from app_runtime.chips import Chip, delivery_chip, notification_chip, outcome_chip, status_chip
from app_runtime.continuing import CONTINUABLE
from app_runtime.engines.base import Message
from app_runtime.models import Entry, Notification, Run, RunMessage
from app_runtime.runs.memory import MemoryChange, memory_changes
from app_runtime.runs.steps import Timeline, timeline
from app_runtime.stopping import WORKER_SECONDS
from app_runtime.thread.items import ThreadEntry, thread_entries
from app_runtime.transcript import Excerpt, Transcript
from halo_site import quantities
from halo_site.datadir.config import RunSettings, site_config
from halo_site.datadir.names import PathRefused
from halo_site.store.fields import to_ms

RUN_ENTRIES = 100
RUN_NOTIFICATIONS = 50
RAW_LINES = 200
CHILDREN = 10
TABS = {
    "timeline": gettext_lazy("Timeline"),
    "conversation": gettext_lazy("Conversation"),
    "tools": gettext_lazy("Tools"),
    "memory": gettext_lazy("Memory"),
    "prompt": gettext_lazy("Prompt as sent"),
    "raw": gettext_lazy("Raw"),
}


@dataclass(frozen=True)
class Cap:
    """One cap of a run: what is used of it, in words and as a number. A limit of None: there is no cap."""

    label: str
    used: str
    limit: str
    share: float
    whole: float | None


@dataclass(frozen=True)
class SentNotification:
    """One notification of a run, and how far it is."""

    row: Notification
    now: datetime

    @property
    def chip(self) -> Chip:
        return notification_chip(self.row)

    @property
    def is_overdue(self) -> bool:
        """Whether its next try waits for a worker only."""
        return self.row.next_try_at is not None and self.row.next_try_at <= self.now


@dataclass(frozen=True)
class RunPage:
    """One run: three separate facts, its caps, its timeline, what it told."""

    run: Run
    now: datetime
    tab: str = "timeline"

    @property
    def status(self) -> Chip:
        return status_chip(self.run)

    @property
    def outcome(self) -> Chip | None:
        return outcome_chip(self.run)

    @property
    def delivery(self) -> Chip | None:
        return delivery_chip(self.run)

    @property
    def tabs(self) -> dict[str, Any]:
        return TABS

    @cached_property
    def settings(self) -> RunSettings:
        return limits_of(self.run.app.user_overrides, site_config().runs)

    @property
    def elapsed_ms(self) -> int:
        """How long it took, or has taken so far."""
        if self.run.duration_ms is not None:
            return int(self.run.duration_ms)
        return int(max(timedelta(0), self.now - self.run.started_at) / timedelta(milliseconds=1))

    @property
    def caps(self) -> list[Cap]:
        """The five caps of a run that lives."""
        run, settings = self.run, self.settings
        cost = None if run.cost_microusd is None else Decimal(run.cost_microusd) / 1_000_000
        return [
            _time_cap(_("Time"), self.elapsed_ms, settings.wall_clock_minutes),
            _time_cap(_("Without a step"), self._idle_ms, settings.idle_minutes),
            _count_cap(_("Model turns"), self.timeline.turns, settings.model_turns),
            _count_cap(_("Tokens"), run.tokens_used if self.timeline.turns else 0, settings.tokens),
            _money_cap(cost if self.timeline.turns else Decimal(0), settings.money_usd),
        ]

    @property
    def _idle_ms(self) -> int:
        """Since the last line of its transcript."""
        stamps: list[int] = [line["_ts"] for line in self.excerpt.lines if type(line.get("_ts")) is int]
        since = max(stamps, default=to_ms(self.run.started_at))
        return max(0, to_ms(self.now) - since)

    @cached_property
    def excerpt(self) -> Excerpt:
        """Its transcript, as much of it as a page reads; empty where it cannot be read."""
        try:
            return Transcript(self.run.app, self.run.run_id).excerpt()
        except (LookupError, OSError, PathRefused):
            return Excerpt((), is_cut=False, is_there=False)

    @cached_property
    def timeline(self) -> Timeline:
        return timeline(self.excerpt.lines)

    @cached_property
    def entries(self) -> list[ThreadEntry]:
        """The newest of what it told, oldest first; the thread has them all."""
        told = Entry.objects.filter(run_id=self.run.run_id).order_by("-ts", "-id")[:RUN_ENTRIES]
        return thread_entries(reversed(told), self.run)

    @cached_property
    def notifications(self) -> list[SentNotification]:
        """The newest that it sent or wanted to send, oldest first."""
        newest = self._newest_notifications[:RUN_NOTIFICATIONS]
        return [SentNotification(row, self.now) for row in reversed(newest)]

    @property
    def more_notifications(self) -> bool:
        return len(self._newest_notifications) > RUN_NOTIFICATIONS

    @cached_property
    def _newest_notifications(self) -> list[Notification]:
        """One more than is shown."""
        sent = Notification.objects.filter(run_id=self.run.run_id).order_by("-created_at", "-id")
        return list(sent[: RUN_NOTIFICATIONS + 1])

    @cached_property
    def queue_ahead(self) -> int:
        """How many queued runs come before this one."""
        return Run.objects.queued().filter(queued_at__lt=self.run.queued_at).count()

    @cached_property
    def messages(self) -> list[RunMessage]:
        """What people told it while it lived, the oldest first."""
        return list(RunMessage.objects.filter(run=self.run).order_by("sent_at", "id"))

    @cached_property
    def children(self) -> list[Run]:
        """The runs that continue or repeat it, the newest first."""
        return list(self.run.children.newest_first()[:CHILDREN])

    @property
    def started_by(self) -> str:
        """The person or program that started it; empty where the clock did."""
        data = self.run.trigger_data if isinstance(self.run.trigger_data, dict) else {}
        return str(data.get("by") or "").partition(":")[2]

    @property
    def tokens_in(self) -> str:
        return quantities.at_least(_count(self.run.tokens_in), self.run.turns_unknown)

    @property
    def tokens_out(self) -> str:
        return quantities.at_least(_count(self.run.tokens_out), self.run.turns_unknown)

    @property
    def tokens_cached(self) -> str:
        return _count(self.run.tokens_cached)

    @property
    def cost(self) -> str:
        """In US dollars, with every digit that is known; "at least" or "unknown" where a price is missing."""
        return cost_words(self.run)

    @property
    def can_continue(self) -> bool:
        return self.run.status in CONTINUABLE and not self.run.app.obstacle

    @property
    def can_be_stopped(self) -> bool:
        """Whether its worker has had its time to confirm the cancel."""
        asked = self.run.cancel_requested_at
        return self.run.is_cancelling and asked is not None and self.now - asked >= _WORKER_TIME

    @cached_property
    def conversation(self) -> list[Message]:
        return conversation.messages_of(self.excerpt.lines)

    @cached_property
    def history_count(self) -> int:
        """How many messages of the conversation are from the runs that it continues."""
        told = next((line for line in self.excerpt.lines if line.get("type") == "history"), {})
        messages = told.get("messages")
        return len(messages) if isinstance(messages, list) else 0

    @property
    def permissions(self) -> list[PermissionRow]:
        """Every permission that its app asks for, was granted or denied."""
        return self.run.app.access.rows

    @cached_property
    def memory(self) -> list[MemoryChange]:
        return memory_changes(self.run)

    @property
    def raw(self) -> str:
        """The newest lines of the transcript as they are on the page: one JSON object each."""
        return "\n".join(self.excerpt.text[-RAW_LINES:])


_WORKER_TIME = timedelta(seconds=WORKER_SECONDS)


def money(microusd: int | None) -> str:
    """Millionths of a US dollar as dollars."""
    return quantities.dollars(None if microusd is None else Decimal(microusd) / 1_000_000)


def cost_words(run: Run) -> str:
    """What the run cost: "12.40 USD", "at least 3.10 USD" or "unknown"."""
    missing = run.turns_unpriced if run.cost_microusd is not None else 0
    return quantities.at_least(money(run.cost_microusd), missing)


def _count(number: int | None) -> str:
    return quantities.unknown() if number is None else f"{number:,}"


def _time_cap(label: str, used_ms: int, minutes: float) -> Cap:
    limit = round(minutes * 60_000)
    return Cap(label, quantities.duration(used_ms), quantities.duration(limit), used_ms, limit)


def _count_cap(label: str, used: int | None, limit: int | None) -> Cap:
    return Cap(label, _count(used), "" if limit is None else f"{limit:,}", used or 0, limit)


def _money_cap(used: Decimal | None, limit: Decimal | None) -> Cap:
    words = quantities.unknown() if used is None else money(int(used * 1_000_000))
    whole = None if limit is None else float(limit)
    return Cap(_("Money"), words, "" if limit is None else f"{limit} USD", float(used or 0), whole)


def offered(prompt: dict[str, Any] | None, key: str) -> Sequence[dict[str, Any]]:
    """A list of objects in the prompt as it was sent; empty where there is none."""
    found = (prompt or {}).get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
