"""What a person writes of when a subscription runs; judged here, stored by `App.change_schedule`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from app_manager.policies import OverlapPolicy
from app_manager.scheduling import Plan
from app_manager.wall_clock import NoSuchTime, happens_twice, moment_of
from app_manager.wording import moment as moment_words
from halo_site.store.fields import from_ms, to_ms
from scheduler.preview import UpcomingRow, upcoming_rows
from scheduler.recurrence import ScheduleError, default_zone, describe, validate
from scheduler.statuses import MissedPolicy

FAR = timedelta(days=366)  # a next time so far away is asked about before it is stored
KINDS = (
    ("every", gettext_lazy("at an interval")),
    ("cron", gettext_lazy("by a cron rule")),
    ("once", gettext_lazy("once")),
)
ZONES = {"list": "zones", "autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
CODE = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", "class": "mono"}


class WhenForm(forms.Form):
    """A date, a time and a zone that together mean a moment."""

    date = forms.DateField(
        label=gettext_lazy("Date"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    time = forms.TimeField(
        label=gettext_lazy("Time"),
        required=False,
        widget=forms.TimeInput({"type": "time", "step": "1"}, format="%H:%M:%S"),
    )
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"), required=False, max_length=100, widget=forms.TextInput(ZONES)
    )
    twice = ""  # that its time of day happens twice, in a sentence

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"])
        if name:
            _judge({"kind": "cron", "cron": "0 0 * * *", "timezone": name})
        return name

    @property
    def zone(self) -> ZoneInfo:
        """After a clean zone: the one that was written, else the server's."""
        return ZoneInfo(self.cleaned_data.get("timezone") or default_zone())

    def moment(self) -> datetime | None:
        """The moment that is meant; None where a field says what is wrong."""
        for name, sentence in (("date", _("Choose a date.")), ("time", _("Choose a time of day."))):
            if self.cleaned_data.get(name) is None and name not in self.errors:
                self.add_error(name, sentence)
        if {"date", "time", "timezone"} & set(self.errors):
            return None
        day, at = self.cleaned_data["date"], self.cleaned_data["time"]
        try:
            moment = moment_of(day, at, self.zone)
        except NoSuchTime as error:
            self.add_error("time", str(error))
            return None
        if happens_twice(day, at, self.zone):
            self.twice = _("The clocks go back: this time happens twice, and the first one is meant.")
        return moment


@dataclass(frozen=True)
class Preview:
    """What a rule comes to: in words, its next times, what is wrong with it or worth a second look."""

    words: str = ""
    rows: tuple[UpcomingRow, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class RuleForm(WhenForm):
    """One subscription's schedule and policies. ``sure`` confirms a next time that is years away."""

    key = forms.CharField(max_length=200, widget=forms.HiddenInput, strip=False)
    base = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=gettext_lazy("When it runs"), choices=KINDS, widget=forms.RadioSelect, required=False
    )
    every = forms.CharField(
        label=gettext_lazy("Interval"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Digits and one of s, m, h, d: 30m, 2h, 1d. At least 10 s."),
        widget=forms.TextInput(CODE),
    )
    cron = forms.CharField(
        label=gettext_lazy("Cron rule"),
        required=False,
        max_length=256,
        help_text=gettext_lazy(
            "Minute, hour, day, month, weekday: 0 9 * * 1-5 is Monday to Friday at 09:00. "
            "With six fields the first is the second."
        ),
        widget=forms.TextInput(CODE),
    )
    missed = forms.ChoiceField(label=gettext_lazy("Missed times"))
    overlap = forms.ChoiceField(label=gettext_lazy("While a run is going"))
    sure = forms.BooleanField(label=gettext_lazy("Yes, that far away"), required=False)
    field_order = ("key", "base", "kind", "every", "cron", "date", "time", "timezone", "missed", "overlap")

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        now: datetime,
        initial: dict[str, Any],
        anchor: datetime | None = None,
        auto_id: str = "id_%s",
    ) -> None:
        """``anchor`` is where the stored schedule (``initial["schedule"]``) has its grid."""
        super().__init__(data, initial=initial, auto_id=auto_id, use_required_attribute=False)
        self.now, self.anchor = now, anchor
        self.schedule: dict[str, Any] = {}
        self.fields["missed"].choices = MissedPolicy.choices  # type: ignore[attr-defined]
        self.fields["overlap"].choices = OverlapPolicy.choices  # type: ignore[attr-defined]
        words = _("Empty: the server's, %(zone)s.") % {"zone": default_zone()}
        self.fields["timezone"].help_text = words

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        match cleaned.get("kind"):
            case "every":
                self._take("every", {"kind": "every", "every": cleaned.get("every", "")})
            case "cron":
                self._take("cron", self._cron(cleaned))
            case "once":
                self._take_once()
            case _:
                self.add_error("kind", _("Choose when it runs."))
        return cleaned

    def _cron(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        zone = cleaned.get("timezone")
        return {"kind": "cron", "cron": cleaned.get("cron", "")} | ({"timezone": zone} if zone else {})

    def _take_once(self) -> None:
        moment = self.moment()
        if moment is None:
            return
        schedule = {"kind": "once", "once": to_ms(moment)}
        if moment <= self.now and schedule != self.initial.get("schedule"):
            self.add_error("date", _("This time has passed already. Choose one that is still to come."))
            return
        self._take("date", schedule)

    def _take(self, field: str, schedule: dict[str, Any]) -> None:
        """Keep a schedule that can come due; say beside the field what is wrong with any other."""
        if field in self.errors or "timezone" in self.errors:
            return
        try:
            validate(schedule)
        except ScheduleError as error:
            self.add_error(field, str(error))
        else:
            self.schedule = schedule

    @property
    def plan(self) -> Plan:
        """After a successful `is_valid`."""
        return Plan(self.schedule, self.cleaned_data["missed"], self.cleaned_data["overlap"])

    @property
    def is_unsure(self) -> bool:
        """Whether the next time is so far away that it may be a mistake, and nobody has confirmed it."""
        return bool(self.distance) and not self.cleaned_data.get("sure")

    @property
    def distance(self) -> str:
        """When the next time is, in words, where that is more than a year away."""
        rows = self.rows
        far = rows and rows[0].due_ms > to_ms(self.now + FAR)
        return moment_words(from_ms(rows[0].due_ms), self.now) if far else ""

    @property
    def rows(self) -> tuple[UpcomingRow, ...]:
        """The next five times of what was written; its grid starts now unless it is the stored schedule."""
        if not self.schedule:
            return ()
        is_stored = self.anchor is not None and self.schedule == self.initial.get("schedule")
        anchor = self.anchor if is_stored and self.anchor else self.now
        zone = self.zone.key if self.schedule["kind"] == "once" else default_zone()
        return tuple(upcoming_rows(self.schedule, anchor_ms=to_ms(anchor), now_ms=to_ms(self.now), zone=zone))

    def preview(self, *notes: str) -> Preview:
        """What was written, as it would come due; ``notes`` are added to its own."""
        told = (errors for name, errors in self.errors.items() if name != "sure")
        problems = tuple(str(sentence) for errors in told for sentence in errors)
        if problems or not self.schedule:
            return Preview(problems=problems)
        far = _("Its next time is %(when)s. Is that what you mean?") % {"when": self.distance}
        own = (self.twice, far if self.distance else "", *notes)
        return Preview(describe(self.schedule), self.rows, notes=tuple(filter(None, own)))


def values_of(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """A stored schedule as the fields of the form have it; a stranger's as far as it can be read."""
    kind = schedule.get("kind")
    values: dict[str, Any] = {"kind": kind, "schedule": dict(schedule)}
    if kind == "once":
        try:
            local = from_ms(schedule["once"]).astimezone(ZoneInfo(default_zone()))
        except (KeyError, TypeError, ValueError, OverflowError):
            return values
        return values | {"date": local.date(), "time": local.time().replace(microsecond=0)}
    names = ("every", "cron", "timezone")
    return values | {name: str(schedule[name]) for name in names if schedule.get(name) is not None}


class SingleForm(WhenForm):
    """A run at a time of its own, with a task of its own."""

    form = forms.CharField(max_length=36, widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("What it is told"),
        required=False,
        max_length=20_000,
        help_text=gettext_lazy("A task for this run in place of the usual one. Empty: the usual one."),
        widget=forms.Textarea({"rows": 3}),
    )
    overlap = forms.ChoiceField(label=gettext_lazy("If a run is going then"))
    field_order = ("form", "date", "time", "timezone", "text", "overlap")

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, now: datetime, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial, use_required_attribute=False)
        self.now = now
        self.at: datetime | None = None
        self.fields["date"].required = self.fields["time"].required = True
        self.fields["overlap"].choices = [  # type: ignore[attr-defined]
            (OverlapPolicy.QUEUE_ONE.value, _("wait for its end")),
            (OverlapPolicy.SKIP.value, _("leave it out")),
        ]
        words = _("Empty: the server's, %(zone)s.") % {"zone": default_zone()}
        self.fields["timezone"].help_text = words

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.at = self.moment()
        if self.at is not None and self.at <= self.now:
            self.add_error("date", _("This time has passed already. Choose one that is still to come."))
        return cleaned

    def with_new_id(self) -> "SingleForm":
        """The same as it was written, as a form that has not been sent yet."""
        data = {name: self[name].value() for name in self.fields} | {"form": str(uuid4())}
        return SingleForm(data, now=self.now)


def _judge(schedule: Mapping[str, Any]) -> None:
    try:
        validate(schedule)
    except ScheduleError as error:
        raise ValidationError(str(error)) from error
