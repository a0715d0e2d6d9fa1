"""The forms of the page of notifications."""

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from app_manager.models import App
from app_runtime.statuses import EntryType
from halo_site.datadir.mail import MailServer
from halo_site.datadir.notification_rules import TYPES
from halo_site.datadir.notification_targets import MAIL, Notifications, NotificationTarget
from halo_site.datadir.spaces import all_spaces
from halo_site.zones import is_zone, system_zone

SECURITY = (("starttls", "STARTTLS"), ("tls", "TLS"), ("none", _("none (on this machine only)")))
MOST_APPS = 1_000
REFERENCES = ("env:", "secret:")
NOTHING_CHOSEN = {
    "targets": _("None chosen: every target."),
    "types": _("None chosen: everything that the level of an app lets through."),
    "spaces": _("None chosen: all spaces."),
    "apps": _("None chosen: all apps. With spaces and apps chosen, both have to fit."),
}
WRITE_ONLY = {"autocomplete": "off"}


def type_names() -> dict[str, Any]:
    """What people call the types that rules speak of."""
    names: dict[str, Any] = {word: EntryType(word).label for word in TYPES}
    return names | {"escalation": _("Questions"), "run_error": _("Failures, and that it works again")}


class TargetForm(forms.Form):
    """One target: an e-mail address, or an address of a service that is never shown again."""

    name = forms.CharField(label=_("Name"), max_length=100)
    mail = forms.EmailField(label=_("An e-mail address"), required=False)
    address = forms.CharField(
        label=_("The address of a service"), required=False, max_length=2000,
        widget=forms.PasswordInput(attrs=WRITE_ONLY),
    )  # fmt: skip
    reference = forms.CharField(
        label=_("The place where such an address is kept"), required=False, max_length=200,
        help_text=_("env:NAME for a variable that the server has, secret:NAME for a line of secrets.json"),
    )  # fmt: skip

    def __init__(self, *args: Any, target: NotificationTarget | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.target = target
        words = _(
            "As apprise writes it: ntfys://ntfy.sh/TOPIC for a phone, jsons://example.org/hook for a "
            "program, and a hundred others. It is kept in secrets.json and never shown again. It may lie in "
            "your own network."
        )
        empty = _("All three empty: as it was.")
        self.fields["address"].help_text = f"{words} {empty}" if target else words

    @classmethod
    def of(cls, target: NotificationTarget) -> "TargetForm":
        """The form of a target; an address that is kept apart is not in it."""
        initial = {"name": target.name, "mail": target.mail_address}
        if target.url.startswith(REFERENCES) and target.url != f"secret:target-{target.id}":
            initial["reference"] = target.url
        return cls(target=target, initial=initial)

    @property
    def url(self) -> str:
        """What config.json says of it, apart from an address that is typed in."""
        mail = self.cleaned_data["mail"]
        return f"{MAIL}{mail}" if mail else str(self.cleaned_data["reference"])

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).strip()
        if address and "://" not in address:
            raise forms.ValidationError(_("This is no address of a service: it has no ://, as in ntfys://…"))
        return address

    def clean_reference(self) -> str:
        reference = str(self.cleaned_data["reference"]).strip()
        if reference and not reference.startswith(REFERENCES):
            if isinstance(self.data, QueryDict):  # it may be the address itself: not to be shown again
                self.data = {**self.data.dict(), "reference": ""}
            raise forms.ValidationError(_("Give env:NAME or secret:NAME, never the address itself."))
        return reference

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        given = [name for name in ("mail", "address", "reference") if data.get(name)]
        if len(given) > 1:
            self.add_error(None, _("Give one of the three: e-mail address, address of a service, reference."))
        if not given and self.target is None and not self.errors:
            self.add_error("address", _("Say where messages go: an e-mail address or an address."))
        return data


def _several(label: Any) -> forms.MultipleChoiceField:
    """Any number of choices, each with a box; a long list of them scrolls."""
    boxes = forms.CheckboxSelectMultiple(attrs={"class": "ticks"})
    return forms.MultipleChoiceField(label=label, required=False, widget=boxes)


class RuleForm(forms.Form):
    """One rule. What is left empty means all of them."""

    targets = _several(_("Who is told"))
    types = _several(_("Of what"))
    spaces = _several(_("Of which spaces"))
    apps = _several(_("Of which apps"))

    def __init__(self, *args: Any, known: Notifications, **options: Any) -> None:
        super().__init__(*args, **options)
        apps = App.objects.installed().order_by("spec_id", "pk")[:MOST_APPS]
        self._offer("targets", [(target.id, target.name) for target in known.targets])
        self._offer("types", list(type_names().items()))
        self._offer("spaces", [(space.id, space.name) for space in all_spaces()])
        self._offer("apps", [(app.pk, app.name) for app in apps])
        for name, words in NOTHING_CHOSEN.items():
            self.fields[name].help_text = words

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        cast("forms.MultipleChoiceField", self.fields[name]).choices = choices

    @property
    def values(self) -> dict[str, Any]:
        """After a successful `is_valid`: the rule as config.json has it."""
        return {name: list(self.cleaned_data[name]) for name in self.fields}


class QuietForm(forms.Form):
    """Quiet hours, digest, equal failures. Both times of the quiet hours, or none."""

    start = forms.TimeField(label=_("Quiet from"), required=False)
    end = forms.TimeField(label=_("Quiet until"), required=False)
    digest = forms.TimeField(label=_("Send what was held at"), required=False)
    zone = forms.CharField(label=_("Time zone"), required=False, max_length=60)
    same_failure_minutes = forms.IntegerField(
        label=_("Minutes in which equal failures of an app are one message"), min_value=0, max_value=10_080
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("start", "end", "digest"):
            self.fields[name].widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
        self.fields["digest"].help_text = _("Empty: as soon as the quiet hours end.")
        self.fields["zone"].help_text = _("Empty: the server's, %(zone)s") % {"zone": system_zone()}
        self.fields["same_failure_minutes"].help_text = _("0: each failure is a message of its own.")

    @classmethod
    def of(cls, known: Notifications) -> "QuietForm":
        quiet, digest = known.quiet, known.digest
        initial = {
            "same_failure_minutes": known.same_failure_minutes,
            "digest": digest.at if digest else None,
        }
        if quiet is not None:
            initial |= {"start": quiet.start, "end": quiet.end, "zone": quiet.zone}
        return cls(initial=initial)

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"]).strip()
        if zone and not is_zone(zone):
            raise forms.ValidationError(_("There is no such zone. Write it as in Europe/Vienna."))
        return zone

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        start, end = data.get("start"), data.get("end")
        if (start is None) != (end is None) and not self.errors:
            self.add_error("end" if end is None else "start", _("Give both times, or none."))
        elif start is not None and start == end:
            self.add_error("end", _("Quiet hours end at another time than they start."))
        elif start is None and data.get("digest") is not None and not self.errors:
            # It would be dropped: nothing is held then, so that it has no meaning
            words = _("Nothing is held without quiet hours. Give these too, or leave this time empty.")
            self.add_error("digest", words)
        return data

    @property
    def values(self) -> dict[str, Any]:
        """After a successful `is_valid`: the parts of config.json; None for what is not set."""
        data, quiet, digest = self.cleaned_data, None, None
        if data["start"] is not None:
            quiet = {"start": f"{data['start']:%H:%M}", "end": f"{data['end']:%H:%M}", "zone": data["zone"]}
            if data["digest"] is not None:
                digest = {"at": f"{data['digest']:%H:%M}"}
        return {"quiet": quiet, "digest": digest, "sameFailureMinutes": data["same_failure_minutes"]}


class MailForm(forms.Form):
    """The mail server; its password is stored apart, and no page shows it again."""

    host = forms.CharField(label=_("Mail server"), max_length=253)
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535)
    security = forms.ChoiceField(label=_("Encryption"), choices=SECURITY)
    sender = forms.CharField(label=_("Sender"), max_length=300, help_text=_("Such as halo@example.org"))
    user = forms.CharField(label=_("User name"), required=False, max_length=300)
    password = forms.CharField(
        label=_("Password"), required=False, max_length=500, widget=forms.PasswordInput(attrs=WRITE_ONLY),
        help_text=_("It is kept in secrets.json and never shown. Empty: as it was."),
    )  # fmt: skip

    def __init__(self, *args: Any, known: MailServer, **options: Any) -> None:
        super().__init__(*args, **options)
        self.known = known

    @classmethod
    def of(cls, server: MailServer) -> "MailForm":
        return cls(
            known=server, initial=server.model_dump(include={"host", "port", "security", "sender", "user"})
        )

    @property
    def values(self) -> dict[str, Any]:
        """After a successful `is_valid`: the part `mail` of config.json, without the password."""
        data = self.cleaned_data
        return {
            "host": data["host"].strip(),
            "port": data["port"],
            "security": data["security"],
            "user": data["user"].strip(),
            "from": data["sender"].strip(),
        }

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        if not self.errors:
            try:
                self._refuse_to_tell(MailServer.model_validate(self.values), str(data["password"]))
            except ValidationError:
                self.add_error(None, _("These values cannot be used together."))
        return data

    def _refuse_to_tell(self, server: MailServer, typed: str) -> None:
        """A stored password goes to the server that it was given for only, and as well hidden."""
        keeps = bool(self.known.password and server.user)
        if keeps and not typed and self.known.would_learn_more(server):
            words = _("The server, the user name or the encryption changed: type the password again for it.")
            self.add_error("password", words)
        if (typed or keeps) and server.security == "none" and not server.is_on_this_machine:
            words = _("Without encryption a password goes to a server on this machine only. Choose another.")
            self.add_error("security", words)


class MailTestForm(forms.Form):
    """Where a test of the mail server goes."""

    to = forms.EmailField(label=_("Send a test to"))
