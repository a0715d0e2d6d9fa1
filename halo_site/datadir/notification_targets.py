"""Where notifications go: the part `notifications` of config.json, addresses by reference only."""

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from halo_site.datadir.ai_sources import first_words
from halo_site.datadir.notification_rules import Digest, QuietHours, Rule, usable_part, usable_rules

# Words of addresses that stand in ordinary text too, and give nothing away
PLAIN_WORDS = frozenset(("hooks", "incoming", "message", "messages", "services", "webhook", "webhooks"))
PLAIN_OPTIONS = frozenset(
    ("cto", "emojis", "format", "image", "method", "overflow", "priority", "rto", "sound", "verify")
)
MAIL = "mail:"  # before an e-mail address, which our own mail server gets to carry
MAIL_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")


class NotificationTarget(BaseModel):
    """One target of one service. ``url`` is ``env:NAME`` or ``secret:NAME`` of an apprise address.

    An e-mail address is no secret: ``mail:NAME@example.org`` may stand there itself.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    name: str = Field(min_length=1, max_length=100)
    url: str

    @field_validator("url")
    @classmethod
    def is_a_reference(cls, value: str) -> str:
        if value.startswith(MAIL):
            if not MAIL_ADDRESS.fullmatch(value.removeprefix(MAIL)):
                raise ValueError("must be mail: and one e-mail address")
        elif not value.startswith(("env:", "secret:")):
            raise ValueError("must be env:NAME or secret:NAME, never the address itself")
        return value

    @property
    def mail_address(self) -> str:
        """Of a target that our mail server carries to, where it stands in the open; else empty."""
        return self.url.removeprefix(MAIL) if self.url.startswith(MAIL) else ""


class Notifications(BaseModel):
    """All targets. One that cannot be used as it stands is left out, and ``problems`` says why."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)

    targets: tuple[NotificationTarget, ...] = ()
    rules: tuple[Rule, ...] | None = (
        None  # None: everything that its app's level lets through, to all targets
    )
    quiet: QuietHours | None = None
    digest: Digest | None = None
    same_failure_minutes: int = Field(60, ge=0, le=7 * 24 * 60)  # 0: every failure is told by itself
    problems: tuple[str, ...] = Field((), exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _without_wrong_ones(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        rules, problems = usable_rules(value.get("rules"))
        quiet, wrong_quiet = usable_part(QuietHours, "quiet", value.get("quiet"))
        digest, wrong_digest = usable_part(Digest, "digest", value.get("digest"))
        value = {**value, "rules": rules, "quiet": quiet, "digest": digest}
        value["problems"] = (*problems, *wrong_quiet, *wrong_digest)
        if not isinstance(value.get("targets"), list | tuple):
            return value
        targets, wrong = cls._targets(value["targets"])
        return {**value, "targets": targets, "problems": (*wrong, *value["problems"])}

    @staticmethod
    def _targets(listed: Any) -> tuple[tuple[NotificationTarget, ...], list[str]]:
        """Those that can be used, and what is wrong with the others."""
        good: dict[str, NotificationTarget] = {}
        problems = []
        for number, item in enumerate(listed, 1):
            try:
                target = NotificationTarget.model_validate(item)
            except ValidationError as error:
                problems.append(f"notifications: target {number}: {first_words(error)}")
                continue
            if target.id in good:
                problems.append(f"notifications: target {number}: the id {target.id} is used twice")
            good.setdefault(target.id, target)
        return tuple(good.values()), problems

    def get(self, target_id: str) -> NotificationTarget | None:
        """The target of that id; None where there is none."""
        return next((target for target in self.targets if target.id == target_id), None)


def hidden_parts(url: str) -> list[str]:
    """What of an address nobody may read: the whole, and each part of it that can be a token or a password.

    A host with a dot stays visible, and so do `PLAIN_WORDS`; a host without is a token with most services (``slack://TOKEN/…``).
    """
    if url.startswith(MAIL):
        return []  # an e-mail address is no secret
    rest, _question, query = url.partition("://")[2].partition("?")
    authority, *path = rest.split("/")
    login, _at, place = authority.rpartition("@")
    hosts = [place, *place.split(":")] if "." not in place and not place.startswith("localhost") else []
    options = [value for name, value in parse_qsl(query) if name.lower() not in PLAIN_OPTIONS]
    parts = [login, *login.split(":"), *hosts, *path, *(re.split(r"[,#]", "/".join(path))), *options]
    return [
        part for part in dict.fromkeys([url, *parts, *map(unquote, parts)]) if part not in {"", *PLAIN_WORDS}
    ]
