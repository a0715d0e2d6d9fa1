"""Which due times a job owes at a moment. Pure; times are epoch milliseconds UTC."""

from collections import deque
from itertools import takewhile
from typing import NamedTuple

from scheduler.recurrence import Schedule, count_due, due_times, next_due

MAX_LISTED = 1_000  # older due times listed one by one; the ones before them share one row


class Backlog(NamedTuple):
    """The due times up to now: `newest_ms` is to be dispatched, the others are only recorded.

    `next_ms` is the first due time after now, None when nothing is left. `older` ascends and holds at most
    1,000; `rest` due times before them start at `rest_from_ms`.
    """

    newest_ms: int
    next_ms: int | None = None
    older: tuple[int, ...] = ()
    rest: int = 0
    rest_from_ms: int = 0


def backlog(
    schedule: Schedule, *, anchor_ms: int, due_ms: int, now_ms: int, since_ms: int | None = None
) -> Backlog:
    """What is owed at `now_ms` by a job whose stored due time `due_ms` has come.

    `since_ms` is the last due time in the ledger of a job that errors pushed back: the regular due times
    since then are owed too. Without it, the stored one is the first that is owed. Raises ScheduleError.
    """
    after_ms = due_ms if since_ms is None else min(since_ms, due_ms)
    first = next_due(schedule, anchor_ms=anchor_ms, after_ms=after_ms)
    if first is None or first > now_ms:
        return Backlog(due_ms, first)
    regular = count_due(schedule, anchor_ms=anchor_ms, after_ms=after_ms, until_ms=now_ms)
    is_regular = after_ms < due_ms == next_due(schedule, anchor_ms=anchor_ms, after_ms=due_ms - 1)
    latest = _latest(schedule, anchor_ms=anchor_ms, after_ms=after_ms, until_ms=now_ms)
    *older, newest = sorted({*latest, due_ms})[-MAX_LISTED - 1 :]
    rest = regular + (not is_regular) - len(older) - 1
    next_ms = next_due(schedule, anchor_ms=anchor_ms, after_ms=now_ms)
    return Backlog(newest, next_ms, tuple(older), rest, min(first, due_ms))


def owed_between(
    schedule: Schedule, anchor_ms: int, *, after_ms: int, until_ms: int
) -> list[tuple[int, int]]:
    """The regular due times in (after_ms, until_ms] as rows of the ledger: the first of each, and how many.

    Raises ScheduleError.
    """
    first = next_due(schedule, anchor_ms=anchor_ms, after_ms=after_ms)
    if first is None or first > until_ms:
        return []
    owed = backlog(schedule, anchor_ms=anchor_ms, due_ms=first, now_ms=until_ms)
    rest = [(owed.rest_from_ms, owed.rest)] if owed.rest else []
    return [*rest, *((due_ms, 1) for due_ms in (*owed.older, owed.newest_ms))]


def _latest(schedule: Schedule, *, anchor_ms: int, after_ms: int, until_ms: int) -> deque[int]:
    """The newest due times in (after_ms, until_ms], as many as can be listed.

    Rules only run forwards, so it looks at ever longer spans before the end, never at years of a dense rule.
    """
    span_ms = MAX_LISTED * 1_000  # no rule is denser than a second
    start_ms = max(until_ms - span_ms, after_ms)
    while start_ms > after_ms and _too_few(schedule, anchor_ms, start_ms, until_ms):
        span_ms *= 2
        start_ms = max(until_ms - span_ms, after_ms)
    times = due_times(schedule, anchor_ms=anchor_ms, after_ms=start_ms)
    return deque(takewhile(lambda due: due <= until_ms, times), maxlen=MAX_LISTED + 1)


def _too_few(schedule: Schedule, anchor_ms: int, start_ms: int, until_ms: int) -> bool:
    return count_due(schedule, anchor_ms=anchor_ms, after_ms=start_ms, until_ms=until_ms) <= MAX_LISTED
