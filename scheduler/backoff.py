"""What the end of a run does to its job (BEHAVIOUR, Schedules). Pure."""

from dataclasses import dataclass

from scheduler.recurrence import Schedule, next_due

BACKOFF_MS = (30_000, 60_000, 300_000, 900_000, 3_600_000)  # after the 1st to the 5th error in a row
MAX_ERRORS = 5  # in a row; the fifth disables the job


@dataclass(frozen=True)
class Settled:
    """A job after a result; `next_ms` is None exactly when it is disabled."""

    consecutive_errors: int
    next_ms: int | None

    @property
    def enabled(self) -> bool:
        return self.next_ms is not None


def settle(
    schedule: Schedule, *, anchor_ms: int, finished_ms: int, errors_before: int, failed: bool
) -> Settled:
    """The error count and the next due time after a run that ended at `finished_ms`."""
    errors = errors_before + 1 if failed else 0
    if schedule["kind"] == "once" or errors >= MAX_ERRORS:
        return Settled(errors, None)
    normal = next_due(schedule, anchor_ms=anchor_ms, after_ms=finished_ms)
    if normal is None or not failed:
        return Settled(errors, normal)
    return Settled(errors, max(normal, finished_ms + BACKOFF_MS[errors - 1]))
