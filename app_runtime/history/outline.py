"""What a synthetic history is to be, and each app's part in it. Pure: no database, time is an argument."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app_manager.states import Status as AppStatus
from app_runtime.settlement import ERRORS_THAT_STOP
from halo_site.store.fields import to_ms
from scheduler.recurrence import MIN_INTERVAL_MS

PREFIX = "Synthetic "  # of every name, so that nobody takes the history for a real one
DAY_MS = 86_400_000
BUSIEST = 0.20  # of all runs are one app's
BUSY = (0.10, 0.08, 0.06, 0.05)
RARE = 0.000_005  # of all runs are those of each app that hardly ever runs: the last tenth of them
DUE_PER_RUN = 1.1  # a tenth of all due times starts no run
UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))  # seconds
ASKS_EVERY = 6
STATUS_OF = {
    7: AppStatus.PAUSED,
    12: AppStatus.ERROR,
    17: AppStatus.UNINSTALLED,
    22: AppStatus.NEEDS_LOGIN,
}  # by the app's number, modulo 25


class DoesNotFit(ValueError):
    """So many runs cannot lie in so few days: the busiest app would run more than every 10 seconds."""


@dataclass(frozen=True)
class Wanted:
    """How much history there is to be, over how many days before now."""

    apps: int
    runs: int
    entries: int
    days: int
    seed: int


@dataclass(frozen=True)
class Outline:
    """One app's part. Its due times are ``anchor_ms + k * interval_ms`` for k from 1 to ``due_times``."""

    number: int
    runs: int
    entries: int
    due_times: int
    interval_ms: int
    anchor_ms: int
    status: AppStatus

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.number:04}"

    @property
    def every(self) -> str:
        """Its interval as a spec writes it."""
        seconds = self.interval_ms // 1000
        return next(
            (f"{seconds // size}{unit}" for size, unit in UNITS if seconds % size == 0), f"{seconds}s"
        )

    @property
    def is_scheduled(self) -> bool:
        """Whether the clock starts it; the others wait for a webhook."""
        return self.number % 4 != 0

    @property
    def next_due_ms(self) -> int:
        return self.due_ms(self.due_times + 1)

    def due_ms(self, place: int) -> int:
        return self.anchor_ms + place * self.interval_ms


def outlines(wanted: Wanted, first: int, now: datetime) -> list[Outline]:
    """The part of each app, the busiest first; ``first`` is the number of the first app.

    Raises `DoesNotFit`.
    """
    runs = list(_split(wanted.runs, _weights(wanted.apps)))
    entries = list(_split(wanted.entries, [float(count) for count in runs]))
    return [
        _outline(first + index, index, runs[index], entries[index], wanted.days, to_ms(now))
        for index in range(wanted.apps)
    ]


def _outline(number: int, index: int, runs: int, entries: int, days: int, now_ms: int) -> Outline:
    due_times = round(runs * DUE_PER_RUN)
    interval_ms = _round_interval(days * DAY_MS // (due_times + 1))
    if interval_ms < MIN_INTERVAL_MS:
        least = -(-(due_times + 1) * MIN_INTERVAL_MS // DAY_MS)
        raise DoesNotFit(f"{runs} runs of one app do not fit into {days} days; give at least --days {least}.")
    anchor_ms = now_ms - due_times * interval_ms - interval_ms * (60 + number % 30) // 100
    status = _status(index + 1, runs, entries)
    return Outline(number, runs, entries, due_times, interval_ms, anchor_ms, status)


def _status(place: int, runs: int, entries: int) -> AppStatus:
    """Where the app stands at the end, if its runs and entries can have brought it there."""
    status = STATUS_OF.get(place % 25, AppStatus.ACTIVE)
    if status == AppStatus.ERROR and runs < ERRORS_THAT_STOP:
        return AppStatus.ACTIVE
    if status == AppStatus.ACTIVE and place % ASKS_EVERY == 5 and entries >= runs > 0:
        return AppStatus.WAITING_USER
    return status


def _round_interval(interval_ms: int) -> int:
    """A round number of seconds, minutes, hours or days, not longer than it was."""
    seconds = interval_ms // 1000
    unit = next((size for size, _name in UNITS if seconds >= 10 * size), 1)
    return seconds // unit * unit * 1000


def _weights(apps: int) -> list[float]:
    """Each app's share of the runs: one has a fifth, four are busy, most are quiet, some hardly ever run."""
    busy = [BUSIEST, *BUSY][:apps]
    others = apps - len(busy)
    rare = apps // 10 if others > apps // 10 else 0
    quiet = [(place + 5) ** -1.5 for place in range(others - rare)]
    left = 1 - sum(busy) - rare * RARE
    scale = left / sum(quiet) if quiet else 0.0
    return [*busy, *(weight * scale for weight in quiet), *[RARE] * rare]


def _split(total: int, weights: list[float]) -> Iterator[int]:
    """``total`` in whole parts as the weights have it; the parts add up to it exactly."""
    whole = sum(weights) or 1.0
    reached, given = 0.0, 0
    for place, weight in enumerate(weights, 1):
        reached += weight
        upto = total if place == len(weights) else round(total * reached / whole)
        yield upto - given
        given = upto
