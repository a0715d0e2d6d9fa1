"""Whether the schedule of a subscription can ever come due; the scheduler decides."""

from collections.abc import Iterator
from typing import Any

from app_manager.spec.problem import Finding, Path
from scheduler.recurrence import ScheduleError, validate


def schedule_findings(path: Path, config: dict[str, Any]) -> Iterator[Finding]:
    """Whether the `config` of a schedule has a rule, and whether its cron rule can come due.

    `every` needs no second opinion: its type refuses what the scheduler would.
    """
    every, cron = config.get("every"), config.get("cron")
    if every is None and cron is None:
        yield Finding(path, "a schedule needs `every`, such as 30m, or `cron`, such as 0 9 * * *")
    if isinstance(cron, str) and cron.strip():
        yield from _refused((*path, "cron"), {"kind": "cron", "cron": cron.strip()})


def timezone_findings(path: Path, timezone: Any) -> Iterator[Finding]:
    """Whether the scheduler knows a timezone; a schedule that is legal otherwise carries it there."""
    if isinstance(timezone, str) and timezone.strip():
        yield from _refused(path, {"kind": "cron", "cron": "0 0 * * *", "timezone": timezone.strip()})


def _refused(path: Path, schedule: dict[str, Any]) -> Iterator[Finding]:
    try:
        validate(schedule)
    except ScheduleError as error:
        sentence = str(error).removesuffix(".")
        yield Finding(path, sentence[:1].lower() + sentence[1:])
