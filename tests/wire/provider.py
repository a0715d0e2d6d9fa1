"""A provider of models on loopback: a real HTTP server that answers one scripted answer after the other."""

import json
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.wire.answers import Answer, Cuts, Hangs, Raw, Says, Status
from tests.wire.formats import Anthropic, Format, OpenAi
from tests.wire.refusals import refusal


@dataclass(frozen=True)
class Asked:
    """One request as it arrived, and what it said in words that both formats share."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float = field(default_factory=time.monotonic)

    @property
    def is_anthropic(self) -> bool:
        return self.path.endswith("/messages")

    @property
    def instructions(self) -> str:
        if self.is_anthropic:
            return _text(self.body.get("system"))
        return next(
            (_text(m["content"]) for m in self.body["messages"] if m["role"] in {"system", "developer"}), ""
        )

    @property
    def messages(self) -> list[tuple[str, str]]:
        """(role, text) of everything after the instructions; results of tools have the role ``tool``."""
        found: list[tuple[str, str]] = []
        for message in self.body["messages"]:
            if message["role"] in {"system", "developer"}:
                continue
            content = message.get("content")
            blocks = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
            for block in blocks:
                if block["type"] == "text" and (block["text"] or not message.get("tool_calls")):
                    found.append((message["role"], block["text"]))
                elif block["type"] == "tool_result":
                    found.append(("tool", _text(block["content"])))
        return found

    @property
    def tools(self) -> list[str]:
        listed = self.body.get("tools") or []
        return [tool["name"] if self.is_anthropic else tool["function"]["name"] for tool in listed]


class Provider:
    """Answers ``script``, one answer per request, the last one again and again. Use it as a context.

    It refuses what real ones refuse: ``refused`` says why.
    """

    def __init__(self, *script: Answer) -> None:
        self.script: Sequence[Answer] = script
        self.asked: list[Asked] = []
        self.refused: list[str] = []
        self.cut_by_client = 0
        self.connections = 0  # that are open now
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> "Provider":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, asked: Asked) -> tuple[Answer, int]:
        """The answer for this request, and its number."""
        with self._lock:
            number = len(self.asked)
            self.asked.append(asked)
        return self.script[min(number, len(self.script) - 1)], number

    def count(self, more: int) -> None:
        with self._lock:
            self.connections += more

    def answer(self, request: BaseHTTPRequestHandler, asked: Asked) -> None:
        answer, number = self.take(asked)
        refused = refusal(asked.body, is_anthropic=asked.is_anthropic)
        if refused:
            self.refused.append(refused)
            answer = Status(400, refused, "invalid_request_error")
        wire: Format = Anthropic() if asked.is_anthropic else OpenAi()
        model = str(asked.body.get("model"))
        if isinstance(answer, Status):
            more = {"Retry-After": answer.retry_after} if answer.retry_after else {}
            return _send(request, answer.code, json.dumps(wire.error(answer)), "application/json", more)
        if isinstance(answer, Raw):
            return _send(request, answer.code, answer.body, answer.content_type)
        if isinstance(answer, Hangs) and not answer.midway:
            return self._hang(request)
        says = (
            answer.says
            if isinstance(answer, Cuts)
            else answer
            if isinstance(answer, Says)
            else Says("Let me")
        )
        if not asked.body.get("stream"):
            if isinstance(answer, Says):
                return _send(request, 200, json.dumps(wire.body(says, model, number)), "application/json")
            return self._break_off(request, answer, b'{"id": "half')
        events = list(wire.events(says, model, number))
        if isinstance(answer, Says):
            return _stream(request, events)
        return self._break_off(request, answer, b"".join(events[:3]))

    def _break_off(self, request: BaseHTTPRequestHandler, answer: Answer, begun: bytes) -> None:
        request.send_response(200)
        request.send_header(
            "Content-Type",
            "text/event-stream" if begun.startswith((b"data", b"event")) else "application/json",
        )
        request.send_header("Content-Length", "100000")
        request.end_headers()
        request.wfile.write(begun)
        request.wfile.flush()
        if isinstance(answer, Hangs):
            self._hang(request)
        request.close_connection = True

    def _hang(self, request: BaseHTTPRequestHandler) -> None:
        """Say nothing until the client goes away or the provider closes."""
        request.connection.settimeout(0.02)
        while not self._closing.is_set():
            try:
                if not request.connection.recv(1):
                    with self._lock:
                        self.cut_by_client += 1
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        request.close_connection = True


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            provider.count(1)

        def finish(self) -> None:
            super().finish()
            provider.count(-1)

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with suppress(BrokenPipeError, ConnectionResetError):
                provider.answer(self, Asked(self.path, dict(self.headers), json.loads(raw)))

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    return Handler


def _send(
    request: BaseHTTPRequestHandler, code: int, body: str, kind: str, more: dict[str, str] | None = None
) -> None:
    raw = body.encode()
    request.send_response(code)
    for name, value in {"Content-Type": kind, "Content-Length": str(len(raw)), **(more or {})}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(raw)


def _stream(request: BaseHTTPRequestHandler, events: list[bytes]) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "text/event-stream")
    request.send_header("Connection", "close")
    request.end_headers()
    for event in events:
        request.wfile.write(event)
        request.wfile.flush()
    request.close_connection = True


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(block.get("text", "") for block in content)
    return str(content or "")
