"""Sends a message to a target, in a process of its own and within a time limit."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from contextlib import suppress

from app_runtime.exceptions import CourierLost
from app_runtime.notifications import courier
from halo_site.datadir.notification_targets import NotificationTarget, hidden_parts
from halo_site.datadir.secrets import SecretMissing, resolve
from halo_site.masking import Masker

SECONDS = 15.0  # for a try that somebody waits for
GONE = "Its target is not set up any more."
Letter = tuple[NotificationTarget | None, str, str]  # target, title, text


async def send_all(letters: Mapping[str, Letter], problems: dict[str, str], seconds: float) -> None:
    """Send all at once. What came of each stands in ``problems`` as soon as it is known; empty: it was taken.

    What was cancelled or broken off has no line there: whether it arrived is unknown.
    """

    async def one(key: str, letter: Letter) -> None:
        with suppress(CourierLost):
            problems[key] = await send(*letter, seconds)

    await asyncio.gather(*(one(key, letter) for key, letter in letters.items()))


async def send(target: NotificationTarget | None, title: str, text: str, seconds: float = SECONDS) -> str:
    """Try once; what went wrong in words, without any part of the address, or nothing.

    Raises `CourierLost`.
    """
    if target is None:
        return GONE
    try:
        url = resolve(target.url)
    except SecretMissing as error:
        return str(error)
    letter = json.dumps({"url": url, "title": title, "text": text}).encode()
    try:
        async with asyncio.timeout(seconds):
            answer = await _carried(letter)
    except TimeoutError:
        return f"It gave no answer within {seconds:g} s. It may have arrived all the same."
    return Masker(hidden_parts(url)).text(answer)


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
