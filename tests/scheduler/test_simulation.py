"""400 days of 50 jobs: the ledger is what an oracle says, whatever happens to clock and jobs meanwhile."""

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from halo_site.store.fields import from_ms, to_ms
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from scheduler.registry import Dispatch
from scheduler.statuses import SkipReason, Verdict
from tests.scheduler.conftest import Recorder
from tests.scheduler.factories import KIND
from tests.scheduler.oracle import Oracle, Row

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 15, tzinfo=UTC)
DAYS = 400
END = START + timedelta(days=DAYS)
SPARE = timedelta(days=15)  # the last stop may end after the end
MISHAPS = 200
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Shanghai",
    "America/St_Johns",
    "Africa/Casablanca",
)
DAILY = ("30 2 * * *", "0 30 1 * * *", "15,45 2 * * 0", "0 0 1-3 * * 6", "5 0 1,15 * *", "0 9 * * 1-5")
WALL = ("*/30 2 * * *", "0 */20 1-2 * * 0")
DENSE = ("10s", "1m")  # on for some hours now and then
SELDOM = tuple(f"every {every}" for every in DENSE)
EVERY = ("7h", "1d", "13h", "90m")


def schedules() -> dict[str, dict[str, Any]]:
    """Fifty: in each zone four with fixed times and two that follow the wall clock; and others."""
    made: dict[str, dict[str, Any]] = {}
    for number, zone in enumerate(ZONES):
        for rule in (*(DAILY * 2)[number : number + 4], *WALL):
            made[f"{zone} {rule}"] = {"kind": "cron", "cron": rule, "timezone": zone}
    for every in (*DENSE, *EVERY):
        made[f"every {every}"] = {"kind": "every", "every": every}
    while len(made) < 50:
        due = START + timedelta(days=3 * len(made), seconds=len(made))
        made[f"once {len(made)}"] = {"kind": "once", "once": to_ms(due)}
    return made


class Simulation:
    """Everything is done twice: to the jobs, and in the oracle's mind."""

    def __init__(self, handler: Recorder, seed: int) -> None:
        self.chance = random.Random(seed)
        self.handler = handler
        self.now = self.latest = START
        self.paused = set[str]()
        self.oracle = Oracle(int(START.timestamp()), int((END + SPARE).timestamp()))
        self.off: set[str] = set()
        self.happened: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        handler.answer = self.answer
        for place, (key, schedule) in enumerate(schedules().items()):
            missed = "skip" if place % 5 == 0 else "run_once"
            Job.objects.put(key, key, schedule, KIND, {"missed": missed}, START)
            self.oracle.add(key, schedule, to_ms(START), missed)
        for key in SELDOM:
            self.switch_off(key)

    def answer(self, job: Job) -> Dispatch:
        return Dispatch.skipped("paused", "It is paused.") if job.pk in self.paused else Dispatch.started()

    def run(self) -> None:
        mishaps = [self.stop, self.jump_ahead, self.jump_back]
        for number in range(MISHAPS):
            until = START + timedelta(days=DAYS) * (number + 1) / MISHAPS
            self.live(until)
            self.chance.choice(mishaps)()
            self.look()
        self.live(END)
        assert self.happened.total() == MISHAPS

    def live(self, until: datetime) -> None:
        """Ordinary days: looks right at due times or hours apart, and people who change things."""
        while self.now < until:
            if self.chance.random() < 0.2:
                self.now += self.span(0, 6 * 3600)  # no clock for a while, and people change things
            if self.chance.random() < 0.3:
                self.chance.choice([self.pause, self.switch])()
            if self.chance.random() < 0.03:
                self.be_dense()
            for _ in range(self.chance.randint(0, 1)):
                due = Job.objects.next_due_at() or self.now
                self.now = max(self.now, due + self.span(0, 70))
                self.look()
            self.now += self.span(600, 48 * 3600)
            self.look()

    def span(self, least: float, most: float) -> timedelta:
        return timedelta(milliseconds=self.chance.randint(int(least * 1000), int(most * 1000)))

    def look(self) -> None:
        """A tick, now; it hands over what the oracle says, and nothing else."""
        self.handler.calls.clear()
        self.latest = max(self.latest, self.now)
        run_once(self.now)
        expected = self.oracle.tick(to_ms(self.now), self.paused)
        assert Counter((key, to_ms(due)) for key, due, _ in self.handler.calls) == Counter(expected)

    def stop(self) -> None:
        self.now += self.span(60, self.chance.choice([3600, 86_400, 10 * 86_400]))
        self.happened["stop"] += 1

    def jump_ahead(self) -> None:
        self.now += self.span(1, 36 * 3600)
        self.happened["ahead"] += 1

    def jump_back(self) -> None:
        self.now -= self.span(1, self.chance.choice([600, 7200, 2 * 86_400]))
        self.happened["back"] += 1

    def pause(self) -> None:
        """Its owner pauses some jobs and has others go on; that closes what no clock has come to."""
        paused = set(self.chance.sample(list(self.oracle.jobs), self.chance.choice([0, 0, 5])))
        for key in sorted(paused ^ self.paused):
            verdict, reason = (Verdict.MISSED, "") if key in paused else (Verdict.SKIPPED, SkipReason.PAUSED)
            closed = Job.objects.get(pk=key).close_owed(verdict, reason, "It changed.", self.now)
            self.closed[verdict] += closed
            self.oracle.close(key, to_ms(self.now), verdict.value)
        self.paused = paused

    def switch(self) -> None:
        """A person switches a job off, or one on that is off."""
        key = self.chance.choice(
            [key for key in self.oracle.jobs if not key.startswith("once") and key not in SELDOM]
        )
        if key in self.off:
            self.switch_on(key)
        else:
            self.switch_off(key)

    def be_dense(self) -> None:
        """One of the jobs with many times is on for a while that was never lived through before."""
        key = self.chance.choice(SELDOM)
        if key not in self.off or self.now < self.latest:
            return
        self.switch_on(key)
        self.now += self.span(60, 4 * 3600)
        self.chance.choice([self.look, lambda: None])()
        self.switch_off(key)

    def switch_on(self, key: str) -> None:
        Job.objects.get(pk=key).enable(self.now)
        self.oracle.switch_on(key, to_ms(self.now))
        self.off.discard(key)

    def switch_off(self, key: str) -> None:
        self.latest = max(self.latest, self.now)
        Job.objects.get(pk=key).disable("Somebody did.", self.now)
        self.oracle.switch_off(key, to_ms(self.now))
        self.off.add(key)


def ledger() -> dict[tuple[str, int], Row]:
    rows = Slot.objects.values_list("job_id", "due_at", "verdict", "merged_count")
    return {(key, to_ms(due)): Row(verdict, count) for key, due, verdict, count in rows.iterator()}


def differences(found: dict[Any, Row], expected: dict[Any, Row]) -> list[str]:
    keys = sorted(found.keys() | expected.keys(), key=lambda key: key[1])
    return [
        f"{key[0]} {from_ms(key[1])}: {found.get(key)}, not {expected.get(key)}"
        for key in keys
        if found.get(key) != expected.get(key)
    ]


def check(simulation: Simulation) -> None:
    simulation.run()
    found = ledger()
    assert differences(found, simulation.oracle.ledger)[:10] == []
    assert Slot.objects.count() == len(found)


def test_it_is_a_simulation_of_fifty_jobs() -> None:
    assert len(schedules()) == 50


def test_the_ledger_of_400_days_is_the_oracles(handler: Recorder) -> None:
    simulation = Simulation(handler, seed=7)
    check(simulation)
    assert simulation.closed["missed"]
    assert simulation.closed["skipped"]
    verdicts = Counter(row.verdict for row in simulation.oracle.ledger.values())
    assert verdicts.keys() == {"ran", "late", "merged", "missed", "skipped"}
    assert any(row.count > 1 for row in simulation.oracle.ledger.values())


@pytest.mark.chaos
@pytest.mark.parametrize("number", range(10))
def test_any_400_days_end_in_the_oracles_ledger(handler: Recorder, number: int) -> None:
    seed = int(os.environ.get("HALO_CHAOS_SEED") or random.randrange(10**6)) + number
    print(f"seed {seed}")
    check(Simulation(handler, seed))
