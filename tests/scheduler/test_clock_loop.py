import gc
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import StringIO
from threading import Event

import pytest
from django.core.management import call_command

from halo_site.models import Heartbeat
from halo_site.store import write_ahead_log
from scheduler import registry, sweeping
from scheduler.clock import Clock
from scheduler.management.commands import run_clock
from scheduler.models import Job
from scheduler.registry import Dispatch, Due, Sweep
from scheduler.sweeping import MANY_JOBS, Sweeps
from tests.scheduler.conftest import Recorder
from tests.scheduler.factories import KIND, MINUTE, NINE, put_job

pytestmark = pytest.mark.django_db


class Time:
    """A time that passes only while the clock waits; it sets `stop` when its span is over."""

    def __init__(self, span: timedelta) -> None:
        self.now = NINE
        self.end = NINE + span
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def wait(self, stop: Event, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)
        if self.now >= self.end:
            stop.set()


def run_for(span: timedelta) -> Time:
    time = Time(span)
    Clock(clock=time, wait=time.wait).run(Event())
    return time


@pytest.fixture
def sweep_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Registers the only sweep of the clock."""

    def register(function: Callable[[datetime], object], every_seconds: float) -> None:
        monkeypatch.setattr(registry, "_sweeps", {"test": Sweep("test", function, every_seconds)})

    return register


def test_it_wakes_at_the_due_time_to_the_millisecond(handler: Recorder) -> None:
    put_job(every="10s", now=NINE - timedelta(milliseconds=9_250))
    run_for(timedelta(seconds=3))
    assert [(due, lateness) for _, due, lateness in handler.calls] == [
        (NINE + timedelta(milliseconds=750), timedelta(0))
    ]


def test_it_sleeps_no_longer_than_a_second() -> None:
    assert max(run_for(timedelta(seconds=5)).waits) == 1.0


def test_it_beats_every_two_seconds_and_takes_itself_off_the_list(sweep_with: Callable[..., None]) -> None:
    beats: list[datetime] = []
    sweep_with(lambda now: beats.extend(Heartbeat.objects.values_list("beat_at", flat=True)), 1)
    run_for(timedelta(seconds=5))
    assert beats == [NINE + timedelta(seconds=seconds) for seconds in (0, 0, 2, 2)]
    assert not Heartbeat.objects.exists()


def test_a_sweep_runs_as_often_as_it_asked(sweep_with: Callable[..., None]) -> None:
    calls: list[datetime] = []
    sweep_with(calls.append, 10)
    run_for(timedelta(seconds=31))
    assert calls == [NINE + timedelta(seconds=seconds) for seconds in (0, 10, 20, 30)]


@pytest.mark.django_db(transaction=True)  # failures close the connection
def test_a_sweep_that_fails_stops_nothing_and_comes_less_often(
    handler: Recorder, sweep_with: Callable[..., None]
) -> None:
    calls: list[datetime] = []

    def fail(now: datetime) -> None:
        calls.append(now)
        raise RuntimeError("broken")

    put_job()
    sweep_with(fail, 10)
    run_for(timedelta(seconds=80))
    assert calls == [NINE + timedelta(seconds=seconds) for seconds in (0, 20, 60)]
    assert len(handler.calls) == 1


@pytest.mark.django_db(transaction=True)  # failures close the connection
def test_a_tick_that_fails_is_logged_and_the_next_one_comes(
    handler: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    time = Time(timedelta(minutes=2, seconds=1))

    def unsteady() -> datetime:
        if time.now == NINE + timedelta(seconds=30):
            time.now += timedelta(seconds=1)
            raise RuntimeError("the database is away")
        return time.now

    put_job()
    Clock(clock=unsteady, wait=time.wait).run(Event())
    assert len(handler.calls) == 2
    assert "The clock could not tick" in caplog.text


def test_the_command_prints_one_line_and_ends(handler: Recorder) -> None:
    put_job(now=NINE + MINUTE)
    out = StringIO()
    call_command("run_clock", "--once", stdout=out)
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().startswith("dispatched 1, skipped 0, errors 0, merged ")
    assert len(handler.calls) == 1
    assert not Heartbeat.objects.exists()


def test_old_slots_are_pruned_by_the_clock() -> None:
    assert "slots" in {sweep.name for sweep in registry.sweeps()}


def test_a_clock_that_was_killed_before_time_was_set_back_does_not_look_alive() -> None:
    Heartbeat.beat("clock", NINE + timedelta(hours=2))
    assert not Heartbeat.objects.younger_than(timedelta(seconds=10), NINE).exists()


def test_it_beats_on_after_time_was_set_back_and_forth() -> None:
    time = Time(timedelta(days=3))
    jumps = iter([timedelta(0), timedelta(hours=-2), timedelta(hours=30), timedelta(days=4)])
    beats: list[tuple[datetime, datetime]] = []

    def wait(stop: Event, seconds: float) -> None:
        beats.append((Heartbeat.objects.get().beat_at, time.now))
        time.now += next(jumps)
        time.wait(stop, seconds)

    Clock(clock=time, wait=wait).run(Event())
    assert len(beats) == 4
    assert all(now - beat < timedelta(seconds=2) for beat, now in beats)


def test_it_beats_between_the_batches_of_a_long_tick(handler: Recorder) -> None:
    """A backlog of minutes is no silence: after each batch that worked it says that it lives."""
    time = Time(timedelta(seconds=1))
    seen: list[bool] = []

    def answer(job: Job) -> Dispatch:
        seen.append(Heartbeat.objects.exists())
        return Dispatch.started()

    handler.answer = answer
    put_job("job-0", now=NINE - MINUTE)
    fields = {field.name: getattr(Job.objects.get(), field.name) for field in Job._meta.concrete_fields}
    Job.objects.bulk_create(Job(**{**fields, "id": f"job-{number}"}) for number in range(1, 251))
    Clock(clock=time, wait=time.wait).run(Event())
    assert seen == [False] * 250 + [True]


@pytest.mark.django_db(transaction=True)  # failures close the connection
@pytest.mark.parametrize("answers", [True, False])
def test_it_makes_ready_what_answers_for_many_jobs_before_the_first_is_due(
    handler: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answers: bool
) -> None:
    asked: list[int] = []

    def answer_many(dues: Sequence[Due], now: datetime) -> dict[str, Dispatch]:
        asked.append(len(dues))
        if not answers:
            raise RuntimeError("not yet")
        return {}

    monkeypatch.setattr(registry, "_handlers_of_many", {KIND: answer_many})
    put_job()
    run_for(timedelta(minutes=1, seconds=1))
    assert asked == [0]
    assert len(handler.calls) == 1
    assert ("The clock could not make itself ready" in caplog.text) is not answers


class OneTurn(Event):
    """Set when it is first waited for."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


@pytest.mark.parametrize(
    ("jobs", "answers", "times"),
    [(MANY_JOBS - 1, [], 0), (MANY_JOBS, [True], 1), (MANY_JOBS, [False, True], 2)],
)
def test_after_many_jobs_the_thread_writes_the_log_back_until_all_of_it_is(
    monkeypatch: pytest.MonkeyPatch, jobs: int, answers: list[bool], times: int
) -> None:
    left = list(answers)
    monkeypatch.setattr(registry, "_sweeps", {})
    monkeypatch.setattr(sweeping, "write_back", lambda: left.pop(0))
    turns = iter(range(9))
    sweeps = Sweeps(lambda: NINE + next(turns) * MINUTE)
    sweeps.note(jobs)
    for _time in range(3):
        sweeps.start(OneTurn())
        sweeps.end()
    assert len(answers) - len(left) == times


def test_the_jobs_of_each_batch_count(handler: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[int] = []
    monkeypatch.setattr(Sweeps, "note", lambda sweeps, jobs: noted.append(jobs))
    put_job("one")
    put_job("two")
    run_for(timedelta(minutes=1, seconds=1))
    assert sum(noted) == 2


def test_the_process_lets_the_log_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(write_ahead_log, "let_grow", lambda: called.append("grow"))
    stop = Event()
    stop.set()
    run_clock.keep_time(stop)
    gc.unfreeze()
    assert called == ["grow"]
