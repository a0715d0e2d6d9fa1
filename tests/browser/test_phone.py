"""A question reaches a phone: from a model's call over real wires to the run that has the answer."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.app_runtime.installation import Installation
from tests.browser.conftest import Watched
from tests.factories import ASKING
from tests.processes import eventually, free_port
from tests.wire import Provider, Says, Sink
from tests.wire.mail import MailServer

pytestmark = pytest.mark.sqlite_only  # a whole installation with a database of its own
PHONE = {"width": 390, "height": 844}
PASSWORD = "correct horse battery"
QUESTION = "Buy the kettle for 17.20?"
LINK = re.compile(r"http://127\.0\.0\.1:\d+/escalations/link/\S+")


def reports(kind: str, message: str, **more: object) -> Says:
    return Says(calls=(("report_to_user", {"type": kind, "message": message, **more}),))


class Site:
    """`up` with clock and workers, a model that asks and then reports, and two targets on loopback."""

    def __init__(self, folder: Path, provider: Provider, sink: Sink, mail: MailServer) -> None:
        self.sink, self.mail = sink, mail
        self.installation = Installation(folder, **ASKING)
        self.installation.ask_of(provider, "openai")
        self.installation.set(
            "notifications",
            targets=[
                {"id": "hook", "name": "Hook", "url": "env:HALO_TEST_SINK"},
                {"id": "mail", "name": "Mail", "url": "mail:ada@example.org"},
            ],
        )
        self.installation.set("mail", **{"host": "127.0.0.1", "port": mail.port, "security": "none",
                                         "from": "Halo <halo@example.org>"})  # fmt: skip
        self.installation.run("createsuperuser", "--noinput", "--email=", DJANGO_SUPERUSER_USERNAME="ada",
                              DJANGO_SUPERUSER_PASSWORD=PASSWORD)  # fmt: skip
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.process = self.installation.start(
            "up", "--workers", "1", "--bind", f"127.0.0.1:{port}",
            HALO_URL=self.address, HALO_TEST_SINK=sink.url(),
        )  # fmt: skip

    def link(self, way: str) -> str:
        """The link in the first message that came by this way."""
        taken = eventually(lambda: self.sink.messages if way == "webhook" else self.mail.taken, 90)
        assert isinstance(taken, list)
        found = LINK.search(taken[0][1] if way == "webhook" else taken[0].text)
        assert found, taken
        return found[0]

    @property
    def followups(self) -> list[dict[str, str]]:
        return self.installation.ask("SELECT status FROM automation_runs WHERE parent_run_id IS NOT NULL")

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)


@pytest.fixture
def site(copy_of_migrated: Callable[[], Path]) -> Iterator[Site]:
    script = (reports("escalation", QUESTION, choices=["Order one", "Wait"]),
              reports("run_complete", "Ordered one kettle."))  # fmt: skip
    with ExitStack() as around:
        provider = around.enter_context(Provider(*script))
        sink, mail = around.enter_context(Sink()), around.enter_context(MailServer())
        site = Site(copy_of_migrated(), provider, sink, mail)
        around.callback(site.end)
        yield site


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone on which nobody is signed in, and nothing may go wrong."""
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True)
    context.set_default_timeout(20_000)
    watched = Watched(context)
    yield context.new_page()
    context.close()
    assert watched.problems == []


def test_from_the_messages_to_the_run_that_goes_on(site: Site, phone: Page) -> None:
    site.installation.run("trigger_app", site.installation.app_id)
    phone.goto(site.link("webhook"))
    phone.get_by_label("Username").fill("ada")
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Sign in").tap()
    phone.get_by_role("heading", name=QUESTION).wait_for()
    card = phone.url
    phone.goto(site.link("mail"))
    assert phone.url == card
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert site.followups == []
    phone.get_by_role("button", name="Order one", exact=True).tap()
    phone.get_by_text("Answered. Run").wait_for()
    phone.get_by_role("link", name=re.compile("Run .* goes on with it")).tap()
    phone.get_by_text("Ordered one kettle.").first.wait_for()
    assert site.followups == [{"status": "ok"}]
