"""How much of an app people are told outside of this site (halo-facts §8, desktop notice level)."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

KEY = "notification_level"  # in `user_overrides_json`


class Level(models.TextChoices):
    """All of its entries, the important ones, or none."""

    ALL = "all", _("everything")
    IMPORTANT = "important", _("questions, milestones, outputs, failures")
    NONE = "none", _("nothing")


def own_level(overrides: Mapping[str, Any]) -> Level | None:
    """What a person chose for this app; None where nobody did, or what is stored is no level."""
    stored = overrides.get(KEY)
    return Level(stored) if stored in Level.values else None


def level_of(overrides: Mapping[str, Any]) -> Level:
    """The level in force."""
    return own_level(overrides) or Level.IMPORTANT
