"""The links in messages: signed, for one purpose, for one question, until it is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.signing import BadSignature, TimestampSigner

from app_runtime.models import Entry
from halo_site.store.fields import HIGHEST_MS, LOWEST_MS, from_ms, to_ms

SALT = "app_runtime.notifications.links"
PURPOSE = "question"  # to be shown a question; a link decides nothing
LONGEST = timedelta(days=7)  # of a question without a deadline
LONGEST_TOKEN = 2_000  # characters; longer ones are not ours


class LinkRefused(Exception):
    """The link cannot be followed."""


class LinkWrong(LinkRefused):
    """It was changed on its way, or it is not ours."""


class LinkMisused(LinkRefused):
    """It is ours and was made for something else."""


class LinkExpired(LinkRefused):
    """Its time is over. ``entry_id`` is the question that it led to."""

    def __init__(self, entry_id: str) -> None:
        super().__init__(entry_id)
        self.entry_id = entry_id


@dataclass(frozen=True)
class Link:
    """What a genuine link says."""

    entry_id: str
    target_id: str


def token_for(entry: Entry, target_id: str, now: datetime, purpose: str = PURPOSE) -> str:
    """The token of a link to this question, sent to that target now."""
    until = entry.deadline or now + LONGEST
    said = {"entry": entry.pk, "purpose": purpose, "target": target_id, "until": to_ms(until)}
    return _signer().sign_object(said)


def read(token: str, now: datetime) -> Link:
    """What it says. Raises `LinkWrong`, `LinkMisused` or `LinkExpired`."""
    said = _said(token)
    if said.get("purpose") != PURPOSE:
        raise LinkMisused
    until = said.get("until")
    if not isinstance(until, int) or not LOWEST_MS <= until <= HIGHEST_MS:
        raise LinkWrong
    if now >= from_ms(until):
        raise LinkExpired(str(said.get("entry")))
    return Link(str(said.get("entry")), str(said.get("target")))


def _said(token: str) -> dict[str, Any]:
    if len(token) > LONGEST_TOKEN:
        raise LinkWrong
    try:
        said = _signer().unsign_object(token)
    except (BadSignature, ValueError) as error:
        raise LinkWrong from error
    if not isinstance(said, dict):
        raise LinkWrong
    return said


def _signer() -> TimestampSigner:
    return TimestampSigner(salt=SALT)
