"""A service that takes notifications, on loopback: a real HTTP server that keeps what it was sent."""

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

HANGS = 0  # in the place of a status: no answer until the sink closes


class Sink:
    """Answers with ``statuses``, one for each request, the last one again and again. Use it as a context."""

    def __init__(self, *statuses: int) -> None:
        self.statuses: Sequence[int] = statuses or (200,)
        self.taken: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self._closing = threading.Event()
        self._lock = threading.Lock()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                status = sink.take(self.path, body)
                if status == HANGS:
                    sink._closing.wait()
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def url(self, path: str = "hook") -> str:
        """Its address as apprise writes it."""
        return f"json://127.0.0.1:{self.port}/{path}"

    @property
    def messages(self) -> list[tuple[str, str]]:
        """(title, text) of everything that it was sent."""
        return [(body["title"], body["message"]) for body in self.taken]

    def take(self, path: str, body: dict[str, Any]) -> int:
        with self._lock:
            number = len(self.taken)
            self.taken.append(body)
            self.paths.append(path)
        return self.statuses[min(number, len(self.statuses) - 1)]

    def __enter__(self) -> "Sink":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
