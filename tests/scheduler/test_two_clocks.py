"""What two processes do to each other: real transactions on a database file."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from scheduler import batch
from scheduler.batch import run_batch
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from scheduler.registry import Dispatch
from tests.scheduler.conftest import Recorder
from tests.scheduler.factories import MINUTE, NINE, put_job

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(work: Callable[[], object], count: int = 2) -> None:
    """Runs `work` at the same time in threads with connections of their own; their failures are raised."""
    start, failures = Barrier(count), []

    def run() -> None:
        try:
            start.wait()
            work()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_two_clocks_dispatch_each_due_time_once(handler: Recorder) -> None:
    jobs, minutes = 300, 5
    for number in range(jobs):
        put_job(f"job-{number}")

    def tick_through() -> None:
        for minute in range(1, minutes + 1):
            run_once(NINE + minute * MINUTE)

    in_threads(tick_through)
    calls = Counter((pk, due) for pk, due, _ in handler.calls)
    assert set(calls.values()) == {1}
    assert Slot.objects.count() == jobs * minutes
    assert Slot.objects.filter(verdict="ran").count() == len(calls)


@pytest.mark.parametrize("mend", [lambda now: put_job(now=now), lambda now: Job.objects.all().delete()])
def test_a_job_that_was_mended_or_removed_since_it_could_not_be_read_is_left_alone(
    handler: Recorder, monkeypatch: pytest.MonkeyPatch, mend: Callable[[datetime], object]
) -> None:
    put_job()
    Job.objects.update(schedule={"kind": "cron", "cron": "nonsense"})
    read_claims = batch.read_claims

    def read_then_mend(now: datetime, *others: object) -> object:
        claims = read_claims(now, *others)
        mend(now)
        return claims

    monkeypatch.setattr(batch, "read_claims", read_then_mend)
    assert run_batch(NINE + MINUTE) is None
    assert not Slot.objects.filter(verdict="error").exists()
    assert not Job.objects.filter(enabled=False).exists()


def test_a_claim_of_a_job_that_changed_since_it_was_read_does_nothing(
    handler: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_job()
    read_claims = batch.read_claims

    def read_then_lose(now: datetime, *others: object) -> object:
        claims = read_claims(now, *others)
        Job.objects.get().disable("The app was uninstalled.", now)
        return claims

    monkeypatch.setattr(batch, "read_claims", read_then_lose)
    assert run_batch(NINE + MINUTE) is None
    assert handler.calls == []
    assert Slot.objects.get().words.endswith("switched off: The app was uninstalled.")
    assert Job.objects.get().disabled_reason == "The app was uninstalled."


def test_a_process_that_ends_in_a_batch_leaves_neither_slot_nor_work(handler: Recorder) -> None:
    def answer(job: Job) -> Dispatch:
        Job.objects.filter(pk="witness").update(name="queued work")
        raise SystemExit

    put_job("witness", "1d")
    put_job()
    handler.answer = answer
    with pytest.raises(SystemExit):
        run_once(NINE + MINUTE)
    assert Job.objects.get(pk="witness").name == "Job witness"
    assert not Slot.objects.exists()
    handler.answer = lambda job: Dispatch.started()
    assert run_once(NINE + MINUTE).dispatched == 1


def test_a_result_and_the_clock_do_not_overwrite_each_other(handler: Recorder) -> None:
    job = put_job(every="10s")
    run_once(NINE + timedelta(seconds=10))
    stale = Job.objects.get()
    run_once(NINE + timedelta(seconds=20))
    stale.record_result("useful", NINE, NINE, slot_due=NINE + timedelta(seconds=10))
    job.refresh_from_db()
    assert job.next_run_at == NINE + timedelta(seconds=30)


def test_two_results_at_once_both_count(handler: Recorder) -> None:
    put_job(every="1d")
    in_threads(lambda: Job.objects.get().record_result("error", NINE, NINE))
    assert Job.objects.get().consecutive_errors == 2
