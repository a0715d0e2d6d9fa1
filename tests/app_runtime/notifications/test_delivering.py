"""What becomes of a notification that did not arrive at once: tried again, given up, or never known."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from app_manager.models import App
from app_runtime.models import Notification, Run
from app_runtime.notifications import courier, delivering
from app_runtime.notifications.delivering import send_due, settle_silent
from app_runtime.notifications.models import LONGEST_TRY, PAUSES
from app_runtime.runs.page import RUN_NOTIFICATIONS, RunPage
from app_runtime.sweeping import sweep_as_worker, sweep_runs
from app_runtime.worker import Worker
from halo_site.datadir.config import site_config
from tests.app_runtime.notifying import TOKEN, make_notification, set_targets, use_sink
from tests.factories import MINUTE, NINE, SECOND, TESTER, make_app, make_run
from tests.wire import Sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(app: App) -> Run:
    return make_run(app, engine="model")


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def delivery(run: Run) -> tuple[str, str, str | None]:
    run.refresh_from_db()
    return run.delivery, run.status, run.outcome


def test_what_failed_is_tried_again_when_its_time_has_come(run: Run) -> None:
    make_notification(run.app, run)
    with Sink(500, 200) as sink:
        use_sink(sink)
        send_due(at(NINE))
        first = Notification.objects.get()
        assert (first.state, first.attempts, first.next_try_at) == ("pending", 1, NINE + 30 * SECOND)
        assert send_due(at(NINE + 29 * SECOND)) == 0
        send_due(at(NINE + 30 * SECOND))
        assert sink.messages == [("Kettle", "It costs 20.")] * 2
    sent = Notification.objects.get()
    assert (sent.state, sent.attempts, sent.last_error, sent.sent_at) == ("sent", 2, "", NINE + 30 * SECOND)
    assert delivery(run) == ("sent", "ok", "useful")


def test_a_target_that_is_down_for_long_is_given_up(run: Run) -> None:
    make_notification(run.app, run)
    set_targets(phone=f"json://127.0.0.1:1/{TOKEN}")
    moments, now = [], NINE
    for pause in (*PAUSES, timedelta(0)):
        moments.append(now)
        send_due(at(now))
        now += pause
    given_up = Notification.objects.get()
    assert (given_up.state, given_up.attempts, given_up.next_try_at) == ("failed", 6, None)
    assert "(the connection was refused)" in given_up.last_error
    assert TOKEN not in given_up.last_error
    assert moments[-1] - NINE == timedelta(hours=2, minutes=42, seconds=30)
    assert send_due(at(NINE + timedelta(days=9))) == 0
    assert delivery(run) == ("failed", "ok", "useful")


def test_a_target_that_is_taken_away_meanwhile_is_told_as_such(run: Run) -> None:
    make_notification(run.app, run)
    send_due(at(NINE))
    row = Notification.objects.get()
    assert (row.state, row.last_error) == ("pending", "Its target is not set up any more.")


def test_one_that_is_being_sent_is_not_sent_by_another(run: Run) -> None:
    mine = make_notification(run.app, run)
    theirs = Notification.objects.get()
    assert mine.claim(NINE)
    assert not theirs.claim(NINE)
    with Sink() as sink:
        use_sink(sink)
        assert send_due(at(NINE + SECOND)) == 0
        assert sink.taken == []


def test_one_whose_process_was_lost_has_failed_and_is_not_sent_again(run: Run) -> None:
    assert make_notification(run.app, run).claim(NINE)
    lost = NINE + LONGEST_TRY + SECOND
    assert settle_silent(NINE + LONGEST_TRY) == 0
    with Sink() as sink:
        use_sink(sink)
        sweep_as_worker(at(lost))
        sweep_as_worker(at(lost + timedelta(days=1)))
        assert sink.taken == []
    row = Notification.objects.get()
    expected = (
        "The process that was sending this was lost. Whether it arrived is unknown, so it is not sent again."
    )
    assert (row.state, row.last_error, row.attempts) == ("failed", expected, 1)
    assert delivery(run) == ("failed", "ok", "useful")


def test_one_whose_sending_program_died_has_failed_and_is_not_sent_again(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_notification(run.app, run)
    (tmp_path / "dies.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    monkeypatch.setattr(courier, "__file__", str(tmp_path / "dies.py"))
    set_targets(phone="json://127.0.0.1:1/")
    send_due(at(NINE))
    row = Notification.objects.get()
    assert (row.state, row.last_error) == ("failed", delivering.BROKEN_OFF)


def test_the_clock_settles_lost_ones_too_and_sends_none(run: Run) -> None:
    make_notification(run.app, run)
    assert make_notification(run.app, run).claim(NINE)
    with Sink() as sink:
        use_sink(sink)
        sweep_runs(NINE + 2 * MINUTE)
        assert sink.taken == []
    assert sorted(Notification.objects.values_list("state", flat=True)) == ["failed", "pending"]


def test_a_result_that_comes_late_still_counts(run: Run) -> None:
    row = make_notification(run.app, run)
    assert row.claim(NINE)
    settle_silent(NINE + 2 * MINUTE)
    assert row.note("", NINE + 3 * MINUTE)
    assert Notification.objects.get().state == "sent"


def test_one_that_was_sent_stays_sent(run: Run) -> None:
    row = make_notification(run.app, run)
    assert row.claim(NINE)
    assert row.note("", NINE)
    assert not row.note("It gave no answer.", NINE + SECOND)
    assert Notification.objects.get().state == "sent"


def test_a_worker_lost_before_its_claim_leaves_the_message_to_the_next(run: Run, app: App) -> None:
    running = make_run(app, "running", engine="model")
    with Sink() as sink:
        use_sink(sink)
        delivering.store(running, site_config().notifications.targets, "Kettle", "It costs 20.", NINE)
        assert Run.objects.get(pk=running.pk).delivery == "pending"
        Worker(draining=None, clock=at(NINE + MINUTE)).turn(site_config().runs)  # type: ignore[arg-type]
        assert ("Kettle", "It costs 20.") in sink.messages
        titles = sorted(title for title, _text in sink.messages)
        assert titles == ["Kettle", "Kettle Watch failed"]  # the run that was lost is told too
    assert Run.objects.get(pk=running.pk).delivery == "sent"


@pytest.mark.parametrize(
    ("answer", "other", "expected"),
    [
        (200, "sent", "sent"),
        (200, "pending", "pending"),
        (500, "sent", "pending"),
        (200, "failed", "failed"),
        (500, "failed", "failed"),
    ],
)
def test_the_run_says_what_its_notifications_say(run: Run, answer: int, other: str, expected: str) -> None:
    make_notification(run.app, run, state=other, next_try_at=None)
    row = make_notification(run.app, run)
    with Sink(answer) as sink:
        use_sink(sink)
        delivering.attempt([row], at(NINE), asyncio.run, 10)
    assert delivery(run)[0] == expected


def test_a_broken_row_does_not_keep_a_worker_from_its_runs(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(now: datetime) -> int:
        raise ValueError("odd")

    monkeypatch.setattr(Notification.objects, "due", broken)
    sweep_as_worker(at(NINE))
    assert "A sweep of the runs failed" in caplog.text


def test_a_deletion_of_the_app_takes_its_notifications(run: Run) -> None:
    make_notification(run.app, run)
    run.app.uninstall(actor=TESTER, now=NINE)
    run.app.delete_permanently(actor=TESTER, now=NINE)
    assert not Notification.objects.exists()


def test_a_notification_of_a_deleted_app_is_no_trouble_to_who_sends_it(run: Run) -> None:
    row = make_notification(run.app, run)
    assert row.claim(NINE)
    Notification.objects.all().delete()
    assert not row.note("", NINE)


def test_the_page_says_that_an_overdue_try_waits_for_a_worker(run: Run, operator_client: Client) -> None:
    make_notification(run.app, run, attempts=2, last_error="It was down.", title="<b>Kettle</b>")
    page = operator_client.get(reverse("app_runtime:run_detail", args=[run.pk])).content.decode()
    for words in ("tried again as soon as a worker is free", "2 tries", "It was down.", "&lt;b&gt;Kettle"):
        assert words in page


def test_the_page_shows_the_newest_and_says_so(run: Run) -> None:
    for number in range(RUN_NOTIFICATIONS + 1):
        make_notification(run.app, run, created_at=NINE + number * SECOND, title=str(number))
    page = RunPage(run, NINE)
    titles = [shown.row.title for shown in page.notifications]
    assert (titles[0], titles[-1], page.more_notifications) == ("1", str(RUN_NOTIFICATIONS), True)


def test_the_administration_lists_them(run: Run, operator_client: Client) -> None:
    row = make_notification(run.app, run)
    base = "admin:app_runtime_notification"
    assert "Kettle" in operator_client.get(reverse(f"{base}_changelist"), {"q": run.pk}).content.decode()
    assert operator_client.get(reverse(f"{base}_change", args=[row.pk])).status_code == 200


def test_other_apps_are_left_alone(run: Run) -> None:
    other = make_app("Another")
    make_notification(other, make_run(other, engine="model"))
    run.app.uninstall(actor=TESTER, now=NINE)
    run.app.delete_permanently(actor=TESTER, now=NINE)
    assert Notification.objects.get().app_id == other.pk


@pytest.mark.parametrize(
    ("kind", "tone"),
    [
        ("failure", "failure"),
        ("recovery", "success"),
        ("reminder", "warning"),
        ("closed", "warning"),
        ("question", "info"),
        ("of a later version", "info"),
    ],
)
def test_a_service_is_told_what_kind_of_message_it_is(run: Run, kind: str, tone: str) -> None:
    with Sink() as sink:
        use_sink(sink)
        make_notification(run.app, run, kind=kind)
        send_due(lambda: NINE)
    assert [body["type"] for body in sink.taken] == [tone]
