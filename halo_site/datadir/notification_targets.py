"""Where notifications go: the part `notifications` of config.json, addresses by reference only."""

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from halo_site.datadir.ai_sources import first_words

# Words of addresses that stand in ordinary text too, and give nothing away
PLAIN_WORDS = frozenset(("hooks", "incoming", "message", "messages", "services", "webhook", "webhooks"))
PLAIN_OPTIONS = frozenset(
    ("cto", "emojis", "format", "image", "method", "overflow", "priority", "rto", "sound", "verify")
)


class NotificationTarget(BaseModel):
    """One target of one service. ``url`` is ``env:NAME`` or ``secret:NAME`` of an apprise address."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    name: str = Field(min_length=1, max_length=100)
    url: str

    @field_validator("url")
    @classmethod
    def is_a_reference(cls, value: str) -> str:
        if not value.startswith(("env:", "secret:")):
            raise ValueError("must be env:NAME or secret:NAME, never the address itself")
        return value


class Notifications(BaseModel):
    """All targets. One that cannot be used as it stands is left out, and ``problems`` says why."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)

    targets: tuple[NotificationTarget, ...] = ()
    problems: tuple[str, ...] = Field((), exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _without_wrong_ones(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("targets"), list | tuple):
            return value
        good: dict[str, NotificationTarget] = {}
        problems = []
        for number, item in enumerate(value["targets"], 1):
            try:
                target = NotificationTarget.model_validate(item)
            except ValidationError as error:
                problems.append(f"notifications: target {number}: {first_words(error)}")
                continue
            if target.id in good:
                problems.append(f"notifications: target {number}: the id {target.id} is used twice")
            good.setdefault(target.id, target)
        return {**value, "targets": tuple(good.values()), "problems": tuple(problems)}

    def get(self, target_id: str) -> NotificationTarget | None:
        """The target of that id; None where there is none."""
        return next((target for target in self.targets if target.id == target_id), None)


def hidden_parts(url: str) -> list[str]:
    """What of an address nobody may read: the whole, and each part of it that can be a token or a password.

    A host with a dot stays visible, and so do `PLAIN_WORDS`; a host without is a token with most services (``slack://TOKEN/…``).
    """
    rest, _question, query = url.partition("://")[2].partition("?")
    authority, *path = rest.split("/")
    login, _at, place = authority.rpartition("@")
    hosts = [place, *place.split(":")] if "." not in place and not place.startswith("localhost") else []
    options = [value for name, value in parse_qsl(query) if name.lower() not in PLAIN_OPTIONS]
    parts = [login, *login.split(":"), *hosts, *path, *(re.split(r"[,#]", "/".join(path))), *options]
    return [
        part for part in dict.fromkeys([url, *parts, *map(unquote, parts)]) if part not in {"", *PLAIN_WORDS}
    ]
