"""Every page, in both themes and widths: nothing goes wrong, and nothing keeps somebody out."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.admin.utils import quote

from app_manager.models import new_id
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.models import Entry
from app_runtime.runs.batches import CANCEL, carry_out
from halo_site import audit
from memory.models import Revision
from scheduler.models import Job
from tests.browser.installed import installed_app
from tests.factories import make_usage

SCHEMES = ["light", pytest.param("dark", marks=pytest.mark.chaos)]  # the second takes as long again
PAGES = (
    "/", "/apps/", "/apps/?q=nothing", "/apps/new/", "/apps/{app}/", "/apps/{app}/runs/",
    "/apps/{app}/config/", "/apps/{app}/manage/", "/apps/{app}/spec/update/", "/spaces/new/",
    "/apps/{app}/schedule/",
    "/apps/{app}/memory/", "/apps/{app}/spec/", "/apps/{app}/access/", "/runs/", "/runs/?status=cancelled",
    "/runs/?status=nonsense", "/runs/?trigger=manual&period=month", "/runs/cancel/preview/?run={run}",
    "/runs/again/preview/?run={run}", "/runs/batches/{batch}/",
    "/runs/{run}/", "/runs/{run}/conversation/", "/runs/{run}/tools/", "/runs/{run}/memory/",
    "/runs/{run}/prompt/", "/runs/{run}/raw/", "/settings/", "/settings/models/", "/settings/models/new/",
    "/settings/notifications/", "/settings/notifications/targets/new/", "/notifications/",
    "/settings/limits/", "/settings/prices/", "/usage/", "/usage/?show=tokens&period=365",
    "/schedule/", "/schedule/?state=off&q=nothing", "/schedule/day/", "/schedule/{job_id}/",
    "/schedule/{job_id}/?at=2026-11-23T09:00", "/schedule/{job_id}/?verdict=missed",
    "/memory/search/", "/memory/search/?q=kettle", "/memory/search/?q=nothing+here&scope=app",
    "/memory/orphans/?place=app:{app}",
    "/memory/", "/memory/user/", "/memory/app:{app}/", "/memory/app:{app}/edit/", "/memory/app:{app}/new/",
    "/memory/app:{app}/history/", "/memory/app:{app}/history/{revision}/", "/memory/app:{app}/blame/",
    "/memory/app:{app}/history/{revision}/?with=now", "/memory/app:{app}/deleted/", "/spaces/",
    "/escalations/", "/escalations/{question}/", "/escalations/?state=answered", "/audit/",
)  # fmt: skip
ADMIN = (
    "/admin/", "/admin/app_manager/app/", "/admin/app_manager/app/{app}/change/", "/admin/app_runtime/run/",
    "/admin/app_runtime/run/{run}/change/", "/admin/app_runtime/entry/", "/admin/scheduler/job/",
    "/admin/scheduler/job/{job}/change/", "/admin/scheduler/slot/", "/admin/memory/revision/",
    "/admin/memory/revision/{revision}/change/", "/admin/halo_site/heartbeat/",
    "/admin/halo_site/auditentry/",
    "/admin/auth/user/", "/admin/auth/user/add/", "/admin/password_change/",
)  # fmt: skip


@pytest.fixture
def names(live_server) -> dict[str, str]:
    """The ids that stand in addresses: an app that has run."""
    app = installed_app()
    run = trigger(app, audit.command("test"), app.installed_at)
    worker.execute(run.run_id)
    carry_out(CANCEL, batch := new_id(), [run.pk], audit.command("test"), app.installed_at)
    make_usage(app, 30)
    job, revision = Job.objects.get(), Revision.objects.first()
    question = Entry.objects.questions().get().pk
    return {
        "question": question,
        "app": app.pk,
        "run": run.pk,
        "job": quote(job.pk),
        "job_id": job.pk,
        "revision": str(revision.pk),
        "batch": batch,
    }


# What can differ between the themes and between wide and narrow; the rest is the same on both
OF_THE_LOOK = {
    "type": "rule",
    "values": ["color-contrast", "link-in-text-block", "scrollable-region-focusable"],
}


def serious(page, rules: dict[str, object] | None = None) -> list[str]:
    """What axe finds that keeps somebody out, each with its element; of ``rules`` only, where they are given.

    axe itself tries inline styles, which the policy blocks, so a page that axe has seen is not a watched one.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    options = {"resultTypes": ["violations"], "preload": False} | ({"runOnly": rules} if rules else {})
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", options)
    return [
        f"{page.url} {violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for violation in found
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


def too_wide(page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("addresses", [PAGES, ADMIN], ids=["ours", "admin"])
def test_nothing_goes_wrong_on_any_page(watched_page, names, addresses):
    for address in addresses:
        assert watched_page.goto(address.format(**names)).status == 200, address
        watched_page.evaluate("document.readyState")  # what it told on loading has arrived by now


def test_our_pages_are_for_everybody(signed_in, names):
    """Each page wide and light, then as it stands there narrow and dark."""
    page = signed_in.new_page()
    problems = []
    for address in PAGES:
        for scheme, width in (("light", 1280), ("dark", 390)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colours half-way
            page.set_viewport_size({"width": width, "height": 900})
            if scheme == "light":
                page.goto(address.format(**names))
            problems += serious(page, OF_THE_LOOK if scheme == "dark" else None)
            if too_wide(page) > 0:
                problems.append(f"{address} is {too_wide(page)} px too wide at {width} px")
    assert problems == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_admin_is_for_everybody(signed_in, names, scheme):
    page = signed_in.new_page()
    page.emulate_media(color_scheme=scheme)
    problems = []
    for address in ADMIN:
        page.goto(address.format(**names))
        problems += serious(page, OF_THE_LOOK if scheme == "dark" else None)
    assert problems == []


def test_the_sign_in_page_is_for_everybody(browser, live_server):
    page = browser.new_page(base_url=live_server.url)
    page.goto("/login/")
    problems = serious(page)
    page.close()
    assert problems == []


def test_a_page_that_is_not_there_is_for_everybody(signed_in):
    page = signed_in.new_page()
    assert page.goto("/runs/nothing-has-this-id/").status == 404
    assert serious(page) == []


def test_a_planted_problem_would_be_seen(signed_in, names):
    page = signed_in.new_page()
    page.goto("/")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>')")
    assert any("button-name" in problem for problem in serious(page))
