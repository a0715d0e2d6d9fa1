"""The forms of the settings: what a person types, judged and turned into stored values."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from app_manager.limits import CAPS
from app_runtime.models import Price
from halo_site.addresses import is_public, literal
from halo_site.datadir.ai_sources import AiSources, ModelSource
from halo_site.datadir.config import RunSettings

PROVIDERS = (
    ("openai", "OpenAI"),
    ("anthropic", "Anthropic"),
    ("openai-compatible", _("A server that speaks as OpenAI does (Ollama, vLLM, llama.cpp, OpenRouter, …)")),
)
LONGEST_NAME = 200  # characters of a model's name
FIELDS = {
    "model": "model",
    "baseUrl": "base_url",
    "apiKey": "reference",
    "name": "name",
    "base_url": "base_url",
}


class SourceForm(forms.Form):
    """One model source. A key that is typed in is stored apart, and no page shows it again."""

    name = forms.CharField(label=_("Name"), max_length=100)
    provider = forms.ChoiceField(label=_("Provider"), choices=PROVIDERS)
    model = forms.CharField(
        label=_("Model"), max_length=LONGEST_NAME, help_text=_("Its name as the provider writes it.")
    )
    base_url = forms.CharField(
        label=_("Address"), required=False, max_length=500, help_text=_(
            "Empty for OpenAI and Anthropic themselves. Ollama: http://127.0.0.1:11434/v1 · "
            "vLLM: http://127.0.0.1:8000/v1 · llama.cpp: http://127.0.0.1:8080/v1"
        ),
    )  # fmt: skip
    allow_private = forms.BooleanField(
        label=_("This address is on my own machine or network"), required=False
    )
    key = forms.CharField(
        label=_("Key"), required=False, max_length=500, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    reference = forms.CharField(
        label=_("Or where the key is"), required=False, max_length=200, help_text=_("env:NAME or secret:NAME")
    )
    stream = forms.BooleanField(label=_("Its answers come as a stream"), required=False, initial=True)

    def __init__(
        self, *args: Any, source: ModelSource | None = None, others: Collection[str] = (), **options: Any
    ) -> None:
        """``source`` is the one that is changed, ``others`` are the names of all the others."""
        super().__init__(*args, **options)
        self.others = {name.casefold() for name in others}
        kept = _("It is kept in secrets.json and never shown.")
        self.fields["key"].help_text = _("%(kept)s Empty: as it was.") % {"kept": kept} if source else kept

    @classmethod
    def of(cls, source: ModelSource) -> "SourceForm":
        """The form with a source's values; its key is none of them."""
        values = source.model_dump(
            include={"name", "provider", "model", "base_url", "allow_private", "stream"}
        )
        return cls(source=source, initial={**values, "reference": source.api_key})

    @property
    def values(self) -> dict[str, Any]:
        """After a successful `is_valid`: the source's part of config.json, without its id."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "provider": data["provider"],
            "model": data["model"].strip(),
            "baseUrl": data["base_url"].strip(),
            "apiKey": data["reference"].strip(),
            "allowPrivate": data["allow_private"],
            "stream": data["stream"],
        }

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if name.casefold() in self.others:
            raise forms.ValidationError(_("Another source has this name. Choose one that tells them apart."))
        return name

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        self._forget_pasted_key()
        if self.errors:
            return data
        try:
            source = ModelSource.model_validate({**self.values, "id": "new"})
        except ValidationError as error:
            for problem in error.errors():
                place = str(problem["loc"][-1]) if problem["loc"] else ""
                self.add_error(
                    FIELDS.get(place, "base_url"), str(problem["msg"]).removeprefix("Value error, ")
                )
        else:
            if is_private(source.base_url) and not source.allow_private:
                self.add_error(
                    "base_url",
                    _("This is an address of this machine or network. Tick the box below if it is meant."),
                )
        return data

    def _forget_pasted_key(self) -> None:
        """A key in the place of its reference is refused, and the page must not show it again."""
        if not str(self.data.get("reference", "")).strip().startswith(("env:", "secret:")):
            self.data = {**self.data.dict(), "reference": ""} if isinstance(self.data, QueryDict) else {}


def is_private(address: str) -> bool:
    """Whether an address names this machine or its network outright; names are judged on connecting."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    found = literal(host)
    return found is not None and not is_public(found)


LEGAL = {
    "wall_clock_minutes": _("Give minutes: more than 0, and at most 1440, which is a day."),
    "idle_minutes": _("Give minutes: more than 0, and at most 1440, which is a day."),
    "model_turns": _("Give a whole number from 1 to 10000."),
    "tokens": _("Give a whole number from 1 on."),
    "money_usd": _("Give an amount of more than 0."),
}


class LimitsForm(forms.Form):
    """The five caps of a run; an empty field means the value that stands behind it."""

    wall_clock_minutes = forms.FloatField(label=_("Longest run, in minutes"), required=False)
    idle_minutes = forms.FloatField(label=_("Longest time without a step, in minutes"), required=False)
    model_turns = forms.IntegerField(label=_("Most model turns"), required=False)
    tokens = forms.IntegerField(label=_("Most tokens, in and out together"), required=False)
    money_usd = forms.DecimalField(label=_("Most money, in US dollars"), required=False, max_digits=10)

    def __init__(self, *args: Any, behind: RunSettings, wrong: Collection[str] = (), **options: Any) -> None:
        """``behind`` is what counts where a field is empty; ``wrong`` are caps set to what is none."""
        super().__init__(*args, **options)
        for cap in CAPS:
            value = getattr(behind, cap)
            words = _("no cap") if value is None else f"{value:g}" if isinstance(value, float) else str(value)
            self.fields[cap].help_text = _("Empty: %(value)s") % {"value": words}
            if cap in wrong:
                self.fields[cap].help_text = _(
                    "What config.json has here cannot be used. It is replaced when you save. Empty: %(value)s"
                ) % {"value": words}

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        for cap in CAPS:
            if data.get(cap) is None:
                continue
            try:
                RunSettings.model_validate({cap: data[cap]})
            except ValidationError:
                self.add_error(cap, LEGAL[cap])
        return data

    @property
    def values(self) -> dict[str, Any]:
        """After a successful `is_valid`: what was given, as JSON has it."""
        given = {cap: self.cleaned_data[cap] for cap in CAPS if self.cleaned_data[cap] is not None}
        return {cap: float(value) if isinstance(value, Decimal) else value for cap, value in given.items()}


class AppRunsForm(LimitsForm):
    """One app's own model and caps. ``known`` are the sources that it may choose."""

    model = forms.ChoiceField(
        label=_("Model"), required=False,
        error_messages={"invalid_choice": _("There is no such model source any more. Choose another.")},
    )  # fmt: skip

    def __init__(self, *args: Any, known: AiSources, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order_fields(["model"])
        default = known.get(known.current_id or "")
        words = _("none is chosen") if known.is_meant else _("none, runs are rehearsals")
        first = _("the site's default: %(name)s") % {"name": default.name if default else words}
        offered = [(source.id, f"{source.name} ({source.model})") for source in known.sources]
        cast("forms.ChoiceField", self.fields["model"]).choices = [("", first), *offered]


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A dated price of one model."""

    class Meta:
        model = Price
        fields = ("model", "valid_from", "input_usd", "output_usd", "cached_usd")
        widgets = {"model": forms.TextInput, "valid_from": forms.DateInput(attrs={"type": "date"})}

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        if len(data.get("model") or "") > LONGEST_NAME:
            self.add_error("model", _("The name of a model has at most 200 characters."))
        for field in ("input_usd", "output_usd", "cached_usd"):
            if data.get(field) is not None and data[field] < 0:
                self.add_error(field, _("A price is not negative."))
        return data
