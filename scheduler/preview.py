"""The next due times as a person reads them: local time, UTC, offset, and what a change of the clocks does.

Pure: no database and no clock; times are epoch milliseconds UTC. The rules are those of BEHAVIOUR, Schedules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from halo_site.store.fields import to_ms
from scheduler.cron import CronRule, first_change, offset_at, parse_cron
from scheduler.recurrence import due_times, validate

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times are naive here


class Mark(StrEnum):
    """What a change of the clocks has to do with a due time."""

    NONE = ""
    AFTER_GAP = "after_gap"  # its own time does not exist that day: it runs once, right after the gap
    OVER_GAP = "over_gap"  # times of its rule before it do not exist: they are left out
    RUNS_ONCE = "runs_once"  # its time of day happens twice: it runs the first time only
    FIRST_OF_TWO = "first_of_two"  # its time of day happens twice: this is the first
    SECOND_OF_TWO = "second_of_two"
    SHIFTED = "shifted"  # an interval keeps its length, so its time of day moves


@dataclass(frozen=True)
class UpcomingRow:
    """One due time: `local` is in the schedule's zone, or in the one given; `offset` like "+02:00"."""

    due_ms: int
    local: datetime
    utc: datetime
    offset: str
    mark: Mark = Mark.NONE
    words: str = ""  # of the mark; empty where there is none

    @property
    def local_words(self) -> str:
        """Like Thu 26 Nov 2026, 09:00:00, as its own zone has it."""
        return format_date(self.local, "D j M Y, H:i:s")

    @property
    def utc_words(self) -> str:
        """The same in UTC; empty where its own zone has the same then."""
        return f"{format_date(self.utc, 'D H:i:s')} UTC" if self.local.utcoffset() else ""

    @classmethod
    def at(cls, moment: datetime, zone: str, words: str) -> "UpcomingRow":
        """The row of a moment that no rule asked for, with a sentence that says why it is there."""
        local = moment.astimezone(ZoneInfo(zone))
        return cls(to_ms(moment), local, moment.astimezone(UTC), offset_words(local), Mark.NONE, words)


def upcoming_rows(
    schedule: Mapping[str, Any], *, anchor_ms: int, now_ms: int, zone: str, count: int = 5
) -> list[UpcomingRow]:
    """The next `count` due times strictly after `now_ms`, fewer where the schedule ends before.

    `zone` is the name of the zone of a schedule that names none. Raises ScheduleError.
    """
    validate(schedule)
    shown_in = ZoneInfo(str(schedule.get("timezone") or zone))
    times = due_times(schedule, anchor_ms=anchor_ms, after_ms=now_ms, default_timezone=zone)
    return list(_rows(schedule, shown_in, now_ms, list(islice(times, count))))


def offset_words(moment: datetime) -> str:
    """The offset of an aware moment from UTC: "+02:00"."""
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"


def _rows(schedule: Mapping[str, Any], zone: ZoneInfo, now_ms: int, dues: list[int]) -> Iterator[UpcomingRow]:
    rule = parse_cron(schedule["cron"]) if schedule["kind"] == "cron" else None
    before_ms = now_ms
    for due_ms in dues:
        utc = datetime.fromtimestamp(due_ms // 1000, UTC) + timedelta(milliseconds=due_ms % 1000)
        local = utc.astimezone(zone)
        mark, words = _mark(rule, zone, local, before_ms // 1000, due_ms // 1000)
        yield UpcomingRow(due_ms, local, utc, offset_words(local), mark, words)
        before_ms = due_ms


def _mark(rule: CronRule | None, zone: ZoneInfo, local: datetime, before: int, due: int) -> tuple[Mark, str]:
    """What to say of a due time, given the one before it (or now); both in seconds."""
    time = f"{local:%H:%M}"
    if happens_twice(local):
        return _twice(rule, local.fold, time)
    if rule is None:
        if offset_at(zone, due) == offset_at(zone, before):
            return Mark.NONE, ""
        return Mark.SHIFTED, _("The clocks change before this: the interval stays, the time of day moves.")
    return _gap(rule, zone, before, due, time)


def happens_twice(local: datetime) -> bool:
    """Whether the clocks go back over this time of day."""
    first, second = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    return first is not None and second is not None and first > second


def _twice(rule: CronRule | None, fold: int, time: str) -> tuple[Mark, str]:
    if rule is not None and not rule.follows_wall_clock:
        words = _("The clocks go back: %(time)s happens twice, and it runs once, the first time.")
        return Mark.RUNS_ONCE, words % {"time": time}
    if fold:
        words = _("The clocks go back: %(time)s happens twice, and this is the second time.")
        return Mark.SECOND_OF_TWO, words % {"time": time}
    words = _("The clocks go back: %(time)s happens twice, and this is the first time.")
    return Mark.FIRST_OF_TWO, words % {"time": time}


def _gap(rule: CronRule, zone: ZoneInfo, before: int, due: int, time: str) -> tuple[Mark, str]:
    """The mark of a rule's time that comes after the clocks went forward over other times of the rule."""
    was = offset_at(zone, before)
    if offset_at(zone, due) <= was:
        return Mark.NONE, ""
    change = first_change(zone, before, due, was)
    last_shown = _EPOCH + timedelta(seconds=change - 1 + was)
    first_again = _EPOCH + timedelta(seconds=change + offset_at(zone, change))
    swallowed = rule.next_wall(last_shown)
    if swallowed is None or swallowed >= first_again:
        return Mark.NONE, ""
    facts = {"time": f"{swallowed:%H:%M}", "after": time}
    if rule.follows_wall_clock:
        words = _("The clocks go forward before this: %(time)s does not exist that day and is left out.")
        return Mark.OVER_GAP, words % facts
    words = _(
        "The clocks go forward: %(time)s does not exist that day, so it runs once right after, at %(after)s."
    )
    return Mark.AFTER_GAP, words % facts
