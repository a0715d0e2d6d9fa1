"""The caps of one app's runs: the site's, unless a person gave the app its own (BEHAVIOUR, Runs)."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from halo_site.datadir.config import RunSettings

# What a person may set for one app; the rest of RunSettings is the server's alone.
CAPS = ("wall_clock_minutes", "idle_minutes", "model_turns", "tokens", "money_usd")


def limits_of(overrides: Mapping[str, Any], runs: RunSettings) -> RunSettings:
    """The settings with the caps of ``user_overrides["limits"]``; a stored value that is none is left out."""
    own = own_caps(overrides, runs)
    return RunSettings.model_validate({**runs.model_dump(exclude_unset=True), **own}) if own else runs


def own_caps(overrides: Mapping[str, Any], runs: RunSettings) -> dict[str, Any]:
    """The caps that a person gave this app, as far as they are legal values."""
    own = overrides.get("limits")
    given = {cap: own[cap] for cap in CAPS if cap in own} if isinstance(own, Mapping) else {}
    return {cap: value for cap, value in given.items() if _is_legal(cap, value)}


def _is_legal(cap: str, value: Any) -> bool:
    try:
        RunSettings.model_validate({cap: value})
    except ValidationError:
        return False
    return True
