"""What happens to due times that were missed, or that come while a run is going: by the spec or a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from app_manager.spec.parts import Subscription
from scheduler.statuses import MissedPolicy

if TYPE_CHECKING:
    from app_manager.models import App

KEY = "policies"  # in `user_overrides`: subscription id → what a person set


class OverlapPolicy(models.TextChoices):
    """What happens to a due time while a run of the app is going."""

    SKIP = "skip", _("skip the time")
    QUEUE_ONE = "queue_one", _("let one run wait")


@dataclass(frozen=True)
class Policies:
    """Both of one subscription, as they are in force."""

    missed: MissedPolicy
    overlap: OverlapPolicy


def policies_of(subscription: Subscription, overrides: Mapping[str, Any]) -> Policies:
    """What a person set, over what the spec says."""
    own = own_policies(overrides).get(subscription.id, {})
    missed = MissedPolicy(own.get("missed", subscription.missed))
    return Policies(missed, OverlapPolicy(own.get("overlap", subscription.overlap)))


def own_policies(overrides: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Subscription id → what a person set; without what is no policy: a stranger may write the column."""
    stored = overrides.get(KEY)
    pairs = stored.items() if isinstance(stored, Mapping) else ()
    return {key: known for key, own in pairs if (known := _known(own))}


def with_policies(app: "App", key: str, wanted: Mapping[str, str | None]) -> dict[str, Any]:
    """The app's overrides with these set for a subscription; None or the spec's own is the spec's again."""
    written = next((each for each in app.parsed_spec.subscriptions if each.id == key), None)
    own = own_policies(app.user_overrides)
    mine = {**own.pop(key, {}), **wanted}
    kept = {
        name: str(value)
        for name, value in mine.items()
        if value is not None and written is not None and value != getattr(written, name)
    }
    everybody = {**own, key: kept} if kept else own
    rest = {name: value for name, value in app.user_overrides.items() if name != KEY}
    return {**rest, KEY: everybody} if everybody else rest


def _known(own: Any) -> dict[str, str]:
    choices: dict[str, list[str]] = {"missed": MissedPolicy.values, "overlap": OverlapPolicy.values}
    pairs = own.items() if isinstance(own, Mapping) else ()
    return {name: value for name, value in pairs if value in choices.get(name, ())}
