"""The filters of the inbox, as one bound GET form."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from app_runtime.escalations.questions import State
from halo_site.datadir.spaces import all_spaces
from halo_site.filters import FilterForm

STATES = (
    (State.ANSWERED, _("Answered")),
    (State.EXPIRED, _("Expired")),
    (State.DISMISSED, _("Dismissed")),
    (State.CLOSED, _("Closed otherwise")),
)
DUE = (("day", _("Within a day")), ("any", _("With a deadline")))


class InboxFilter(FilterForm):
    """Narrows the inbox."""

    MAIN, MORE = ("q", "state"), ("app", "space", "due")

    q = forms.CharField(label=_("What it asks"), required=False, max_length=200)
    state = forms.ChoiceField(label=_("State"), required=False)
    app = forms.ChoiceField(label=_("App"), required=False)
    space = forms.ChoiceField(label=_("Space"), required=False)
    due = forms.ChoiceField(label=_("Due"), required=False)

    def __init__(self, query: QueryDict, apps: list[tuple[str, str]], spaces: set[str] | None) -> None:
        super().__init__(query)
        listed = [(s.id, s.name) for s in all_spaces() if spaces is None or s.id in spaces]
        self.offer("state", STATES, unknown=gettext("There is no such state."), anything=gettext("Waiting"))
        self.offer("app", apps, unknown=gettext("There is no app with this id."))
        self.offer("space", listed, unknown=gettext("There is no space with this id."))
        self.offer("due", DUE, unknown=gettext("There is no such time."), anything=gettext("At any time"))
        self.fields["q"].widget = forms.TextInput(attrs={"type": "search", "maxlength": 200})

    def clean_q(self) -> str:
        return str(self.cleaned_data["q"]).strip()

    @property
    def listed(self) -> str:
        """The state that is listed; open by default."""
        return str(self.cleaned_data.get("state") or State.OPEN)
