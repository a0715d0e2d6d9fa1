"""A real chromium on the pages: what goes wrong in it (a failed load, an error) is kept."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

# The headless shell is the same engine without a browser around it, and takes a third less time
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@pytest.hookimpl(tryfirst=True)  # before -m looks at the markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")  # playwright's event loop must not run on in the tests of other files
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_CHROMIUM"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright keeps an event loop in this thread
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Watched:
    """What went wrong in a browser context, as the browser itself tells it."""

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        context.add_init_script(WATCH_POLICY)
        context.on("console", lambda message: self._console(message.type, message.text))
        context.on("weberror", lambda error: self.problems.append(f"error: {error.error}"))
        context.on("requestfailed", lambda request: self._failed(request.url, request.failure))
        context.on("response", lambda response: self._response(response.url, response.status))
        context.on("request", lambda request: self._request(request.url))
        context.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))

    def _console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.problems.append(f"{kind}: {text}")

    def _failed(self, url: str, failure: str | None) -> None:
        if failure != "net::ERR_ABORTED":  # leaving a page ends its polls
            self.problems.append(f"failed: {url} {failure}")

    def _response(self, url: str, status: int) -> None:
        if status >= 400:
            self.problems.append(f"{status}: {url}")

    def _request(self, url: str) -> None:
        if not url.startswith(("http://localhost", "http://127.0.0.1", "data:")):
            self.problems.append(f"foreign request: {url}")


@pytest.fixture
def signed_in(browser: Browser, live_server, operator, client) -> Iterator[BrowserContext]:
    """A browser context in which the operator is signed in."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    client.force_login(operator)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def watched_page(signed_in: BrowserContext) -> Iterator[Page]:
    """A page in which nothing may go wrong: no policy violation, console error, failed or foreign request."""
    watched = Watched(signed_in)
    page = signed_in.new_page()
    yield page
    page.close()
    assert watched.problems == []


@pytest.fixture
def plain_page(browser: Browser, live_server, operator, client) -> Iterator[Page]:
    """A signed-in page without JavaScript."""
    client.force_login(operator)
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
