"""The caps of one app's runs: the site's, unless a person gave the app its own (BEHAVIOUR, Runs)."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from halo_site.datadir.config import RunSettings

# What a person may set for one app; the rest of RunSettings is the server's alone.
CAPS = ("wall_clock_minutes", "idle_minutes", "model_turns", "tokens", "money_usd")


def limits_of(overrides: Mapping[str, Any], runs: RunSettings) -> RunSettings:
    """The settings with the caps of ``user_overrides["limits"]``; a stored value that is none is left out."""
    own = overrides.get("limits")
    if not isinstance(own, Mapping):
        return runs
    for cap in CAPS:
        if cap in own:
            runs = _with(runs, cap, own[cap])
    return runs


def _with(runs: RunSettings, cap: str, value: Any) -> RunSettings:
    try:
        return RunSettings.model_validate({**runs.model_dump(), cap: value})
    except ValidationError:
        return runs
