"""A mail server on loopback: real SMTP over a real socket, and every message that it took."""

import asyncio
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType


@dataclass(frozen=True)
class Mail:
    """One message as it came: who sent it, to whom by the envelope, and what it says."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n").strip()


class MailServer:
    """Takes messages, or refuses recipients with ``refusal`` (a line of SMTP). Use it as a context."""

    def __init__(self, refusal: str = "", *, login: str = "") -> None:
        self.refusal, self.login = refusal, login
        self.taken: list[Mail] = []
        self.logins: list[str] = []
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._until_ended()), daemon=True)

    def __enter__(self) -> "MailServer":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    async def _until_ended(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()
        await server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = ""
        recipients: list[str] = []

        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 sink.test ESMTP")
        while line := (await reader.readline()).decode().strip():
            verb, _space, rest = line.partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    say("250-sink.test")
                    say("250-8BITMIME")
                    say("250 AUTH PLAIN" if self.login else "250 HELP")
                case "AUTH":
                    self.logins.append(rest)
                    say("235 Welcome" if rest == f"PLAIN {self.login}" else "535 No")
                case "MAIL":
                    sender, recipients = rest.partition("<")[2].partition(">")[0], []
                    say("250 OK")
                case "RCPT":
                    recipients.append(rest.partition("<")[2].partition(">")[0])
                    say(self.refusal or "250 OK")
                case "DATA":
                    say("354 Go on")
                    data = await reader.readuntil(b"\r\n.\r\n")
                    message = message_from_bytes(data[:-3], policy=policy.default)
                    assert isinstance(message, EmailMessage)
                    self.taken.append(Mail(sender, tuple(recipients), message))
                    say("250 Taken")
                case "QUIT":
                    say("221 Bye")
                    break
                case _:
                    say("250 OK")
            await writer.drain()
        writer.close()
