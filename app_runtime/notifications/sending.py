"""Sends a message to a target, in a process of its own and within a time limit."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from contextlib import suppress
from email.utils import make_msgid, parseaddr
from typing import Any, NamedTuple

from app_runtime.exceptions import CourierLost, MailUnset
from app_runtime.notifications import courier
from halo_site.datadir.config import site_config
from halo_site.datadir.mail import MailServer
from halo_site.datadir.notification_targets import MAIL, NotificationTarget, hidden_parts
from halo_site.datadir.secrets import SecretMissing, resolve
from halo_site.masking import Masker

SECONDS = 15.0  # for a try that somebody waits for
GONE = "Its target is not set up any more."
INFO = "info"  # one of the four tones that apprise knows, with success, warning and failure


class Letter(NamedTuple):
    """What is sent to whom; services show its tone by colour, sign or urgency."""

    target: NotificationTarget | None
    title: str
    text: str
    tone: str = INFO


async def send_all(letters: Mapping[str, Letter], problems: dict[str, str], seconds: float) -> None:
    """Send all at once. What came of each stands in ``problems`` as soon as it is known; empty: it was taken.

    What was cancelled or broken off has no line there: whether it arrived is unknown.
    """

    async def one(key: str, letter: Letter) -> None:
        with suppress(CourierLost):
            problems[key] = await send(letter.target, letter.title, letter.text, seconds, tone=letter.tone)

    await asyncio.gather(*(one(key, letter) for key, letter in letters.items()))


async def send(
    target: NotificationTarget | None, title: str, text: str, seconds: float = SECONDS, *, tone: str = INFO
) -> str:
    """Try once; what went wrong in words, without any part of the address, or nothing.

    Raises `CourierLost`.
    """
    if target is None:
        return GONE
    try:
        url = target.url if target.mail_address else resolve(target.url)
    except SecretMissing as error:
        return str(error)
    try:
        way = _way(url, tone)
    except (SecretMissing, MailUnset) as error:
        return str(error)
    letter = json.dumps({**way, "title": title, "text": text}).encode()
    try:
        async with asyncio.timeout(seconds):
            answer = await _carried(letter)
    except TimeoutError:
        return f"It gave no answer within {seconds:g} s. It may have arrived all the same."
    return Masker(hidden_parts(url)).text(answer)


def _way(url: str, tone: str) -> dict[str, Any]:
    """How it gets to an address. Raises `MailUnset` and `SecretMissing`."""
    if url.startswith(MAIL):
        return mail_way(site_config().mail, url.removeprefix(MAIL))
    return {"url": url, "tone": tone}


def mail_way(server: MailServer, to: str) -> dict[str, Any]:
    """How an e-mail gets there. Raises `MailUnset` and `SecretMissing`."""
    if not server.is_set_up:
        raise MailUnset
    facts = server.model_dump(include={"host", "port", "security", "user", "sender"})
    facts["password"] = resolve(server.password) if server.password else ""
    name = parseaddr(server.sender)[1].rpartition("@")[2] or "localhost"
    return {"mail": {**facts, "to": to, "message_id": make_msgid(domain=name)}}


async def _carried(letter: bytes) -> str:
    """What the courier says. It has ended when this returns, also when it is cancelled."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", courier.__file__, env={}, stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
        start_new_session=True,  # a Ctrl-C is for us: it must not break off what is being sent
    )  # fmt: skip
    try:
        answer, _nothing = await process.communicate(letter)
        return str(json.loads(answer)["problem"])
    except (ValueError, KeyError, TypeError, BrokenPipeError, ConnectionResetError) as error:
        raise CourierLost from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
