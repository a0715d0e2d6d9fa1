"""The pages of runs and threads, as a browser asks for them."""

import json
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from app_manager.models import App
from app_runtime.models import Entry, Run
from app_runtime.pages import FAILURES
from app_runtime.statuses import Status
from app_runtime.transcript import Transcript
from halo_site.models import Heartbeat
from tests.app_runtime.engines import call, look, report, says
from tests.factories import MINUTE, NINE, SECOND, TESTER, make_app, make_entry, make_question, make_run

pytestmark = pytest.mark.django_db
RunOnce = Callable[..., Run]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"
LISTS = ["/", "/apps/", "/runs/"]
OF_AN_APP = ["/apps/{app}/", "/apps/{app}/runs/"]
OF_A_RUN = ["/runs/{run}/", "/runs/{run}/progress/", "/runs/{run}/transcript/"]
EVERY = [*LISTS, *OF_AN_APP, *OF_A_RUN]


def url(pattern: str, app: App, run: Run) -> str:
    return pattern.format(app=app.pk, run=run.pk)


def text_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return unescape(response.content.decode())


@pytest.mark.parametrize("pattern", EVERY)
def test_a_stranger_is_led_to_the_sign_in(client: Client, app: App, pattern: str) -> None:
    response = client.get(url(pattern, app, make_run(app)))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/")


@pytest.mark.parametrize("pattern", EVERY)
def test_a_page_changes_nothing(operator_client: Client, run_once: RunOnce, pattern: str) -> None:
    run = run_once(look(), report())
    with CaptureQueriesContext(connection) as queries:
        operator_client.get(url(pattern, run.app, run))
    assert [query["sql"] for query in queries if not query["sql"].strip().startswith("SELECT")] == []


@pytest.mark.parametrize("pattern", [*OF_AN_APP, *OF_A_RUN])
@pytest.mark.parametrize("key", ["none", "%00", "..%2f..", "a" * 300, "é"])
def test_an_unknown_id_is_not_found(operator_client: Client, app: App, pattern: str, key: str) -> None:
    assert operator_client.get(pattern.format(app=key, run=key)).status_code == 404


@pytest.mark.parametrize("address", ["/runs/", "/apps/", "/apps/{app}/", "/apps/{app}/runs/"])
@pytest.mark.parametrize(
    "query",
    [
        "before=",
        "before=1",
        "before=x-y",
        "before=1-%00",
        "before=999999999999999-a",
        "before=-5-a",
        "before=1-a&before=2-b",
        "status=%00",
        "status=nonsense",
        "q=%00",
        "q=%25_%27",
    ],
)
def test_a_strange_question_shows_the_list(
    operator_client: Client, app: App, address: str, query: str
) -> None:
    make_run(app)
    make_entry(app)
    assert operator_client.get(f"{address.format(app=app.pk)}?{query}").status_code == 200


# The overview


def test_the_overview_of_an_empty_site_offers_an_install(operator_client: Client) -> None:
    assert "No app is installed yet" in text_of(operator_client, "/")


def test_the_overview_shows_what_needs_a_person_and_what_failed(operator_client: Client, app: App) -> None:
    now = timezone.now()
    failed = make_run(app, Status.ERROR, at=now - timedelta(hours=1), error_message="gateway timed out")
    make_question(app, at=now)
    page = text_of(operator_client, "/")
    assert "Order now?" in page
    assert "gateway timed out" in page
    assert f"/runs/{failed.pk}/" in page


def test_the_overview_counts_more_than_it_lists(operator_client: Client, app: App) -> None:
    now = timezone.now()
    for number in range(FAILURES + 2):
        make_run(app, Status.ERROR, at=now - number * MINUTE)
    assert f"{FAILURES + 2} runs failed in the last 24 hours" in text_of(operator_client, "/")


def test_a_failure_of_two_days_ago_is_no_news(operator_client: Client, app: App) -> None:
    make_run(app, Status.ERROR, at=timezone.now() - timedelta(days=2), error_message="gateway timed out")
    make_run(app, at=timezone.now())
    assert "gateway timed out" not in text_of(operator_client, "/")


def test_the_overview_says_that_nothing_works_while_nothing_does(operator_client: Client, app: App) -> None:
    page = text_of(operator_client, "/")
    assert "The clock is not running" in page
    assert "No worker is running" in page


def test_a_young_heartbeat_is_a_worker(operator_client: Client, app: App) -> None:
    Heartbeat.beat("worker", timezone.now())
    assert "0 of 1 worker busy" in text_of(operator_client, "/machinery/")


def test_a_worker_in_a_long_turn_is_known_by_its_lease(operator_client: Client, app: App) -> None:
    now = timezone.now()
    make_run(app, Status.RUNNING, at=now, lease_until=now + MINUTE)
    assert "1 of 1 worker busy" in text_of(operator_client, "/machinery/")


# Lists


def test_the_list_of_runs_can_be_narrowed_to_a_status(operator_client: Client, app: App) -> None:
    good = make_run(app)
    bad = make_run(app, Status.ERROR, error_message="gateway timed out")
    page = text_of(operator_client, "/runs/?status=error")
    assert f"run-{bad.pk}" in page
    assert f"run-{good.pk}" not in page


def test_older_runs_are_a_page_away(operator_client: Client, app: App) -> None:
    runs = [make_run(app, at=NINE + number * SECOND) for number in range(31)]
    first = operator_client.get("/runs/")
    pager = first.context["pager"]
    assert f"run-{runs[0].pk}" not in first.content.decode()
    assert f"run-{runs[0].pk}" in text_of(operator_client, pager.next_url)


def test_apps_can_be_looked_for(operator_client: Client, app: App) -> None:
    make_app("Toaster Watch")
    page = text_of(operator_client, "/apps/?q=TOAST")
    assert "Toaster Watch" in page
    assert f"app-{app.pk}" not in page


def test_the_thread_shows_open_questions_on_top_and_the_rest_below(operator_client: Client, app: App) -> None:
    question = make_question(app, run=make_run(app, Status.WAITING_USER))
    entry = make_entry(app, at=NINE + MINUTE)
    page = text_of(operator_client, f"/apps/{app.pk}/")
    assert page.index(f"question-{question.pk}") < page.index(f"entry-{entry.pk}")
    assert f'id="entry-{question.pk}"' not in page


def test_no_open_question_is_missing_from_a_thread_with_many(operator_client: Client, app: App) -> None:
    questions = [make_question(app, at=NINE + number * SECOND) for number in range(25)]
    page = text_of(operator_client, f"/apps/{app.pk}/")
    assert all(question.pk in page for question in questions)


def test_an_entry_whose_run_is_gone_says_so(operator_client: Client, app: App) -> None:
    make_entry(app)
    assert "its run is gone" in text_of(operator_client, f"/apps/{app.pk}/")


def test_data_is_shown_as_json(operator_client: Client, app: App) -> None:
    make_entry(app, data={"price": 17.2, "shop": None})
    assert '"shop": null' in text_of(operator_client, f"/apps/{app.pk}/")


# One run


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.QUEUED, "Queued"),
        (Status.RUNNING, "Running"),
        (Status.OK, "Finished"),
        (Status.ERROR, "Failed"),
        (Status.SKIPPED, "Skipped"),
        (Status.WAITING_USER, "Waiting for you"),
        (Status.CANCELLED, "Cancelled"),
    ],
)
def test_a_run_says_how_far_it_is(operator_client: Client, app: App, status: str, words: str) -> None:
    assert words in text_of(operator_client, f"/runs/{make_run(app, status).pk}/")


def test_a_finished_run_shows_its_steps_its_report_and_its_prompt(
    operator_client: Client, run_once: RunOnce
) -> None:
    run = run_once(says(*look().calls, text="I look."), report())
    page = text_of(operator_client, f"/runs/{run.pk}/")
    for words in (
        "I look.",
        "memory_read(app, headers)",
        "The kettle costs 20.",
        "Prompt as sent",
    ):
        assert words in page
    assert "tokens unknown" in page
    assert "## Trigger" in text_of(operator_client, f"/runs/{run.pk}/prompt/")


def test_a_failed_run_says_why(operator_client: Client, run_once: RunOnce) -> None:
    run = run_once(RuntimeError("no kettle"))
    assert "RuntimeError: no kettle" in text_of(operator_client, f"/runs/{run.pk}/")


def test_a_rehearsal_is_marked_as_one(operator_client: Client, app: App) -> None:
    run = make_run(app)
    assert "Rehearsal" in text_of(operator_client, f"/runs/{run.pk}/")
    assert "rehearsal" in text_of(operator_client, "/runs/")


def test_a_run_without_a_transcript_says_that_no_step_was_recorded(operator_client: Client, app: App) -> None:
    run = make_run(app, step_count=0)
    assert "No step was recorded." in text_of(operator_client, f"/runs/{run.pk}/")


def test_a_run_whose_transcript_is_gone_says_how_many_steps_it_had(operator_client: Client, app: App) -> None:
    run = make_run(app, step_count=6)
    assert "missing from the disk. It had 6 steps." in text_of(operator_client, f"/runs/{run.pk}/")


@pytest.mark.parametrize("pattern", ["/runs/{run}/", "/apps/{app}/", "/apps/{app}/runs/"])
def test_a_run_of_an_app_whose_space_is_gone_is_still_shown(
    operator_client: Client, app: App, pattern: str
) -> None:
    run = make_run(app)
    App.objects.update(space_id="gone")
    assert operator_client.get(url(pattern, app, run)).status_code == 200


def test_a_transcript_with_foreign_lines_is_still_shown(operator_client: Client, run_once: RunOnce) -> None:
    run = run_once(report())
    transcript = Transcript(run.app, run.run_id)
    with (transcript.base / transcript.name).open("a") as file:
        file.write(
            '{"type": "tool"}\n{"type": "model", "ms": "x", "_ts": null}\n[]\n{"torn\n'
            '{"type":"tool","result":"\\ud83d"}\n'
        )
    assert "report_to_user" in text_of(operator_client, f"/runs/{run.pk}/")


@pytest.mark.parametrize(
    ("status", "code"), [(Status.QUEUED, 200), (Status.RUNNING, 200), (Status.OK, 286), (Status.ERROR, 286)]
)
def test_the_progress_of_a_run_is_polled_until_it_has_ended(
    operator_client: Client, app: App, status: str, code: int
) -> None:
    response = operator_client.get(
        f"/runs/{make_run(app, status).pk}/progress/", headers={"HX-Request": "true"}
    )
    assert response.status_code == code
    assert "<html" not in response.content.decode()
    assert ("hx-get" in response.content.decode()) == (code == 200)


def test_the_transcript_is_a_download_of_what_lies_on_disk(
    operator_client: Client, run_once: RunOnce
) -> None:
    run = run_once(report())
    response = operator_client.get(f"/runs/{run.pk}/transcript/")
    assert response.headers["Content-Disposition"] == f'attachment; filename="run-{run.short_id}.jsonl"'
    assert response.content == Transcript(run.app, run.run_id).raw()
    assert json.loads(response.content.splitlines()[0])["type"] == "prompt"


def test_a_transcript_that_is_a_link_is_not_given_out(operator_client: Client, run_once: RunOnce) -> None:
    run = run_once(report())
    transcript = Transcript(run.app, run.run_id)
    path = transcript.base / transcript.name
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert operator_client.get(f"/runs/{run.pk}/transcript/").status_code == 404


def test_a_missing_transcript_is_not_found(operator_client: Client, app: App) -> None:
    assert operator_client.get(f"/runs/{make_run(app).pk}/transcript/").status_code == 404


# What a model writes is data


@pytest.fixture
def hostile(run_once: RunOnce) -> Run:
    """A run whose model wrote markup into everything it can write into."""
    attempts = says(
        call("memory_write", scope="app", mode="append", content=EVIL),
        call(EVIL, id=EVIL, message=EVIL),
        report("milestone", EVIL, data={EVIL: EVIL}, data_path=EVIL).calls[0],
        report("output", EVIL, data=EVIL).calls[0],
        report("escalation", EVIL, questions=[{"question": EVIL, "choices": [EVIL]}], data=EVIL).calls[0],
        text=EVIL,
        model=EVIL,
    )
    return run_once(attempts)


@pytest.mark.parametrize(
    "pattern", ["/", "/apps/", "/runs/", *OF_AN_APP, "/runs/{run}/", "/runs/{run}/progress/"]
)
def test_markup_of_a_model_is_shown_and_not_obeyed(
    operator_client: Client, hostile: Run, pattern: str
) -> None:
    make_run(hostile.app, Status.ERROR, at=timezone.now(), error_message=EVIL)
    page = operator_client.get(url(pattern, hostile.app, hostile)).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_markup_in_an_apps_name_is_shown_and_not_obeyed(operator_client: Client, db: None) -> None:
    app = make_app(EVIL, description=EVIL)
    run = make_run(app)
    make_question(app)
    for pattern in ["/", "/apps/", "/runs/", *OF_AN_APP, "/runs/{run}/"]:
        page = operator_client.get(url(pattern, app, run)).content.decode()
        assert "<script>alert" not in page


# Pages stay as quick as they are


def fill(apps: int, runs: int) -> None:
    for number in range(apps):
        app = make_app(f"Kettle {number} of {App.objects.count()}")
        for index in range(runs):
            status = Status.ERROR if index % 3 == 0 else Status.OK
            run = make_run(app, status, at=timezone.now() - index * MINUTE)
            make_entry(app, run=run, at=run.started_at)
        make_question(app, run=run)


@pytest.mark.parametrize("pattern", EVERY)
def test_no_page_asks_more_as_tables_grow(operator_client: Client, app: App, pattern: str) -> None:
    run = make_run(app)
    make_entry(app, run=run)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            operator_client.get(url(pattern, app, run))
        return len(captured)

    fill(apps=2, runs=5)
    for index in range(10):
        make_entry(app, run=run, at=NINE + index * SECOND)
    queries()
    few = queries()
    fill(apps=4, runs=5)
    for index in range(10):
        make_entry(app, run=make_run(app, at=NINE - index * MINUTE), at=NINE - index * SECOND)
        make_question(app, at=NINE - index * SECOND)
    assert queries() <= few
    assert Entry.objects.exists()


def test_the_overview_names_an_app_that_waits_for_a_value(operator_client: Client) -> None:
    required = {"key": "page", "label": "Page", "type": "url", "required": True}
    app = make_app(config_schema=[required])
    page = operator_client.get("/").content.decode()
    assert "Needs values" in page
    assert f'href="/apps/{app.pk}/config/"' in page


def test_the_overview_does_not_ask_about_an_app_that_a_person_paused(
    operator_client: Client, app: App
) -> None:
    app.pause(actor=TESTER, now=NINE)
    assert "Stopped or failed" not in operator_client.get("/").content.decode()
