"""A handler or a sweep that hangs delays nobody else. Hanging is waiting for an event that nobody sets."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event

import pytest

from halo_site.models import Heartbeat
from scheduler import dispatching, registry
from scheduler.checkups import sweeps
from scheduler.clock import Clock, run_once
from scheduler.models import Job, Slot
from scheduler.registry import Dispatch, Due, Sweep
from tests.scheduler.conftest import Recorder
from tests.scheduler.factories import KIND, MINUTE, NINE, put_job
from tests.scheduler.test_clock_loop import Time

NEVER = Event()
PATIENCE = 20  # seconds that something which must happen gets


@pytest.fixture
def hanging(handler: Recorder, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A handler that writes and then does not answer for the job "bad"."""

    def answer(job: Job) -> Dispatch:
        if job.pk == "bad":
            Job.objects.filter(pk="good").update(name="spoiled")
            NEVER.wait()
        return Dispatch.started()

    monkeypatch.setattr(dispatching, "ANSWER_SECONDS", 0.05)
    handler.answer = answer
    return handler


def verdict(job: str) -> tuple[str, str]:
    slot = Slot.objects.filter(job=job).newest_first()[0]
    return slot.verdict, slot.words


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_hangs_gets_an_error_and_nobody_else_waits(hanging: Recorder) -> None:
    put_job("bad")
    put_job("good")
    tick = run_once(NINE + MINUTE)
    assert (tick.dispatched, tick.errors) == (1, 1)
    assert verdict("bad") == ("error", "What it starts did not answer within 0.05 s.")
    assert (verdict("good"), Job.objects.get(pk="good").name) == (("ran", ""), "Job good")


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_handler_hung_is_asked_last_and_alone_until_it_answers(hanging: Recorder) -> None:
    slow: set[str] = set()
    put_job("bad")
    put_job("good")
    run_once(NINE + MINUTE, slow)
    assert slow == {"bad"}
    hanging.calls.clear()
    run_once(NINE + 2 * MINUTE, slow)
    assert [pk for pk, _, _ in hanging.calls] == ["good", "bad"]
    hanging.answer = lambda job: Dispatch.started()
    run_once(NINE + 3 * MINUTE, slow)
    assert (slow, verdict("bad")) == (set(), ("ran", ""))


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_swallows_every_exception_is_ended_too(hanging: Recorder) -> None:
    def answer(job: Job) -> Dispatch:
        try:
            NEVER.wait()
        except Exception:
            return Dispatch.started()
        raise AssertionError("unreachable")

    hanging.answer = answer
    put_job("bad")
    assert run_once(NINE + MINUTE).errors == 1


@pytest.mark.django_db(transaction=True)
def test_a_handler_of_many_that_hangs_is_not_asked_for_the_others(
    hanging: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def of_many(dues: Sequence[Due], now: datetime) -> Mapping[str, Dispatch]:
        asked.append([due.job.pk for due in dues])
        if "bad" in asked[-1]:
            NEVER.wait()
        return {due.job.pk: Dispatch.started({"together": True}) for due in dues}

    monkeypatch.setattr(registry, "_handlers_of_many", {KIND: of_many})
    slow: set[str] = set()
    for name in ("bad", "good", "fine"):
        put_job(name)
    assert run_once(NINE + MINUTE, slow).dispatched == 2
    assert run_once(NINE + 2 * MINUTE, slow).dispatched == 2
    assert sorted(asked[0]) == ["bad", "fine", "good"]
    assert [sorted(names) for names in asked[1:]][-1] == ["fine", "good"]
    assert not any("bad" in names for names in asked[1:])


@pytest.mark.django_db
def test_a_handler_of_many_that_raises_leaves_them_to_the_one_for_each(
    handler: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_many(dues: Sequence[Due], now: datetime) -> Mapping[str, Dispatch]:
        Job.objects.update(name="spoiled")
        raise RuntimeError("no such app")

    monkeypatch.setattr(registry, "_handlers_of_many", {KIND: of_many})
    put_job("one")
    put_job("two")
    assert run_once(NINE + MINUTE).dispatched == 2
    assert sorted(pk for pk, _, _ in handler.calls) == ["one", "two"]
    assert not Job.objects.filter(name="spoiled").exists()


class Meanwhile(Time):
    """Time that begins to pass when the sweep hangs, which is let go when it is over."""

    def __init__(self, span: timedelta, entered: Event, release: Event) -> None:
        super().__init__(span)
        self.entered, self.release = entered, release
        self.details: list[dict[str, object]] = []

    def wait(self, stop: Event, seconds: float) -> None:
        assert self.entered.wait(PATIENCE)
        self.details += Heartbeat.objects.values_list("detail", flat=True)
        super().wait(stop, seconds)
        if stop.is_set():
            self.release.set()


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_hangs_holds_up_no_tick_and_the_heartbeat_names_it(
    handler: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, release = Event(), Event()

    def sweep(now: datetime) -> None:
        entered.set()
        release.wait(PATIENCE)

    monkeypatch.setattr(registry, "_sweeps", {"disk": Sweep("disk", sweep, 10)})
    put_job(every="10s")
    time = Meanwhile(timedelta(seconds=65), entered, release)
    Clock(clock=time, wait=time.wait, sweeps_beside=True).run(Event())
    assert len(handler.calls) == 6
    assert time.details[0] == {}
    assert time.details[-1]["sweep"] == "disk"
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db
def test_the_doctor_says_which_sweep_has_been_at_work_for_how_long() -> None:
    since = int(NINE.timestamp() * 1000)
    Heartbeat.beat("clock", NINE + 12 * MINUTE, {"sweep": "disk", "sweepSinceMs": since})
    (finding,) = sweeps(NINE + 12 * MINUTE)
    assert "“disk” has been at work for 12 min" in str(finding)


@pytest.mark.django_db
def test_the_doctor_has_nothing_to_say_of_a_clock_without_one() -> None:
    Heartbeat.beat("clock", NINE)
    assert list(sweeps(NINE)) == []
