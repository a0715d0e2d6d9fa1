"""The chart of usage in words and places, as its template draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_runtime.usage.chart import Bar, Chart, Piece
from app_runtime.usage.period import day_words
from halo_site import quantities

LONG_DAYS = 366  # from here on days below the chart are told by month and year
UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


@dataclass(frozen=True)
class Rectangle:
    """Places as SVG has them."""

    paint: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class Column:
    """One bar: where it stands, what it is made of, what it says on hover."""

    words: str
    slot: Rectangle
    pieces: list[Rectangle]
    middle: str
    is_low: bool


@dataclass(frozen=True)
class Key:
    """One series in the legend."""

    paint: str
    name: str
    amount: str


@dataclass(frozen=True)
class Drawing:
    """A chart with the names of its series; ``others``: how many apps the last one has."""

    chart: Chart
    names: Sequence[str]
    others: int
    show: str

    @property
    def is_flat(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(bar.total for bar in self.chart.bars)

    @property
    def has_low(self) -> bool:
        return any(bar.is_low for bar in self.chart.bars)

    @property
    def columns(self) -> list[Column]:
        return [self._column(number) for number in range(len(self.chart.bars))]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The scale: what stands beside each line, and where it lies."""
        return [(self._short(line.value), percent(line.y)) for line in self.chart.lines]

    @property
    def labels(self) -> list[tuple[str, str]]:
        """The days below, and where they stand."""
        bars = self.chart.bars
        style = "M Y" if (bars[-1].last - bars[0].first).days >= LONG_DAYS else "j M"
        return [(format_date(label.day, style), percent(label.x)) for label in self.chart.labels]

    @property
    def keys(self) -> list[Key]:
        """The legend in the order of the bars, from the bottom up; only series that have something."""
        sums = [
            sum(values) for values in zip(*(bar.values for bar in self.chart.bars if bar.values), strict=True)
        ]
        names = [*self.names, self._others_name]
        paints = [paint_of(series, len(self.names)) for series in range(len(names))]
        return [
            Key(paint, name, self.amount(value))
            for paint, name, value in zip(paints, names, sums, strict=True)
            if value
        ]

    @property
    def title(self) -> str:
        return _("Tokens by day and app") if self.show == "tokens" else _("Money by day and app")

    @property
    def summary(self) -> str:
        """What somebody who does not see the chart should know of it."""
        most = max(self.chart.bars, key=lambda bar: bar.total)
        return _("%(count)d bars of %(bars)s each. The highest is %(days)s with %(amount)s.") % {
            "count": len(self.chart.bars),
            "bars": self.bar_words,
            "days": _days(most.first, most.last),
            "amount": self.amount(most.total),
        }

    @property
    def bar_words(self) -> str:
        """How much time a bar stands for."""
        count = self.chart.days_each
        return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}

    def amount(self, value: int) -> str:
        """A value in full."""
        if self.show == "tokens":
            return ngettext("%(count)s token", "%(count)s tokens", value) % {"count": f"{value:,}"}
        return quantities.dollars(Decimal(value).scaleb(-12))

    @property
    def _others_name(self) -> str:
        return ngettext("%(count)d other app", "%(count)d other apps", self.others) % {"count": self.others}

    def _short(self, value: int) -> str:
        """A value of the scale, which is round, in few characters."""
        if self.show == "tokens":
            size, unit = next(((size, unit) for size, unit in UNITS if value >= size), (1, ""))
            return f"{Decimal(value) / size:f} {unit}".rstrip()
        return f"{(Decimal(value).scaleb(-12)).normalize():f}"

    def _column(self, number: int) -> Column:
        bar, slot = self.chart.bars[number], self.chart.slot(number)
        pieces = [self._rectangle(piece) for piece in self.chart.pieces(number)]
        middle = percent(slot.x + slot.width // 2)
        return Column(self._words(bar), self._rectangle(slot), pieces, middle, bar.is_low)

    def _words(self, bar: Bar) -> str:
        """The bar in words: its days, its sum, its parts."""
        total = self.amount(bar.total)
        if bar.is_low:
            total = _("at least %(sum)s") % {"sum": total} if bar.total else quantities.unknown()
        elif not bar.values:
            total = _("nothing was used")
        names = [*self.names, self._others_name]
        parts = [
            f"{name}: {self.amount(value)}" for name, value in zip(names, bar.values, strict=False) if value
        ]
        return "\n".join([f"{_days(bar.first, bar.last)}: {total}", *parts])

    def _rectangle(self, piece: Piece) -> Rectangle:
        paint = paint_of(piece.series, len(self.names))
        places = (piece.x, piece.y, piece.width, piece.height)
        return Rectangle(paint, *(percent(place) for place in places))


def paint_of(series: int, named: int) -> str:
    """The paint of a series: "1" to "5", or "others" for the one behind those with a name."""
    return "others" if series >= named else str(series + 1)


def percent(hundredths: int) -> str:
    """Hundredths of a percent as an attribute of SVG has them."""
    return f"{hundredths // 100}.{hundredths % 100:02}%"


def _days(first: date, last: date) -> str:
    if first == last:
        return day_words(first)
    return _("%(first)s to %(last)s") % {"first": day_words(first), "last": day_words(last)}
