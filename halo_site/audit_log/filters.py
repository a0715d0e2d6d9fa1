"""The filters of the audit log, as one bound GET form in the query string."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from halo_site.audit import KINDS
from halo_site.audit_log import objects
from halo_site.filters import FIRST_DAY, LAST_DAY, FilterForm, midnight
from halo_site.models import AuditEntry, AuditQuerySet
from halo_site.read_only import begins

SUGGESTED_FROM = 1_000  # newest lines that are looked through for words to offer
LONGEST = 200


def _text(label: Any, offered: str = "") -> forms.CharField:
    attrs = {
        "maxlength": LONGEST,
        "autocomplete": "off",
        **({"list": f"offered-{offered}"} if offered else {}),
    }
    return forms.CharField(label=label, required=False, max_length=LONGEST, widget=forms.TextInput(attrs))


def _day(label: Any) -> forms.DateField:
    attrs = {"type": "date", "min": FIRST_DAY.isoformat(), "max": LAST_DAY.isoformat()}
    wrong = {"invalid": _("Give a date such as 2026-11-23.")}
    widget = forms.DateInput(format="%Y-%m-%d", attrs=attrs)
    return forms.DateField(
        label=label, required=False, input_formats=["%Y-%m-%d"], widget=widget, error_messages=wrong
    )


class AuditFilter(FilterForm):
    """Narrows the audit log."""

    MAIN = ("q", "actor", "verb", "object_type")
    MORE = ("kind", "object_id", "since", "until")

    q = _text(_("Summary, object or who"))
    actor = _text(_("Who"), "actors")
    verb = _text(_("Did what"), "verbs")
    object_type = forms.ChoiceField(label=_("With what"), required=False)
    kind = forms.ChoiceField(label=_("Kind of who"), required=False)
    object_id = _text(_("Id of what"))
    since = _day(_("From"))
    until = _day(_("To"))

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query)
        known = sorted(objects.kinds().items(), key=lambda item: str(item[1]))
        asked = str(self.data.get("object_type", "")).strip()
        if asked and asked not in dict(known):  # a kind of an older or newer version
            known.append((asked, asked))
        self.offer("object_type", known, anything=_("Anything"))
        self.offer("kind", KINDS.items(), unknown=_("There is no such kind."))

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        since, until = data.get("since"), data.get("until")
        for name, day in (("since", since), ("until", until)):
            if day is not None and not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(name, _("Give a date between 1970 and 9998."))
        if since and until and until < since:
            self.add_error("until", _("The end lies before the beginning."))
        return data

    def rows(self) -> tuple[AuditQuerySet, AuditQuerySet, bool]:
        """The lines that indexes find, those of them that match, and whether that needs a scan."""
        asked = {name: value for name, value in self.cleaned_data.items() if value}
        among = AuditEntry.objects.all()
        if since := asked.pop("since", None):
            among = among.filter(ts__gte=midnight(since))
        if until := asked.pop("until", None):
            among = among.filter(ts__lt=midnight(until + timedelta(days=1)))
        if "object_id" in asked and "object_type" in asked:
            among = among.of_object(asked.pop("object_type"), asked.pop("object_id"))
        elif ":" in asked.get("actor", ""):
            among = among.filter(actor=asked.pop("actor"))
        rows = among
        for name, value in asked.items():
            rows = getattr(self, f"_by_{name}")(rows, value)
        return among, rows, bool(asked)

    def _by_q(self, rows: AuditQuerySet, text: str) -> AuditQuerySet:
        return rows.containing(text)

    def _by_actor(self, rows: AuditQuerySet, name: str) -> AuditQuerySet:
        """Somebody by name alone, of whatever kind."""
        return rows.filter(actor__in=[name, *(f"{kind}:{name}" for kind in KINDS)])

    def _by_verb(self, rows: AuditQuerySet, verb: str) -> AuditQuerySet:
        return rows.filter(verb=verb)

    def _by_object_type(self, rows: AuditQuerySet, kind: str) -> AuditQuerySet:
        return rows.filter(object_type=kind)

    def _by_object_id(self, rows: AuditQuerySet, key: str) -> AuditQuerySet:
        return rows.filter(object_id=key)

    def _by_kind(self, rows: AuditQuerySet, kind: str) -> AuditQuerySet:
        return rows.filter(begins("actor", f"{kind}:"))

    @cached_property
    def offered(self) -> dict[str, list[str]]:
        """Who did what among the newest lines: words to choose from, while any other can be typed."""
        newest = AuditEntry.objects.order_by("-ts", "-id").values_list("actor", "verb")[:SUGGESTED_FROM]
        pairs = list(newest)
        return {
            "actors": sorted({actor for actor, _verb in pairs}, key=str.casefold),
            "verbs": sorted({verb for _actor, verb in pairs}, key=str.casefold),
        }
