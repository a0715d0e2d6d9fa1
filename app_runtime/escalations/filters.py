"""The filters of the inbox, as one bound GET form."""

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from app_runtime.escalations.questions import State
from app_runtime.runs.filters import ActiveFilter, encoded
from halo_site.datadir.spaces import all_spaces

STATES = (
    (State.ANSWERED, _("Answered")),
    (State.EXPIRED, _("Expired")),
    (State.DISMISSED, _("Dismissed")),
    (State.CLOSED, _("Closed otherwise")),
)
MAIN, MORE = ("q", "state"), ("app", "space", "due")
DUE = (("day", _("Within a day")), ("any", _("With a deadline")))


class InboxFilter(forms.Form):
    """Narrows the inbox. Parameters that it does not know are nobody's business here."""

    q = forms.CharField(label=_("What it asks"), required=False, max_length=200)
    state = forms.ChoiceField(label=_("State"), required=False)
    app = forms.ChoiceField(label=_("App"), required=False)
    space = forms.ChoiceField(label=_("Space"), required=False)
    due = forms.ChoiceField(label=_("Due"), required=False)

    def __init__(self, query: QueryDict, apps: list[tuple[str, str]], spaces: set[str] | None) -> None:
        super().__init__(query.copy(), auto_id="filter-%s")
        listed = [(s.id, s.name) for s in all_spaces() if spaces is None or s.id in spaces]
        self._offer("state", STATES, gettext("There is no such state."), gettext("Waiting"))
        self._offer("app", apps, gettext("There is no app with this id."))
        self._offer("space", listed, gettext("There is no space with this id."))
        self._offer("due", DUE, gettext("There is no such time."), gettext("At any time"))
        self.fields["q"].widget = forms.TextInput(attrs={"type": "search", "maxlength": 200})

    def _offer(self, name: str, choices: Any, unknown: str, anything: str = "") -> None:
        field = cast("forms.ChoiceField", self.fields[name])
        field.choices = [("", anything or gettext("Any")), *choices]
        field.error_messages["invalid_choice"] = unknown

    def clean_q(self) -> str:
        return str(self.cleaned_data["q"]).strip()

    @cached_property
    def given(self) -> dict[str, str]:
        """What was asked for, right or wrong, without what is empty."""
        values = {name: str(self.data.get(name, "")).strip() for name in self.fields}
        return {name: value for name, value in values.items() if value}

    @property
    def active(self) -> list[ActiveFilter]:
        """Each filter that was asked for, in the order of the form."""
        return [
            ActiveFilter(str(self.fields[name].label), self._words(name, value), self._without(name))
            for name, value in self.given.items()
        ]

    @property
    def main(self) -> list[forms.BoundField]:
        return [self[name] for name in MAIN]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in MORE]

    @property
    def is_open(self) -> bool:
        """Whether one of the less used filters is in use, so that they are shown."""
        return any(name in self.given for name in MORE)

    @property
    def listed(self) -> str:
        """The state that is listed; open by default."""
        return str(self.cleaned_data.get("state") or State.OPEN)

    def _words(self, name: str, value: str) -> str:
        choices = getattr(self.fields[name].widget, "choices", ())
        return {str(key): str(label) for key, label in choices}.get(value, value)

    def _without(self, name: str) -> str:
        return encoded({key: value for key, value in self.given.items() if key != name})
