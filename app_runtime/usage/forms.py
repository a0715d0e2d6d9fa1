"""What a person asks of the pages about usage: period, app, model, and what the chart shows."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from app_manager.models import App
from app_runtime.models import UsageDay
from app_runtime.usage.models import UsageDayQuerySet
from app_runtime.usage.period import DEFAULT, MOST_DAYS, PRESETS, Period

SHOWN = {"money": _("Money"), "tokens": _("Tokens")}


def _day(label: Any) -> forms.DateField:
    """A day as browsers send it, and nothing else."""
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"])


class UsageForm(forms.Form):
    """The query string. Two days beat the preset; a value that names nothing is an error, never left out."""

    period = forms.ChoiceField(
        label=_("Period"), choices=list(PRESETS.items()), required=False, widget=forms.HiddenInput
    )
    first = _day(_("From"))
    last = _day(_("To"))
    app = forms.CharField(label=_("App"), required=False, max_length=200, widget=forms.Select)
    model = forms.CharField(label=_("Model"), required=False, max_length=200, widget=forms.Select)
    show = forms.ChoiceField(
        label=_("Show"), choices=list(SHOWN.items()), required=False, widget=forms.HiddenInput
    )

    def __init__(self, data: Any, today: date, reader: Any) -> None:
        super().__init__(data, auto_id="usage-%s")
        self.today = today
        self.seen = UsageDay.objects.visible_to(reader)
        self.reader = reader
        self.deleted: dict[str, str] = {}

    @cached_property
    def apps(self) -> dict[str, str]:
        """Every app that is there and what it is called; those that are called alike, with their ids."""
        known = list(App.objects.visible_to(self.reader).order_by("spec_id").values_list("id", "spec_id"))
        count = Counter(name for _app_id, name in known)
        return {key: name if count[name] == 1 else f"{name} ({key[:8]})" for key, name in known}

    def clean_app(self) -> str:
        app_id = str(self.cleaned_data["app"])
        if app_id and app_id not in self.apps:
            deleted = self.seen.filter(app_id=app_id).order_by("-day").first()
            if deleted is None:
                raise forms.ValidationError(_("No app has this id, and none has used anything under it."))
            self.deleted = {app_id: deleted.app_name}
        return app_id

    def clean_model(self) -> str:
        model = str(self.cleaned_data["model"])
        if model and not self.seen.filter(model=model).exists():
            raise forms.ValidationError(_("No model of this name was ever used."))
        return model

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        if "first" in self.errors or "last" in self.errors:
            return data
        first, last = data["first"], data["last"]
        if first is None and last is not None:
            self.add_error("first", _("Give the first day too."))
        elif first is not None and first > (last or self.today):
            self.add_error("first", _("The first day is after the last one."))
        elif first is not None and ((last or self.today) - first).days >= MOST_DAYS:
            self.add_error("first", _("A period is at most three years long."))
        return data

    @property
    def presets(self) -> dict[str, Any]:
        return PRESETS

    @property
    def days(self) -> Period:
        """After a successful `is_valid`: the days that are asked for."""
        first, last = self.cleaned_data["first"], self.cleaned_data["last"]
        if first is None:
            return Period.of(self.cleaned_data["period"] or DEFAULT, self.today)
        return Period(first, last or self.today)

    @property
    def measure(self) -> str:
        """After a successful `is_valid`: one of `SHOWN`."""
        return str(self.cleaned_data["show"] or "money")

    @property
    def rows(self) -> UsageDayQuerySet:
        """After a successful `is_valid`: the rows of all that is asked for but the model."""
        rows = self.seen.between(self.days.first, self.days.last)
        app_id = self.cleaned_data["app"]
        return rows.filter(app_id=app_id) if app_id else rows

    @property
    def chosen(self) -> UsageDayQuerySet:
        """After a successful `is_valid`: the rows of all that is asked for."""
        model = self.cleaned_data["model"]
        return self.rows.filter(model=model) if model else self.rows

    def offer(self, models: Iterable[str]) -> None:
        """Set what can be chosen; what is chosen stands there even where it is nothing."""
        offers = {"app": self.apps | self.deleted, "model": {name: name for name in models}}
        for name, offer in offers.items():
            chosen = str(self.data.get(name, ""))
            shown = offer if not chosen or chosen in offer else {**offer, chosen: chosen}
            cast("forms.Select", self.fields[name].widget).choices = [("", _("All")), *shown.items()]
