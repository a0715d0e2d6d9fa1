"""A person edits an interval in a browser and its run arrives: a real site, with its clock and a worker."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import Watched
from tests.browser.installed import SPEC
from tests.processes import eventually, free_port, manage, start

pytestmark = pytest.mark.sqlite_only
PASSWORD = "correct horse battery"
QUIET = SPEC.replace("enabled: true", "enabled: false")  # whose runs ask nothing
TEN = timedelta(seconds=10)


@dataclass(frozen=True)
class Site:
    """A running `up` with one installed app that comes due every 30 minutes."""

    address: str
    app_id: str

    @property
    def schedule(self) -> str:
        return f"/apps/{self.app_id}/schedule/"


@pytest.fixture(scope="module")
def site(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("scheduled")
    data, spec = Path(shutil.copytree(migrated, folder / "data")), folder / "spec.yaml"
    spec.write_text(QUIET)
    made = manage(
        data, "createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.org",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )  # fmt: skip
    installed = manage(data, "install_app", str(spec), "--set", "city=Basel")
    assert (made.returncode, installed.returncode) == (0, 0), made.stderr + installed.stderr
    port = free_port()
    process = start(data, "up", "--bind", f"127.0.0.1:{port}", "--workers", "1")
    try:
        eventually(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None, process.communicate()[0]
        yield Site(f"http://127.0.0.1:{port}", installed.stdout.split()[-1])
    finally:
        process.terminate()
        process.communicate(timeout=30)


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens the schedule of the app as ada; in the browser nothing may go wrong."""
    contexts: list[tuple[BrowserContext, Watched]] = []

    def opened(*, with_script: bool) -> Page:
        context = browser.new_context(base_url=site.address, java_script_enabled=with_script)
        context.set_default_timeout(15_000)
        contexts.append((context, Watched(context)))
        page = context.new_page()
        page.goto(f"/login/?next={site.schedule}")
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**{site.schedule}")
        return page

    yield opened
    for context, watched in contexts:
        context.close()
        assert watched.problems == []


def times(part: Locator) -> list[datetime]:
    """The moments that a list of next times shows."""
    shown = part.locator("time.num")
    return [datetime.fromisoformat(str(each.get_attribute("datetime"))) for each in shown.all()]


def gaps(moments: list[datetime]) -> set[timedelta]:
    return {later - earlier for earlier, later in pairwise(moments)}


def test_an_interval_is_edited_with_its_times_in_sight_and_its_run_arrives(
    site: Site, visit: Callable[..., Page]
) -> None:
    page = visit(with_script=True)
    stored, preview = page.locator(".rule-times"), page.locator("#rule-preview-1")
    assert gaps(times(stored)) == {timedelta(minutes=30)}
    page.get_by_text("Change", exact=True).click()
    interval = page.get_by_role("textbox", name="Interval")

    interval.fill("9s")
    preview.get_by_text("the shortest interval is 10 s").wait_for()
    interval.fill("10s")
    preview.get_by_text("every 10 s").wait_for()
    assert (len(times(preview)), gaps(times(preview))) == (5, {TEN})
    assert gaps(times(stored)) == {timedelta(minutes=30)}, "nothing is stored yet"

    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved. Next time:").wait_for()
    assert gaps(times(stored)) == {TEN}
    due = times(stored)[0]

    def arrived() -> bool:
        page.goto(f"/apps/{site.app_id}/runs/?trigger=schedule")
        return page.locator("a[href^='/runs/']").filter(has_text=re.compile("[0-9a-f]{8}")).count() > 0

    eventually(arrived)
    page.goto(f"/apps/{site.app_id}/")
    assert datetime.now(due.tzinfo) >= due


def test_without_a_script_the_preview_is_a_page_and_saving_works_alike(
    site: Site, visit: Callable[..., Page]
) -> None:
    page = visit(with_script=False)
    page.get_by_text("Change", exact=True).click()
    page.get_by_label("by a cron rule").check()
    page.get_by_label("Cron rule", exact=True).fill("30 2 * * *")
    page.locator("#rule-1-timezone").fill("Europe/Berlin")
    page.get_by_role("button", name="Preview").click()
    preview = page.locator("#rule-preview-1")
    expect(preview).to_contain_text("daily at 02:30 (Europe/Berlin)")
    assert len(times(preview)) == 5
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Saved. Next time:")
    expect(page.locator("#rule-1-title")).to_have_text("daily at 02:30 (Europe/Berlin)")


def test_a_single_run_is_asked_for_and_cancelled(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(with_script=True)
    page.get_by_text("Run once at …").click()
    asking = page.locator("#singles form.form")
    asking.get_by_label("Date").fill("2999-01-02")
    asking.get_by_label("Time", exact=True).fill("09:00:00")
    asking.get_by_label("What it is told").fill("Remind me of the kettle.")
    asking.get_by_role("button", name="Run once then").click()
    listed = page.locator("#single-list")
    listed.get_by_text("To come").wait_for()
    expect(listed).to_contain_text("Remind me of the kettle.")
    listed.get_by_role("button", name="Cancel").click()
    listed.get_by_text("Cancelled", exact=True).wait_for()
    expect(listed).to_contain_text("cancelled by ada")
