"""Cancelling and running again several runs at once: the preview, the verb, what it says afterwards."""

import re
from datetime import timedelta
from html import unescape
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from app_manager.models import App
from app_runtime.models import Run
from app_runtime.runs import batches
from app_runtime.runs.batches import carry_out, done_batch
from app_runtime.statuses import Status, Trigger
from halo_site.audit import Actor
from halo_site.models import AuditEntry
from tests.factories import MINUTE, NINE, SECOND, TESTER, make_app, make_entry, make_run

pytestmark = pytest.mark.django_db
ANNA = Actor("person", "anna")
VERBS = ["/runs/cancel/", "/runs/again/"]
PREVIEWS = ["/runs/cancel/preview/", "/runs/again/preview/"]


def text_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return " ".join(unescape(response.content.decode()).split())


def ticked(*runs: Run) -> str:
    return "&".join(f"run={run.pk}" for run in runs)


def confirm(client: Client, verb: str, *runs: Run, batch: str = "", **more: str) -> str:
    """Send the form of a preview; returns where it leads."""
    form = {"batch": batch or str(uuid4()), "run": [run.pk for run in runs], **more}
    response = client.post(verb, form)
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


def hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)">', page)


# The preview


def test_a_preview_names_each_run_that_is_left_out_and_why(operator_client: Client, app: App) -> None:
    running = make_run(app, Status.RUNNING)
    ended = make_run(app, Status.ERROR, at=NINE - MINUTE)
    page = text_of(operator_client, f"/runs/cancel/preview/?{ticked(running, ended)}")
    assert "1 run will be cancelled" in page
    assert "2 runs are ticked; 1 is left out." in page
    assert "It has ended already: failed." in page
    assert hidden(page, "run") == [running.pk]


def test_a_run_that_is_being_cancelled_is_left_out_with_who_asked(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.RUNNING, cancel_requested_at=NINE, cancelled_by="anna")
    page = text_of(operator_client, f"/runs/cancel/preview/?{ticked(run)}")
    assert "It is being cancelled already: anna asked for it." in page
    assert hidden(page, "run") == []


def test_one_run_of_each_app_can_be_run_again(operator_client: Client, app: App) -> None:
    newest, older = make_run(app, Status.ERROR), make_run(app, Status.ERROR, at=NINE - MINUTE)
    page = text_of(operator_client, f"/runs/again/preview/?{ticked(older, newest)}")
    assert hidden(page, "run") == [newest.pk]
    assert f"An app has one run at a time; run {newest.short_id} of this one comes first." in page


def test_what_cannot_be_run_again_says_why(operator_client: Client, app: App) -> None:
    busy, gone = make_app("Busy Watch"), make_app("Gone Watch")
    going = make_run(busy, Status.RUNNING, at=NINE + MINUTE)
    runs = [make_run(busy), make_run(gone), going]
    gone.uninstall(actor=TESTER, now=NINE)
    page = text_of(operator_client, f"/runs/again/preview/?{ticked(*runs)}")
    assert f"Run {going.short_id} of Busy Watch is running." in page
    assert "Gone Watch cannot run: it is uninstalled." in page
    assert "It has not ended." in page
    assert "No run will be run again" in page


def test_all_that_match_are_those_that_the_filters_find(operator_client: Client, app: App) -> None:
    failed = make_run(app, Status.ERROR)
    make_run(app)
    page = text_of(operator_client, "/runs/again/preview/?all=1&status=error")
    assert "1 run matches; none is left out." in page
    assert hidden(page, "run") == [failed.pk]


def test_all_that_match_are_capped_and_that_is_said(
    operator_client: Client, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app_runtime.runs.batch_page.MOST_RUNS", 2)
    for number in range(3):
        make_run(app, at=NINE + number * SECOND)
    page = text_of(operator_client, "/runs/cancel/preview/?all=1")
    assert "2 runs match" in page
    assert "More match." in page


def test_all_that_match_says_how_far_a_search_looked(
    operator_client: Client, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app_runtime.runs.search.WINDOW", 1)
    for number in range(3):
        make_run(app, at=NINE + number * SECOND)
    page = text_of(operator_client, "/runs/cancel/preview/?all=1&trigger=manual")
    assert "These filters look at a part of the runs at a time" in page


@pytest.mark.parametrize("address", PREVIEWS)
def test_a_wrong_filter_takes_no_run(operator_client: Client, app: App, address: str) -> None:
    make_run(app, Status.RUNNING)
    page = text_of(operator_client, f"{address}?all=1&status=nonsense")
    assert "There is no such status." in page
    assert hidden(page, "run") == []


@pytest.mark.parametrize("address", PREVIEWS)
@pytest.mark.parametrize("query", ["", "?run=", "?run=%00", "?run=nothing", f"?run={'a' * 300}"])
def test_a_preview_of_nothing_says_so(operator_client: Client, address: str, query: str) -> None:
    page = text_of(operator_client, address + query)
    assert "No run is ticked." in page
    assert '<form class="panel"' not in page


@pytest.mark.parametrize("address", PREVIEWS)
def test_a_preview_changes_nothing(operator_client: Client, app: App, address: str) -> None:
    make_run(app, Status.QUEUED)
    with CaptureQueriesContext(connection) as queries:
        operator_client.get(f"{address}?all=1")
    assert [query["sql"] for query in queries if not query["sql"].strip().startswith("SELECT")] == []


@pytest.mark.parametrize("address", PREVIEWS)
def test_a_preview_asks_no_more_for_more_runs(operator_client: Client, app: App, address: str) -> None:
    def grow(start: int) -> None:
        for number in range(start, start + 10):
            run = make_run(make_app(f"Watch {number}"), at=timezone.now())
            make_entry(run.app, run=run)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            operator_client.get(f"{address}?all=1")
        return len(captured)

    grow(0)
    queries()
    few = queries()
    grow(10)
    assert queries() == few


# The verbs


def test_confirming_cancels_what_was_listed_and_nothing_else(operator_client: Client, app: App) -> None:
    running = make_run(app, Status.RUNNING)
    queued = make_run(app, Status.QUEUED, trigger_type=Trigger.ESCALATION_FOLLOWUP)
    other = make_run(make_app("Other Watch"), Status.RUNNING)
    page = text_of(operator_client, confirm(operator_client, "/runs/cancel/", running, queued))
    for run in (running, queued, other):
        run.refresh_from_db()
    assert (running.is_cancelling, queued.status, other.is_cancelling) == (True, "cancelled", False)
    assert "2 runs are being cancelled" in page
    assert "1 has not stopped yet." in page


def test_confirming_runs_again_what_was_listed(operator_client: Client, app: App) -> None:
    failed, other = make_run(app, Status.ERROR), make_run(make_app("Other Watch"), Status.ERROR)
    page = text_of(operator_client, confirm(operator_client, "/runs/again/", failed, other))
    assert "2 runs were queued again" in page
    assert set(Run.objects.queued().values_list("parent_run_id", flat=True)) == {failed.pk, other.pk}


def test_one_that_ended_in_the_meantime_is_refused_with_its_reason(operator_client: Client, app: App) -> None:
    running, ended = make_run(app, Status.RUNNING), make_run(app)
    page = text_of(operator_client, confirm(operator_client, "/runs/cancel/", running, ended))
    assert "1 run is being cancelled" in page
    assert "1 was refused." in page
    assert "It has ended already: finished." in page


def test_one_that_became_busy_in_the_meantime_is_refused(operator_client: Client, app: App) -> None:
    failed = make_run(app, Status.ERROR)
    busy = make_run(app, Status.RUNNING, at=NINE + MINUTE)
    page = text_of(operator_client, confirm(operator_client, "/runs/again/", failed))
    assert "No run was run again" in page
    assert f"Run {busy.short_id} of Kettle Watch is running." in page


def test_one_that_is_gone_is_refused(operator_client: Client, app: App) -> None:
    gone = make_run(app)
    location = confirm(operator_client, "/runs/cancel/", make_run(app, Status.RUNNING), gone)
    Run.objects.filter(pk=gone.pk).delete()
    assert gone.short_id in text_of(operator_client, location)
    again = confirm(operator_client, "/runs/again/", gone)
    assert "It is gone." in text_of(operator_client, again)


@pytest.mark.parametrize(
    ("verb", "status"), [("/runs/cancel/", Status.QUEUED), ("/runs/again/", Status.ERROR)]
)
def test_the_same_confirmation_twice_acts_once_and_says_the_same(
    operator_client: Client, app: App, verb: str, status: str
) -> None:
    run, batch = make_run(app, status), str(uuid4())
    first = confirm(operator_client, verb, run, batch=batch)
    said = text_of(operator_client, first)
    Run.objects.queued().update(status=Status.OK)  # what it started has ended when the second one arrives
    assert confirm(operator_client, verb, run, batch=batch) == first
    assert Run.objects.count() == (2 if verb == "/runs/again/" else 1)
    assert AuditEntry.objects.filter(object_id=batch).count() == 1
    assert said.count("refused") == text_of(operator_client, first).count("refused")


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
def test_a_cancel_that_overlaps_with_itself_says_that_it_was_done(app: App, status: str) -> None:
    """The second of two clicks comes before the first one's line is written."""
    run = make_run(app, status)
    for batch in ("first", "second"):
        carry_out(batches.CANCEL, batch, [run.pk], ANNA, NINE + SECOND)
    entry = done_batch("second")
    assert entry is not None
    assert entry.after == {"done": {run.pk: run.pk}, "refused": {}}


def test_a_run_cancelled_by_somebody_else_is_refused(app: App) -> None:
    run = make_run(app, Status.QUEUED)
    carry_out(batches.CANCEL, "first", [run.pk], Actor("person", "bo"), NINE)
    carry_out(batches.CANCEL, "second", [run.pk], ANNA, NINE + SECOND)
    entry = done_batch("second")
    assert entry is not None
    assert entry.after == {"done": {}, "refused": {run.pk: "It has ended already: cancelled."}}


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_start_one_run(app: App) -> None:
    run, start = make_run(app, Status.ERROR), Barrier(2)

    def click() -> None:
        start.wait()
        carry_out(batches.AGAIN, "batch", [run.pk], ANNA, NINE + MINUTE)
        connections.close_all()

    clicks = [Thread(target=click) for _number in range(2)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    made = Run.objects.get(parent_run=run)
    entry = done_batch("batch")
    assert entry is not None
    assert entry.after == {"done": {run.pk: made.pk}, "refused": {}}


def test_a_run_of_a_batch_can_be_run_again_in_another(app: App) -> None:
    run = make_run(app, Status.ERROR)
    carry_out(batches.AGAIN, "first", [run.pk], ANNA, NINE + MINUTE)
    made = Run.objects.queued().get()
    Run.objects.queued().update(status=Status.ERROR)
    carry_out(batches.AGAIN, "second", [made.pk], ANNA, NINE + 2 * MINUTE)
    assert Run.objects.queued().get().trigger_data == {
        "by": "person:anna",
        "again": made.pk,
        "batch": "second",
    }


def test_each_run_and_the_batch_have_their_audit_lines(operator_client: Client, app: App) -> None:
    confirm(operator_client, "/runs/cancel/", make_run(app, Status.RUNNING))
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", "actor")
    assert list(verbs)[-2:] == [
        ("run.cancel", "person:operator"),
        ("runs.cancel", "person:operator"),
    ]


# The addresses


@pytest.mark.parametrize("address", VERBS)
def test_a_verb_is_no_page(operator_client: Client, address: str) -> None:
    assert operator_client.get(address).status_code == 405


@pytest.mark.parametrize("address", PREVIEWS)
def test_a_preview_takes_no_post(operator_client: Client, address: str) -> None:
    assert operator_client.post(address).status_code == 405


@pytest.mark.parametrize("address", VERBS)
def test_a_stranger_changes_nothing(client: Client, app: App, address: str) -> None:
    run = make_run(app, Status.QUEUED)
    response = client.post(address, {"batch": str(uuid4()), "run": [run.pk]})
    run.refresh_from_db()
    assert response.headers["Location"].startswith("/login/")
    assert (run.status, Run.objects.count()) == ("queued", 1)


@pytest.mark.parametrize("address", [*PREVIEWS, "/runs/batches/x/"])
def test_a_stranger_sees_nothing(client: Client, db: None, address: str) -> None:
    assert client.get(address).headers["Location"].startswith("/login/")


@pytest.mark.parametrize("address", VERBS)
@pytest.mark.parametrize("form", [{}, {"batch": "x", "run": "a"}, {"batch": str(uuid4())}])
def test_a_form_that_no_preview_made_is_not_taken(
    operator_client: Client, app: App, address: str, form: dict[str, str]
) -> None:
    assert operator_client.post(address, form).status_code == 422
    assert not AuditEntry.objects.filter(object_type=batches.KIND).exists()


def test_a_fragment_is_led_to_the_result(operator_client: Client, app: App) -> None:
    form = {"batch": str(uuid4()), "run": [make_run(app, Status.RUNNING).pk]}
    response = operator_client.post("/runs/cancel/", form, headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == f"/runs/batches/{form['batch']}/"


@pytest.mark.parametrize("key", ["nothing", "%00", "é"])
def test_an_unknown_batch_is_not_found(operator_client: Client, key: str) -> None:
    assert operator_client.get(f"/runs/batches/{key}/").status_code == 404


@pytest.mark.parametrize("address", PREVIEWS)
def test_an_unknown_app_is_not_found(operator_client: Client, address: str) -> None:
    assert operator_client.get(f"{address}?of=..%2F..").status_code == 404


def test_filters_survive_preview_verb_and_result(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.RUNNING, at=timezone.now() - timedelta(minutes=5))
    back = f"/apps/{app.pk}/runs/?status=unfinished&period=day"
    listed = text_of(operator_client, back)
    scoped = {name: hidden(listed, name)[0] for name in ("status", "period", "of")}
    query = "&".join(f"{name}={value}" for name, value in scoped.items())
    preview = text_of(operator_client, f"/runs/cancel/preview/?{query}&{ticked(run)}")
    assert f'href="{back}"' in preview
    sent = {name: hidden(preview, name)[0] for name in ("status", "period", "of")}
    assert f'href="{back}"' in text_of(
        operator_client, confirm(operator_client, "/runs/cancel/", run, **sent)
    )
