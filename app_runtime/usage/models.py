"""What models cost: dated prices, and tokens and money by day, app and model."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from app_manager.models import App
from app_runtime.usage.sums import Usage
from halo_site.roles import standing_of


class Price(models.Model):
    """What a model costs from a day on, in US dollars for a million tokens. It beats the built-in list."""

    id = models.BigAutoField(primary_key=True)
    model = models.TextField(_("model"), help_text=_("its name as the provider writes it"))
    valid_from = models.DateField(_("valid from"))
    input_usd = models.DecimalField(_("tokens in"), max_digits=12, decimal_places=6)
    output_usd = models.DecimalField(_("tokens out"), max_digits=12, decimal_places=6)
    cached_usd = models.DecimalField(
        _("tokens in, from a cache"),
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        help_text=_("empty: as other tokens in"),
    )

    class Meta:
        db_table = "model_prices"
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [models.UniqueConstraint(fields=["model", "valid_from"], name="uniq_price")]

    def __str__(self) -> str:
        return f"{self.model}, {self.valid_from}"


class UsageDayQuerySet(models.QuerySet["UsageDay"]):
    """Questions about what was used. Sums are made in the database, and are whole numbers on each."""

    def visible_to(self, user: Any) -> "UsageDayQuerySet":
        """Those of apps that this person may see; of a deleted app nobody knows any more whose it was."""
        if standing_of(user).sees_everything:
            return self
        return self.filter(app_id__in=App.objects.visible_to(user).values("pk"))

    def between(self, first: date, last: date) -> "UsageDayQuerySet":
        """Of the days from ``first`` to ``last``, both of them too."""
        return self.filter(day__gte=first, day__lte=last)

    def sums(self, *by: str, **more: models.Aggregate) -> Iterator[tuple[tuple[Any, ...], Usage]]:
        """Of each value of the fields ``by``, in no order: the value with what ``more`` asks, and the sum."""
        # Names of their own: an annotation may not be called as a column
        sums = {f"sum_{name}": Sum(name) for name in Usage.COUNTED}
        rows = self.order_by().values(*by).annotate(**more, **sums).values_list(*by, *more, *sums)
        first = len(by) + len(more)
        for row in rows:
            # PostgreSQL's sum of a bigint is a numeric
            yield row[:first], Usage(*(int(value) for value in row[first:]))

    def names(self, days: dict[str, date]) -> dict[str, str]:
        """App id → what it was called on the day that is given for it."""
        wanted = models.Q(pk__in=[])
        for app_id, day in days.items():
            wanted |= models.Q(day=day, app_id=app_id)
        return dict(self.filter(wanted).order_by("pk").values_list("app_id", "app_name"))


class UsageDay(models.Model):
    """What one app used of one model on one day of the server's zone; outlives the runs and the app.

    Money is in millionths of a millionth of a dollar, so that sums are exact; turns whose price nobody knows
    are counted, never taken as free.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    app_id = models.TextField(_("app"))
    app_name = models.TextField(_("name of the app"))
    model = models.TextField(_("model"))
    runs = models.IntegerField(_("runs"), default=0, help_text=_("whose first turn fell on the day"))
    turns = models.IntegerField(_("model turns"), default=0)
    turns_unknown = models.IntegerField(_("turns of unknown size"), default=0)
    turns_unpriced = models.IntegerField(_("turns of unknown price"), default=0)
    tokens_in = models.BigIntegerField(_("tokens in"), default=0)
    tokens_out = models.BigIntegerField(_("tokens out"), default=0)
    tokens_cached = models.BigIntegerField(_("tokens in, from a cache"), default=0)
    cost_picousd = models.BigIntegerField(_("cost"), default=0)

    objects = UsageDayQuerySet.as_manager()

    class Meta:
        db_table = "usage_days"
        verbose_name = _("day of usage")
        verbose_name_plural = _("days of usage")
        constraints = [
            models.UniqueConstraint(fields=["day", "app_id", "model"], name="uniq_usage_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.app_name} {self.model}"
