"""The main job in a browser: install a spec, run it, see what happened, with and without JavaScript."""

from playwright.sync_api import expect

from app_manager.models import App
from app_runtime import worker
from app_runtime.models import Run
from tests.browser.installed import SPEC


def install(page) -> None:
    page.goto("/apps/new/")
    page.locator("textarea[name=spec_text]").fill(SPEC)
    page.get_by_role("button", name="See what it asks for").click()
    page.get_by_label("City").fill("Basel")
    page.get_by_role("button", name="Install", exact=True).click()
    page.wait_for_url("**/apps/*-*/")


def test_a_person_installs_runs_and_sees_it(watched_page):
    install(watched_page)
    expect(watched_page.get_by_role("heading", name="Kettle watch")).to_be_visible()
    watched_page.get_by_role("button", name="Run now").click()
    watched_page.wait_for_url("**/runs/*-*/")
    expect(watched_page.locator("#run")).to_contain_text("Queued")
    watched_page.evaluate("window.__marked = true")

    worker.execute(Run.objects.get().pk)

    watched_page.get_by_text("Waiting for you").wait_for()
    assert watched_page.evaluate("window.__marked"), "the page was loaded again"
    assert watched_page.locator(".step").count() == Run.objects.get().step_count
    expect(watched_page.locator("#run[hx-get]"), "a finished run must not poll").to_have_count(0)


def test_the_end_of_a_run_reaches_all_of_its_open_page(watched_page):
    install(watched_page)
    watched_page.get_by_role("button", name="Run now").click()
    watched_page.wait_for_url("**/runs/*-*/")
    run = Run.objects.get()
    watched_page.get_by_label("Tell it something").fill("And the teapot?")

    Run.objects.update(status="ok", outcome="useful", finished_at=run.started_at, duration_ms=1)

    label = watched_page.get_by_label("Continue with a message")
    label.wait_for()
    expect(label).to_have_value("And the teapot?")
    assert watched_page.title().startswith("Finished: ")
    assert "Queued" not in watched_page.locator("main").inner_text()


def test_every_tab_of_a_run_says_how_it_stands(watched_page):
    install(watched_page)
    watched_page.get_by_role("button", name="Run now").click()
    watched_page.wait_for_url("**/runs/*-*/")
    watched_page.get_by_role("link", name="Conversation").click()
    Run.objects.update(status="error", outcome="error", error_message="The shop is closed.")
    watched_page.get_by_text("The shop is closed.").wait_for()
    expect(watched_page.get_by_role("link", name="Load it again")).to_be_visible()


def test_a_broken_spec_is_told_by_line(signed_in):
    page = signed_in.new_page()
    page.goto("/apps/new/")
    page.locator("textarea[name=spec_text]").fill(SPEC.replace("every: 30m", "every: 5s"))
    page.get_by_role("button", name="See what it asks for").click()
    page.get_by_text("at least 10 s").first.wait_for()
    assert "every: 5s" in page.locator("textarea[name=spec_text]").input_value()
    assert not App.objects.exists()


def test_the_same_without_javascript(plain_page):
    install(plain_page)
    plain_page.get_by_role("button", name="Run now").click()
    plain_page.wait_for_url("**/runs/*-*/")
    worker.execute(Run.objects.get().pk)
    plain_page.reload()
    expect(plain_page.get_by_text("Waiting for you").first).to_be_visible()


def test_signing_in_and_out(browser, live_server, operator):
    page = browser.new_page(base_url=live_server.url)
    page.goto("/apps/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/apps/")
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/")
    page.close()
