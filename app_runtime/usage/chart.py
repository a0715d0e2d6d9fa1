"""The chart of usage: stacked bars of days, in hundredths of a percent of its width and height. Pure.

Whole numbers only, so that the parts of a bar are as high as the bar.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

FULL = 10_000  # the height and the width of the chart: 100.00 %
LEAST = 60  # of a bar that is there at all: a pixel
STEPS = 4  # lines of the scale at most, without the one at 0
BAR_SHARE = 72  # percent of a bar's place that is the bar; the rest is the gap
MOST_BARS = 92
LABELS = 5  # days written below at most


@dataclass(frozen=True)
class Piece:
    """A rectangle of one series: places from the left and the top."""

    series: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Bar:
    """One bar with its days. ``values`` are those of the series; ``is_low``: a part of it is unknown."""

    first: date
    last: date
    values: tuple[int, ...]
    is_low: bool

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True)
class Line:
    """A line of the scale: its value, and where it lies from the top."""

    value: int
    y: int


@dataclass(frozen=True)
class Label:
    """A day below the chart, and the middle of its bar from the left."""

    day: date
    x: int


@dataclass(frozen=True)
class Chart:
    """Bars from left to right, oldest first."""

    bars: Sequence[Bar]

    @property
    def days_each(self) -> int:
        """How many days a bar has; the first bar may have fewer."""
        return (self.bars[-1].last - self.bars[-1].first).days + 1 if self.bars else 1

    @property
    def top(self) -> int:
        """The value at the upper edge: a whole number of round steps."""
        return top_of(max((bar.total for bar in self.bars), default=0))

    @property
    def lines(self) -> list[Line]:
        """The scale from 0 upwards; nothing but 0 where every bar is 0."""
        step = round_step(self.top)
        return [Line(value, FULL - value * FULL // self.top) for value in range(0, self.top + 1, step)]

    @property
    def labels(self) -> list[Label]:
        """So many days that none lies on another, the first and the last of them away from the edges."""
        count = len(self.bars)
        every = -(-count // LABELS)
        places = range((count - 1) % every // 2 if every else 0, count, every or 1)
        return [Label(self.bars[place].first, self._left(place) + self._place // 2) for place in places]

    @property
    def _place(self) -> int:
        return FULL // max(1, len(self.bars))

    def _left(self, number: int) -> int:
        return number * FULL // len(self.bars)

    def slot(self, number: int) -> Piece:
        """The whole place of a bar from top to bottom, with its gap: what a pointer hits."""
        return Piece(-1, self._left(number), 0, self._left(number + 1) - self._left(number), FULL)

    def pieces(self, number: int) -> list[Piece]:
        """The parts of a bar, the first series at the bottom; a series without a height has none."""
        bar = self.bars[number]
        if not bar.total:
            return []
        height = max(LEAST, bar.total * FULL // self.top)
        slot = self.slot(number)
        width = slot.width * BAR_SHARE // 100
        x = slot.x + (slot.width - width) // 2
        found, below, lower = [], 0, 0
        for series, value in enumerate(bar.values):
            below += value
            upper = height * below // bar.total
            if upper > lower:
                found.append(Piece(series, x, FULL - upper, width, upper - lower))
            lower = upper
        return found


def round_step(highest: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … of which `STEPS` reach ``highest``."""
    size = 1
    while True:
        for digit in (1, 2, 5):
            if digit * size * STEPS >= highest:
                return digit * size
        size *= 10


def top_of(highest: int) -> int:
    """The first whole number of round steps that is not below ``highest``; at least one step."""
    step = round_step(highest)
    return max(1, -(-highest // step)) * step


def days_each(days: int) -> int:
    """How many days a bar stands for, so that there are at most `MOST_BARS`: one, whole weeks, four weeks."""
    return next((each for each in (1, 7, 28) if -(-days // each) <= MOST_BARS), 28)


def chart_of(first: date, last: date, values: Mapping[date, tuple[int, ...]], low: set[date]) -> Chart:
    """The bars of all days from ``first`` to ``last``; ``low`` are days of which a part is unknown.

    The last bar is whole, the first one may have fewer days than the others.
    """
    each = days_each((last - first).days + 1)
    bars: list[Bar] = []
    end = last
    while end >= first:
        begin = max(first, end - timedelta(days=each - 1))
        days = [begin + timedelta(days=place) for place in range((end - begin).days + 1)]
        held = [values[day] for day in days if day in values]
        bars.append(
            Bar(begin, end, tuple(map(sum, zip(*held, strict=True))), any(day in low for day in days))
        )
        end = begin - timedelta(days=1)
    return Chart(bars[::-1])
