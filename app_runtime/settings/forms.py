"""The forms of the settings: what a person types, judged and turned into stored values."""

import ipaddress
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from app_manager.limits import CAPS
from app_runtime.models import Price
from halo_site.datadir.ai_sources import ModelSource
from halo_site.datadir.config import RunSettings

PROVIDERS = (
    ("openai", "OpenAI"),
    ("anthropic", "Anthropic"),
    ("openai-compatible", _("A server that speaks as OpenAI does (Ollama, vLLM, llama.cpp, OpenRouter, …)")),
)
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
        label=_("Model"), max_length=200, help_text=_("Its name as the provider writes it.")
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
        help_text=_("It is kept in secrets.json and never shown. Empty: as it was."),
    )  # fmt: skip
    reference = forms.CharField(
        label=_("Or where the key is"), required=False, max_length=200, help_text=_("env:NAME or secret:NAME")
    )
    stream = forms.BooleanField(label=_("Its answers come as a stream"), required=False, initial=True)

    @classmethod
    def of(cls, source: ModelSource) -> "SourceForm":
        """The form with a source's values; its key is none of them."""
        values = source.model_dump(
            include={"name", "provider", "model", "base_url", "allow_private", "stream"}
        )
        return cls(initial={**values, "reference": source.api_key})

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

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
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


def is_private(address: str) -> bool:
    """Whether an address names this machine or its network outright; names are judged on connecting."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


class LimitsForm(forms.Form):
    """The five caps of a run; an empty field means the value that stands behind it."""

    wall_clock_minutes = forms.FloatField(label=_("Longest run, in minutes"), required=False)
    idle_minutes = forms.FloatField(label=_("Longest time without a step, in minutes"), required=False)
    model_turns = forms.IntegerField(label=_("Most model turns"), required=False)
    tokens = forms.IntegerField(label=_("Most tokens, in and out together"), required=False)
    money_usd = forms.DecimalField(label=_("Most money, in US dollars"), required=False, max_digits=10)

    def __init__(self, *args: Any, behind: RunSettings, **options: Any) -> None:
        super().__init__(*args, **options)
        for cap in CAPS:
            value = getattr(behind, cap)
            words = _("no cap") if value is None else f"{value:g}" if isinstance(value, float) else str(value)
            self.fields[cap].help_text = _("Empty: %(value)s") % {"value": words}

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        for cap in CAPS:
            if data.get(cap) is None:
                continue
            try:
                RunSettings.model_validate({cap: data[cap]})
            except ValidationError as error:
                self.add_error(cap, error.errors()[0]["msg"])
        return data

    @property
    def values(self) -> dict[str, Any]:
        """After a successful `is_valid`: what was given, as JSON has it."""
        given = {cap: self.cleaned_data[cap] for cap in CAPS if self.cleaned_data[cap] is not None}
        return {cap: float(value) if isinstance(value, Decimal) else value for cap, value in given.items()}


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A dated price of one model."""

    class Meta:
        model = Price
        fields = ("model", "valid_from", "input_usd", "output_usd", "cached_usd")
        widgets = {"model": forms.TextInput, "valid_from": forms.DateInput(attrs={"type": "date"})}

    def clean(self) -> dict[str, Any]:
        data = cast("dict[str, Any]", super().clean())
        for field in ("input_usd", "output_usd", "cached_usd"):
            if data.get(field) is not None and data[field] < 0:
                self.add_error(field, _("A price is not negative."))
        return data
