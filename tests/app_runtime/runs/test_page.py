"""The page of a run: its tabs, what can be done there, and what a browser sends for it."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from app_manager.models import App
from app_runtime.engines.base import Turn
from app_runtime.exceptions import EngineError
from app_runtime.models import Run, RunMessage
from app_runtime.runs.page import TABS, RunPage, money
from app_runtime.statuses import Status
from app_runtime.transcript import HEAD_BYTES, TAIL_BYTES, Transcript, transcript_of
from halo_site.datadir.config import update_config
from halo_site.models import Heartbeat
from tests.app_runtime.engines import call, look, report, says
from tests.factories import NINE, SECOND, make_app, make_run

pytestmark = pytest.mark.django_db
RunOnce = Callable[..., Run]
VERBS = ("cancel", "stop", "again", "continue", "message")


def shown(client: Client, run: Run, tab: str = "", status: int = 200) -> str:
    response = client.get(f"/runs/{run.pk}/{tab}")
    assert response.status_code == status
    return unescape(response.content.decode())


def told(client: Client, run: Run, verb: str, text: str = "And the teapot?") -> tuple[int, str]:
    response = client.post(f"/runs/{run.pk}/{verb}/", {"text": text})
    return response.status_code, unescape(response.content.decode())


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_a_run_is_a_page(operator_client: Client, run_once: RunOnce, tab: str) -> None:
    run = run_once(look(), report())
    assert 'aria-current="page"' in shown(operator_client, run, "" if tab == "timeline" else f"{tab}/")


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_a_run_without_a_transcript_is_a_page(
    operator_client: Client, app: App, tab: str
) -> None:
    shown(operator_client, make_run(app, Status.QUEUED), "" if tab == "timeline" else f"{tab}/")


def test_a_tab_that_there_is_not_is_not_found(operator_client: Client, app: App) -> None:
    assert operator_client.get(f"/runs/{make_run(app).pk}/victory/").status_code == 404


def test_the_conversation_shows_who_said_what(operator_client: Client, run_once: RunOnce) -> None:
    page = shown(operator_client, run_once(says(*look().calls, text="I look."), report()), "conversation/")
    assert "I look." in page
    assert "Result of a tool" in page


def test_the_tools_tab_says_why_each_was_offered(operator_client: Client, run_once: RunOnce) -> None:
    page = shown(operator_client, run_once(report()), "tools/")
    assert "report_to_user" in page
    assert "always on" in page


def test_the_memory_tab_shows_what_changed(operator_client: Client, run_once: RunOnce) -> None:
    write = call("memory_write", scope="app", content="The kettle is blue.", mode="append")
    page = shown(operator_client, run_once(says(write), report()), "memory/")
    assert "The kettle is blue." in page
    assert "memory.md" in page


def test_a_failed_try_is_a_step_that_says_what_came_next(operator_client: Client, run_once: RunOnce) -> None:
    update_config("runs", {"first_retry_wait_seconds": 0.01})
    run = run_once(EngineError("The shop is closed.", kind="server", permanent=False), report())
    assert "The shop is closed. Tried again after" in shown(operator_client, run)


def test_a_long_result_is_kept_whole_and_can_be_downloaded(
    operator_client: Client, run_once: RunOnce
) -> None:
    write = call("memory_write", scope="app", content="x" * 100_000, mode="append")
    read = call("memory_read", id="c2", scope="app", mode="full")
    run = run_once(says(write), says(read), report())
    page = shown(operator_client, run)
    assert f"/runs/{run.pk}/results/step-4.txt/" in page
    response = operator_client.get(f"/runs/{run.pk}/results/step-4.txt/")
    assert len(response.content) > 100_000
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["step-9.txt", "..", "..%2f..%2fmemory.md", "%00"])
def test_only_results_that_a_step_names_are_given_out(
    operator_client: Client, run_once: RunOnce, name: str
) -> None:
    assert operator_client.get(f"/runs/{run_once(report()).pk}/results/{name}/").status_code == 404


def test_a_live_run_shows_its_five_caps(operator_client: Client, app: App) -> None:
    update_config("runs", {"money_usd": 0.5})
    page = shown(operator_client, make_run(app, Status.RUNNING, at=timezone.now()))
    for words in ("1 h", "10 min", "Model turns", "Tokens", "no cap", "0.5 USD"):
        assert words in page


@pytest.mark.parametrize(
    ("microusd", "words"),
    [(None, "unknown"), (0, "0.00 USD"), (16_000, "0.016 USD"), (12_400_000, "12.40 USD")],
)
def test_money_is_shown_with_every_digit_and_unknown_is_no_zero(microusd: int | None, words: str) -> None:
    assert money(microusd) == words


def test_a_queued_run_is_cancelled_from_its_page(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.QUEUED)
    assert operator_client.post(f"/runs/{run.pk}/cancel/").status_code == 302
    page = shown(operator_client, run)
    assert "Not started: operator cancelled it." in page


def test_a_running_run_is_shown_as_cancelling(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.RUNNING)
    operator_client.post(f"/runs/{run.pk}/cancel/")
    page = shown(operator_client, run)
    assert "Cancelling" in page
    assert "operator asked to stop it. Its worker has not confirmed that yet." in page
    assert f"/runs/{run.pk}/cancel/" not in page


def test_the_record_can_be_ended_when_its_worker_does_not_confirm(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.RUNNING)
    assert told(operator_client, run, "stop")[0] == 409
    Run.objects.update(cancel_requested_at=timezone.now() - timedelta(seconds=11), cancelled_by="anna")
    assert f"/runs/{run.pk}/stop/" in shown(operator_client, run)
    assert told(operator_client, run, "stop")[0] == 302
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_an_ended_run_refuses_to_be_cancelled(operator_client: Client, app: App) -> None:
    status, page = told(operator_client, make_run(app), "cancel")
    assert (status, "It has ended already." in page) == (409, True)


def test_a_run_is_run_again_and_linked(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.ERROR)
    assert told(operator_client, run, "again")[0] == 302
    again = Run.objects.queued().get()
    assert again.short_id in shown(operator_client, run)
    assert f"/runs/{run.pk}/" in shown(operator_client, again)


def test_a_run_of_a_busy_app_is_not_run_again(operator_client: Client, app: App) -> None:
    run, busy = make_run(app), make_run(app, Status.RUNNING)
    status, page = told(operator_client, run, "again")
    assert (status, f"/runs/{busy.pk}/" in page) == (409, True)


def test_an_ended_run_is_continued_with_a_message(operator_client: Client, app: App) -> None:
    run = make_run(app)
    assert told(operator_client, run, "continue")[0] == 302
    following = Run.objects.queued().get()
    assert following.trigger_data["continue"]["userMessage"] == "And the teapot?"


@pytest.mark.parametrize(
    ("text", "words"), [("  ", "The message is empty"), ("x" * 20_001, "at most 20,000")]
)
def test_a_message_that_cannot_be_taken_comes_back(
    operator_client: Client, app: App, text: str, words: str
) -> None:
    status, page = told(operator_client, make_run(app), "continue", text)
    assert status == 422
    assert words in page
    assert text.strip() in page


def test_a_message_to_a_live_run_waits_for_its_next_step(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.RUNNING)
    assert told(operator_client, run, "message")[0] == 302
    page = shown(operator_client, run)
    assert "And the teapot?" in page
    assert "waits for the next step" in page


def test_a_message_that_did_not_arrive_says_so(operator_client: Client, run_once: RunOnce) -> None:
    def meanwhile() -> Turn:
        run = Run.objects.get()
        RunMessage.objects.create(run=run, text="Too late", sent_by="operator", sent_at=NINE)
        return report()

    assert "not delivered: the run ended first" in shown(operator_client, run_once(meanwhile))


def test_a_message_to_an_ended_run_is_refused_and_the_text_offered_back(
    operator_client: Client, app: App
) -> None:
    status, page = told(operator_client, make_run(app), "message")
    assert status == 409
    assert "The run has ended. Continue it with this message instead." in page
    assert "And the teapot?" in page


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_is_a_link_or_a_strangers(operator_client: Client, app: App, verb: str) -> None:
    run = make_run(app, Status.RUNNING)
    assert operator_client.get(f"/runs/{run.pk}/{verb}/").status_code == 405
    assert Client().post(f"/runs/{run.pk}/{verb}/").headers["Location"].startswith("/login/")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator_client.cookies
    assert strict.post(f"/runs/{run.pk}/{verb}/").status_code == 403
    run.refresh_from_db()
    assert (run.status, run.cancel_requested_at) == ("running", None)


def test_a_transcript_of_20_mb_is_read_at_its_ends(operator_client: Client, run_once: RunOnce) -> None:
    run = run_once(look(), report())
    transcript = transcript_of(run)
    path = transcript.base / transcript.name
    line = '{"_ts": 1, "type": "tool", "step": 9, "name": "look", "result": "%s"}\n' % ("x" * 10_000)
    first, *_rest = path.read_text().splitlines(keepends=True)
    path.write_text(
        first + line * 2_000 + '{"_ts": 2, "type": "model", "step": 99, "text": "The end."}\n{"torn'
    )
    excerpt = Transcript(run.app, run.run_id).excerpt()
    assert excerpt.is_cut
    assert sum(map(len, excerpt.written)) <= HEAD_BYTES + TAIL_BYTES
    page = shown(operator_client, run)
    assert "The end." in page
    assert "The transcript is very long" in page
    assert "## Trigger" in shown(operator_client, run, "prompt/")


def test_what_a_run_without_news_did_last_is_told_as_idle_time(app: App) -> None:
    run = make_run(app, Status.RUNNING)
    idle = RunPage(run, NINE + 90 * SECOND).caps[1]
    assert (idle.used, idle.limit) == ("1 min 30 s", "10 min")


def test_another_app_s_limits_do_not_count(db: None) -> None:
    app = make_app()
    app.user_overrides = {"limits": {"model_turns": 7, "tokens": "many"}}
    caps = RunPage(make_run(app, Status.RUNNING), NINE).caps
    assert [cap.limit for cap in caps] == ["1 h", "10 min", "7", "", ""]


def test_a_run_whose_first_step_wrote_nothing_has_its_transcript(
    operator_client: Client, run_once: RunOnce
) -> None:
    run = run_once(EngineError("The key is missing."))
    assert Transcript(run.app, run.run_id).excerpt().is_there
    path = Transcript(run.app, run.run_id)
    (path.base / path.name).write_text('{"_ts": 1, "type": "prompt"}\n')
    page = shown(operator_client, run)
    assert "One step had begun, and nothing of it was written down." in page
    assert "missing from the disk" not in page


def test_a_missing_transcript_is_said(operator_client: Client, run_once: RunOnce) -> None:
    run = run_once(report())
    path = Transcript(run.app, run.run_id)
    (path.base / path.name).unlink()
    assert "Its transcript is missing from the disk. It had 2 steps." in shown(operator_client, run)


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_polls_how_the_run_stands(operator_client: Client, app: App, tab: str) -> None:
    run = make_run(app, Status.RUNNING)
    assert f"/runs/{run.pk}/progress/?tab={tab}" in shown(
        operator_client, run, "" if tab == "timeline" else f"{tab}/"
    )
    polled = operator_client.get(f"/runs/{run.pk}/progress/?tab={tab}", headers={"HX-Request": "true"})
    assert f"progress/?tab={tab}" in polled.content.decode()


def test_the_last_poll_brings_the_title_and_what_can_be_done_now(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.OK)
    polled = operator_client.get(f"/runs/{run.pk}/progress/", headers={"HX-Request": "true"})
    assert "<title>Finished: run of" in polled.content.decode()
    assert "Continue with a message" in polled.content.decode()


def test_a_queued_run_says_why_it_waits(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.QUEUED)
    assert "No worker is alive, so nothing starts until one is back." in shown(operator_client, run)
    Heartbeat.beat("worker", timezone.now())
    assert "It is the next one: it starts as soon as a worker is free." in shown(operator_client, run)
    make_run(make_app("Toaster"), Status.QUEUED, queued_at=NINE - SECOND)
    assert "One run is before it in the queue." in shown(operator_client, run)
