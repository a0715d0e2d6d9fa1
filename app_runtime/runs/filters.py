"""The filters of the lists of runs, as one bound GET form: what can be chosen, and what was."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_runtime.models import REHEARSAL, Run, UsageDay
from app_runtime.settings.sources import known_sources
from app_runtime.statuses import Status, Trigger
from halo_site.datadir.spaces import all_spaces
from halo_site.filters import FIRST_DAY, LAST_DAY, FilterForm, midnight
from halo_site.roles import Role, standing_of

GOING_ON = "unfinished"  # queued or running: what can be cancelled
PERIODS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
PERIOD_CHOICES = (("day", _("Last 24 hours")), ("week", _("Last 7 days")), ("month", _("Last 30 days")))
# Rows that are looked through for names of models; every other name can still stand in the address
MODELS_OF_RUNS, MODELS_OF_DAYS = 500, 2_000


class RunFilter(FilterForm):
    """Narrows a list of runs."""

    MAIN = ("q", "status", "app", "period")
    MORE = ("since", "until", "trigger", "model", "space")

    q = forms.CharField(label=_("What it said, or its id"), required=False, max_length=200)
    status = forms.ChoiceField(label=_("Status"), required=False)
    app = forms.ChoiceField(label=_("App"), required=False)
    period = forms.ChoiceField(label=_("Started"), required=False)
    since = forms.DateField(label=_("From"), required=False, input_formats=["%Y-%m-%d"])
    until = forms.DateField(label=_("To"), required=False, input_formats=["%Y-%m-%d"])
    trigger = forms.ChoiceField(label=_("Trigger"), required=False)
    model = forms.CharField(label=_("Model"), required=False, max_length=200)
    space = forms.ChoiceField(label=_("Space"), required=False)

    def __init__(self, query: QueryDict, app: App | None, reader: Any) -> None:
        data = query.copy()
        if data.get("since") or data.get("until"):
            data["period"] = ""  # dates say it more exactly
        super().__init__(data)
        self.scope, self.reader = app, reader
        if app is not None:
            del self.fields["app"], self.fields["space"]
        going_on = (GOING_ON, _("Going on (queued or running)"))
        self.offer("status", [going_on, *Status.choices], unknown=_("There is no such status."))
        self.offer("trigger", Trigger.choices, unknown=_("There is no such trigger."))
        self.offer("period", PERIOD_CHOICES, unknown=_("There is no such period."), anything=_("At any time"))
        if app is None:
            self.offer("app", app_choices(reader), unknown=_("There is no app with this id."))
            own = standing_of(reader)
            spaces = [(space.id, space.name) for space in all_spaces() if own.may(Role.VIEWER, space.id)]
            self.offer("space", spaces, unknown=_("There is no space with this id."))
        self._finish_widgets()

    def _finish_widgets(self) -> None:
        """A search box, dates as browsers pick them, and the models that are known by name."""
        self.fields["q"].widget = forms.TextInput(attrs={"type": "search", "maxlength": 200})
        for name in ("since", "until"):
            attributes = {"type": "date", "min": FIRST_DAY.isoformat(), "max": LAST_DAY.isoformat()}
            self.fields[name].widget = forms.DateInput(format="%Y-%m-%d", attrs=attributes)
            self.fields[name].error_messages["invalid"] = gettext("Give a date such as 2026-11-23.")
        self.fields["model"].widget = forms.Select(choices=model_choices(self._text("model"), self.reader))

    def _text(self, name: str) -> str:
        return str(self.data.get(name, "")).strip()

    def clean_since(self) -> date | None:
        return _within(self.cleaned_data["since"])

    def clean_until(self) -> date | None:
        return _within(self.cleaned_data["until"])

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The end lies before the beginning."))
        return data

    def begins_at(self, now: datetime) -> datetime | None:
        """The first moment of the period; None where it has no beginning."""
        if self.cleaned_data["since"]:
            return midnight(self.cleaned_data["since"])
        length = PERIODS.get(self.cleaned_data["period"])
        return now - length if length else None

    @property
    def ends_before(self) -> datetime | None:
        """The moment after the last day of the period; None where it has no end."""
        until = self.cleaned_data["until"]
        return midnight(until + timedelta(days=1)) if until else None

    def words_of(self, name: str, value: str) -> str:
        day = self.cleaned_data.get(name) if name in {"since", "until"} else None
        return format_date(day, "j M Y") if day else super().words_of(name, value)


def app_choices(reader: Any) -> list[tuple[str, str]]:
    """Every app that the reader sees, by name; the space stands with names that several have."""
    rows = list(
        App.objects.visible_to(reader).values_list(
            "pk", "spec_id", "spec__display_name", "space_id", "status"
        )
    )
    names = {pk: shown if isinstance(shown, str) and shown else name for pk, name, shown, *_rest in rows}
    spaces = {space.id: space.name for space in all_spaces()}
    shared = {name for name, count in Counter(names.values()).items() if count > 1}
    choices = []
    for pk, _name, _shown, space_id, status in rows:
        label = names[pk]
        if label in shared:
            label = f"{label} ({spaces.get(space_id or '', gettext('no space'))})"
        if status == AppStatus.UNINSTALLED:
            label = gettext("%(name)s, uninstalled") % {"name": label}
        choices.append((pk, label))
    return sorted(choices, key=lambda choice: (choice[1].casefold(), choice[0]))


def model_choices(chosen: str, reader: Any) -> list[tuple[str, Any]]:
    """Rehearsals, and the models that are set up or were used lately; the chosen one in any case."""
    used = (
        UsageDay.objects.visible_to(reader).order_by("-id").values_list("model", flat=True)[:MODELS_OF_DAYS]
    )
    ran = Run.objects.visible_to(reader).newest_first().values_list("model", flat=True)[:MODELS_OF_RUNS]
    names = set(used) | set(ran)
    if standing_of(reader).sees_everything:
        names |= {source.model for source in known_sources().sources}
    if chosen != REHEARSAL:
        names.add(chosen)
    models = sorted(names - {"", REHEARSAL}, key=str.casefold)
    rehearsal = (REHEARSAL, gettext("None: a rehearsal"))
    return [("", gettext("Any")), rehearsal, *((name, name) for name in models)]


def _within(day: date | None) -> date | None:
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        raise forms.ValidationError(gettext("Give a date between 1970 and 9998."))
    return day
