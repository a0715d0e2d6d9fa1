"""The measuring core: subjects in turn, round after round, so that a busy machine is busy for all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

DROPPED = 2  # first rounds, in which caches fill


@dataclass(frozen=True)
class Sample:
    """What one subject took in the rounds that count, in milliseconds."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        ordered = sorted(self.values)
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

    @property
    def p95(self) -> float:
        """The smallest value that at least 95 % do not exceed."""
        return self._quantile(0.95)

    @property
    def p99(self) -> float:
        """The smallest value that at least 99 % do not exceed."""
        return self._quantile(0.99)

    def _quantile(self, share: float) -> float:
        ordered = sorted(self.values)
        return ordered[ceil(share * len(ordered)) - 1]


def rounds(counted: int, dropped: int = DROPPED) -> Iterator[bool]:
    """Whether each round counts: first those that do not, then those that do."""
    yield from [False] * dropped
    yield from [True] * counted


def interleaved(
    subjects: Mapping[str, Callable[[], float]], *, counted: int, dropped: int = DROPPED
) -> dict[str, Sample]:
    """Every subject once in each round. A subject measures itself and returns milliseconds."""
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for counts in rounds(counted, dropped):
        for name, subject in subjects.items():
            milliseconds = subject()
            if counts:
                taken[name].append(milliseconds)
    return {name: Sample(values) for name, values in taken.items()}


def ratio(dividend: float, divisor: float) -> float:
    """How many times as much; infinite over nothing."""
    return dividend / divisor if divisor else float("inf")
