"""The due times of a rule around a moment. Pure."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from halo_site.store.fields import from_ms, to_ms
from scheduler.recurrence import ScheduleError, due_times, next_due

# Rules only run forwards: looked back over ever longer spans, each with few enough times to walk through
SPANS = (timedelta(minutes=2), timedelta(hours=2), timedelta(days=2), timedelta(days=40), timedelta(days=400))
MOST = 5_000


def first_due(
    schedule: Mapping[str, Any], anchor: datetime, since: datetime, until: datetime
) -> datetime | None:
    """The first due time in [since, until); None where there is none, or the rule cannot be read."""
    try:
        due = next_due(schedule, anchor_ms=to_ms(anchor), after_ms=to_ms(since) - 1)
    except ScheduleError:
        return None
    return from_ms(due) if due is not None and due < to_ms(until) else None


def last_due(schedule: Mapping[str, Any], anchor: datetime, before: datetime) -> datetime | None:
    """The last due time before a moment and not before the anchor, as far as 400 days back."""
    end = to_ms(before)
    for span in SPANS:
        start = to_ms(max(before - span, anchor)) - 1
        try:
            times = due_times(schedule, anchor_ms=to_ms(anchor), after_ms=start)
            found = deque(takewhile(lambda due: due < end, islice(times, MOST)), maxlen=1)
        except ScheduleError:
            return None
        if found:
            return from_ms(found[0])
    return None
