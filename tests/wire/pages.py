"""Pages on loopback, for what fetches them."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from app_runtime.tools.web import web_tool

Answer = tuple[int, dict[str, str], bytes]


class Shop:
    """A web server whose answers a test sets: path → (status, headers, body). Use it as a context."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[dict[str, str]] = []
        self.enough = threading.Event()  # ends slow answers
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.asked.append(dict(self.headers))
                status, headers, body = shop.answers.get(self.path, (404, {}, b"gone"))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if "Slow" in headers:
                    shop.enough.wait()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.host = f"127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "Shop":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.enough.set()
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def page(self, body: bytes | str, kind: str = "text/html", status: int = 200, **headers: str) -> str:
        raw = body.encode() if isinstance(body, str) else body
        self.answers["/page"] = (status, {"Content-Type": kind, **headers}, raw)
        return f"http://{self.host}/page"

    def fetch(self, url: str, **arguments: object) -> str:
        async def go() -> str:
            answer = web_tool([self.host]).call({"url": url, **arguments})
            assert not isinstance(answer, str)
            return await answer

        return asyncio.run(go())
