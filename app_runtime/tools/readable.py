"""Readable text out of HTML, in a process of its own: hostile pages cost it its time and memory, not ours."""

import asyncio
import codecs
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from dataclasses import dataclass

from app_runtime import extraction
from app_runtime.exceptions import ToolRefused

PARSE_SECONDS = 20
PARSE_BYTES = 2 * 1024**3  # of address space
HTML = ("text/html", "application/xhtml+xml")
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.I)


@dataclass(frozen=True)
class Page:
    """What came from an address: its type, its bytes and the character set that the answer named, if any."""

    address: str
    kind: str
    charset: str
    content: bytes

    @property
    def source(self) -> str:
        """The bytes as text; what is no text in its character set is replaced."""
        return self.content.decode(self._encoding, "replace")

    @property
    def _encoding(self) -> str:
        mark = next((name for mark, name in MARKS if self.content.startswith(mark)), "")
        declared = DECLARED.search(self.content[:4096])
        for name in (mark, self.charset, declared.group(1).decode() if declared else ""):
            with suppress(LookupError, ValueError):
                if name and codecs.lookup(name)._is_text_encoding:
                    return name
        return "utf-8"


async def readable(page: Page) -> str:
    """The page's text as markdown with links; everything that is no HTML as it is.

    Raises `ToolRefused` for a page that cannot be read within `PARSE_SECONDS`.
    """
    if page.kind not in HTML:
        return page.source
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", extraction.__file__, page.address, str(PARSE_SECONDS), str(PARSE_BYTES),
        env={}, stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PARSE_SECONDS):
            text, _nothing = await process.communicate(page.source.encode("utf-8", "replace"))
    except TimeoutError as error:
        raise ToolRefused(f"{page.address} is HTML that could not be read in {PARSE_SECONDS} s.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ToolRefused(f"{page.address} is HTML that could not be read. Ask for its source with raw=true.")
    return text.decode("utf-8", "replace")
