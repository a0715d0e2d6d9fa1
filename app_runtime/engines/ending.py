"""The bytes of an answer on their way: whether a stream came to its end, and a bound on its length."""

import re
from collections.abc import AsyncIterator

import httpx2

LONGEST_ANSWER_BYTES = 64 * 1024 * 1024
TAIL_BYTES = 4096
# Lines of their own: within JSON there is no line end before them
END_MARK = re.compile(rb"(?:^|[\r\n])(?:data: ?\[DONE\]|event: ?message_stop)")


class AnswerTooLong(Exception):
    """One answer is longer than `LONGEST_ANSWER_BYTES`."""


class Ending:
    """Watches the answers of one connection, one after the other."""

    def __init__(self) -> None:
        self._tail = b""

    @property
    def is_marked(self) -> bool:
        """Whether the newest answer, a stream of events, ended with the mark of its end."""
        return END_MARK.search(self._tail) is not None

    async def watch(self, response: httpx2.Response) -> None:
        """Look at each byte of this answer as it comes; a hook for responses."""
        self._tail = b""
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Watched(response.stream, self)

    def add(self, chunk: bytes) -> None:
        self._tail = (self._tail + chunk)[-TAIL_BYTES:]


class _Watched(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, ending: Ending) -> None:
        self._stream, self._ending, self._length = stream, ending, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._length += len(chunk)
            if self._length > LONGEST_ANSWER_BYTES:
                raise AnswerTooLong
            self._ending.add(chunk)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
