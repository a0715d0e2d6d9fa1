"""Every page in both themes and widths: no policy violation, no console error, nothing sideways, no serious axe finding."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from halo_site import audit
from memory.models import Revision
from scheduler.models import Job
from tests.browser.installed import installed_app

NOW_AND_THEN = {"light": 1280, "dark": 390}
PAGES = (
    "/", "/apps/", "/apps/?q=nothing", "/apps/new/", "/apps/{app}/", "/apps/{app}/runs/", "/apps/{app}/config/",
    "/apps/{app}/memory/", "/apps/{app}/spec/", "/apps/{app}/access/", "/runs/", "/runs/?status=cancelled",
    "/runs/{run}/", "/memory/", "/memory/user/", "/memory/app:{app}/", "/spaces/",
)  # fmt: skip
ADMIN = (
    "/admin/", "/admin/app_manager/app/", "/admin/app_manager/app/{app}/change/", "/admin/app_runtime/run/",
    "/admin/app_runtime/run/{run}/change/", "/admin/app_runtime/entry/", "/admin/scheduler/job/",
    "/admin/scheduler/job/{job}/change/", "/admin/scheduler/slot/", "/admin/memory/revision/",
    "/admin/memory/revision/{revision}/change/", "/admin/halo_site/heartbeat/", "/admin/halo_site/auditentry/",
    "/admin/auth/user/", "/admin/auth/user/add/", "/admin/password_change/",
)  # fmt: skip


@pytest.fixture
def names(watched_page) -> dict[str, str]:
    """The ids that stand in addresses: an app that has run."""
    app = installed_app()
    run = trigger(app, audit.command("test"), app.installed_at)
    worker.execute(run.run_id)
    job, revision = Job.objects.get(), Revision.objects.first()
    from django.contrib.admin.utils import quote

    return {"app": app.pk, "run": run.pk, "job": quote(job.pk), "revision": str(revision.pk)}


def serious(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url} {violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for violation in found
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", NOW_AND_THEN)
def test_our_pages_are_sound(watched_page, names, scheme):
    watched_page.emulate_media(color_scheme=scheme)
    watched_page.set_viewport_size({"width": NOW_AND_THEN[scheme], "height": 900})
    problems = []
    for address in PAGES:
        answer = watched_page.goto(address.format(**names))
        assert answer.status == 200, address
        problems += serious(watched_page)
        wide = watched_page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            problems.append(f"{address} is {wide} px too wide")
    assert problems == []


@pytest.mark.parametrize("scheme", NOW_AND_THEN)
def test_the_admin_is_sound(watched_page, names, scheme):
    watched_page.emulate_media(color_scheme=scheme)
    problems = []
    for address in ADMIN:
        answer = watched_page.goto(address.format(**names))
        assert answer.status == 200, address
        problems += serious(watched_page)
    assert problems == []


def test_pages_for_strangers_are_sound(browser, live_server):
    page = browser.new_page(base_url=live_server.url)
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto("/login/")
    problems = serious(page)
    page.close()
    assert (problems, errors) == ([], [])


def test_a_page_that_is_not_there_is_sound(browser, live_server, operator, client):
    client.force_login(operator)
    context = browser.new_context(base_url=live_server.url)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    answer = page.goto("/runs/nothing-has-this-id/")
    problems = serious(page)
    context.close()
    assert (answer.status, problems) == (404, [])


def test_a_planted_problem_would_be_seen(watched_page, names):
    watched_page.goto("/")
    watched_page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>')")
    assert any("button-name" in problem for problem in serious(watched_page))
    assert App.objects.exists()
