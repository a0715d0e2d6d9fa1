"""What the page about usage shows: sums of a period, by app, by day and by model, and its chart."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from operator import add
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_manager.models import App
from app_runtime.models import UsageDay
from app_runtime.usage.chart import chart_of
from app_runtime.usage.drawing import Drawing
from app_runtime.usage.forms import SHOWN, UsageForm
from app_runtime.usage.period import Period
from app_runtime.usage.sums import Usage

APPS_SHOWN, DAYS_SHOWN, MODELS_SHOWN = 20, 31, 10
SERIES = 5  # apps with a colour of their own in the chart


@dataclass(frozen=True)
class Row:
    """The sum of one app, day or model. ``is_installed``: the app still has a page."""

    key: Any
    label: str
    usage: Usage
    is_installed: bool = False


@dataclass(frozen=True)
class Table:
    """The first rows by cost, then tokens, or the newest days; how many there are besides; their use."""

    rows: list[Row]
    more: int
    rest: Usage

    @classmethod
    def of(cls, sums: Iterable[tuple[Any, Usage]], cap: int, *, newest_first: bool = False) -> "Table":
        """Rows that are called as their keys, those of days from the newest on."""
        ordered = sorted(sums, key=lambda pair: str(pair[0]), reverse=newest_first)
        if not newest_first:
            ordered.sort(key=lambda pair: pair[1].rank, reverse=True)
        rows = [Row(key, str(key), usage) for key, usage in ordered[:cap]]
        left = [usage for _key, usage in ordered[cap:]]
        return cls(rows, len(left), total_of(left))


def total_of(sums: Iterable[Usage]) -> Usage:
    """All of them together."""
    return reduce(add, sums, Usage())


@dataclass(frozen=True)
class UsagePage:
    """The page of a form that is valid: some sums by the database, and no more queries as rows grow."""

    form: UsageForm

    def __post_init__(self) -> None:
        self.form.offer(sorted(self._by_model))

    @property
    def period(self) -> Period:
        return self.form.days

    @property
    def shown(self) -> dict[str, Any]:
        return SHOWN

    @property
    def zone(self) -> str:
        """The zone of the days."""
        return timezone.get_current_timezone_name()

    @cached_property
    def total(self) -> Usage:
        model = self.form.cleaned_data["model"]
        return total_of(usage for name, usage in self._by_model.items() if not model or name == model)

    @cached_property
    def was_ever_used(self) -> bool:
        return bool(self.total.turns) or self.form.seen.exists()

    @property
    def title(self) -> str:
        """The state in one line."""
        total, words = self.total, self.period.words
        if not self.was_ever_used:
            return _("Nothing was used yet")
        if not total.turns:
            return _("Nothing was used %(when)s") % {"when": words}
        known = _("Cost unknown") if total.usd is None else capfirst(total.money)
        if not total.turns_unpriced:
            return _("%(money)s %(when)s") % {"money": known, "when": words}
        unpriced = ngettext(
            "%(count)s turn has no known price", "%(count)s turns have no known price", total.turns_unpriced
        ) % {"count": f"{total.turns_unpriced:,}"}
        return _("%(money)s %(when)s: %(unpriced)s") % {"money": known, "when": words, "unpriced": unpriced}

    @cached_property
    def by_model(self) -> Table:
        model = self.form.cleaned_data["model"]
        sums = [(name, usage) for name, usage in self._by_model.items() if not model or name == model]
        return Table.of(sums, MODELS_SHOWN)

    @cached_property
    def by_day(self) -> Table:
        return Table.of(self._days.items(), DAYS_SHOWN, newest_first=True)

    @cached_property
    def by_app(self) -> Table:
        table = Table.of(self._apps.items(), APPS_SHOWN)
        rows = [
            Row(row.key, self._names[row.key], row.usage, row.key in self.form.apps) for row in table.rows
        ]
        return Table(rows, table.more, table.rest)

    @cached_property
    def chart(self) -> Drawing:
        """Bars of what is shown: the biggest apps, and the others as one."""
        measure = self._measure
        biggest = sorted(self._apps, key=lambda app: (measure(self._apps[app]), app), reverse=True)[:SERIES]
        parts = {
            key: measure(usage)
            for key, usage in self.form.chosen.filter(app_id__in=biggest).sums("day", "app_id")
        }
        values = {}
        for day, usage in self._days.items():
            own = [parts.get((day, app), 0) for app in biggest]
            values[day] = (*own, measure(usage) - sum(own))
        chart = chart_of(self.period.first, self.period.last, values, self._low)
        names = [self._names.get(app, app) for app in biggest]
        return Drawing(chart, names, len(self._apps) - len(biggest), self.form.measure)

    @property
    def _measure(self) -> Callable[[Usage], int]:
        if self.form.measure == "tokens":
            return lambda usage: usage.tokens
        return lambda usage: usage.cost_picousd

    @property
    def _low(self) -> set[date]:
        """Days whose bar is too low, because a part is unknown."""
        if self.form.measure == "tokens":
            return {day for day, usage in self._days.items() if usage.turns_unknown}
        return {day for day, usage in self._days.items() if usage.turns_unpriced}

    @cached_property
    def _by_model(self) -> dict[str, Usage]:
        """Of every model, whatever model is chosen: what can be chosen is among them."""
        return {key: usage for (key,), usage in self.form.rows.sums("model")}

    @cached_property
    def _days(self) -> dict[date, Usage]:
        return {key: usage for (key,), usage in self.form.chosen.sums("day")}

    @cached_property
    def _apps(self) -> dict[str, Usage]:
        return {app_id: usage for (app_id, _day), usage in self._apps_with_days}

    @cached_property
    def _apps_with_days(self) -> Sequence[tuple[tuple[Any, ...], Usage]]:
        return list(self.form.chosen.sums("app_id", last_day=Max("day")))

    @cached_property
    def _names(self) -> dict[str, str]:
        """What apps are called now; those that are deleted, on the last of these days."""
        days = {app_id: day for (app_id, day), _usage in self._apps_with_days}
        biggest = {row.key for row in Table.of(self._apps.items(), APPS_SHOWN).rows}
        by_tokens = sorted(self._apps, key=lambda app: self._apps[app].tokens, reverse=True)[:SERIES]
        wanted = biggest.union(by_tokens)
        names = UsageDay.objects.names({app_id: days[app_id] for app_id in wanted})
        return names | {app.pk: app.name for app in App.objects.filter(pk__in=wanted)}
