"""How often and when a cron rule is due in a span, without a walk. Instants: seconds, UTC."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from scheduler.cron import TWO_DAYS, CronRule, first_change, offset_at


def count_instants(rule: CronRule, zone: ZoneInfo, first: int, until: int) -> int:
    """How many instants in [first, until] the rule has, given that `first` is one of them."""
    total = 0
    shown = first - 1 + offset_at(zone, first - 1)  # the latest wall time that was shown so far
    for low, high, offset in _stretches(zone, first - 1, until):
        start, end = low + offset, high + offset
        if not rule.follows_wall_clock and start > shown:
            # A gap: what it swallowed and what is due at its end run once, at its end.
            total += min(rule.count_walls(shown, start + 1), 1)
            start += 1
        elif not rule.follows_wall_clock:
            start = max(start, shown)  # what is shown twice runs once
        if end > start:
            total += rule.count_walls(start, end)
        shown = max(shown, end)
    return total


def list_instants(rule: CronRule, zone: ZoneInfo, first: int, until: int) -> Iterator[int]:
    """The instants that `count_instants` counts, ascending."""
    shown = first - 1 + offset_at(zone, first - 1)
    for low, high, offset in _stretches(zone, first - 1, until):
        start, end = low + offset, high + offset
        if not rule.follows_wall_clock and start > shown:
            if rule.count_walls(shown, start + 1):
                yield low + 1
            start += 1
        elif not rule.follows_wall_clock:
            start = max(start, shown)
        yield from (wall - offset for wall in rule.walls(start, end))
        shown = max(shown, end)


def _stretches(zone: ZoneInfo, after: int, until: int) -> Iterator[tuple[int, int, int]]:
    """(after, until] in pieces (low, high] of constant offset, each with its offset."""
    low = probed = after
    offset = offset_at(zone, after)
    while probed < until:
        horizon = min(probed + TWO_DAYS, until)
        if offset_at(zone, horizon) != offset:
            change = first_change(zone, probed, horizon, offset)
            yield low, change - 1, offset
            low, probed, offset = change - 1, change, offset_at(zone, change)
        else:
            probed = horizon
    yield low, until, offset
