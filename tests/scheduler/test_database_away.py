"""A database that is locked or away for a while: one line for each try, and nothing is lost."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection

from halo_site.models import Heartbeat
from scheduler.clock import Clock
from scheduler.models import Job, Slot
from tests.scheduler.conftest import Recorder
from tests.scheduler.factories import MINUTE, NINE, put_job
from tests.scheduler.test_clock_loop import Time

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


@contextmanager
def locked() -> Iterator[None]:
    """Somebody else has the database, or its table of jobs, to himself."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
    else:
        with closing(connection.copy()) as other:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("LOCK TABLE scheduler_jobs IN EXCLUSIVE MODE")
            yield
            other.rollback()


@pytest.fixture
def impatient() -> Iterator[Callable[[], None]]:
    """Has this connection give up a lock at once, not after seconds; to be called again after a loss."""

    def be() -> None:
        with connection.cursor() as cursor:
            is_sqlite = connection.vendor == "sqlite"
            cursor.execute("PRAGMA busy_timeout = 1" if is_sqlite else "SET lock_timeout = '1ms'")

    be()
    yield be
    connection.close()


class LockedTime(Time):
    """Time in which the database is locked for a span."""

    def __init__(self, span: timedelta, begin: datetime, end: datetime, be_impatient: Any) -> None:
        super().__init__(span)
        self.begin, self.until, self.be_impatient = begin, end, be_impatient
        self.lock: Any = None
        self.silent: list[datetime] = []

    def wait(self, stop: Event, seconds: float) -> None:
        super().wait(stop, seconds)
        self.be_impatient()
        if self.lock is None and self.begin <= self.now < self.until:
            self.lock = locked()
            self.lock.__enter__()
        elif self.lock is not None and self.now >= self.until:
            self.silent.append(Heartbeat.objects.get().beat_at)
            self.lock.__exit__(None, None, None)
            self.lock, self.begin = None, self.until


def run_locked(span: timedelta, begin: datetime, end: datetime, impatient: Any) -> LockedTime:
    time = LockedTime(span, begin, end, impatient)
    Clock(clock=time, wait=time.wait).run(Event())
    return time


def test_a_database_that_is_locked_for_ten_seconds_loses_nothing(
    handler: Recorder, impatient: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    put_job(every="10s")
    begin = NINE + 9 * SECOND
    with caplog.at_level(logging.ERROR, "scheduler.clock"):
        time = run_locked(timedelta(seconds=35), begin, begin + 10 * SECOND, impatient)
    slots = Slot.objects.order_by("due_at")
    assert [(slot.due_at, slot.verdict) for slot in slots] == [
        (NINE + number * 10 * SECOND, "ran") for number in (1, 2, 3)
    ]
    lines = [record for record in caplog.records if "could not tick" in record.message]
    assert 8 <= len(lines) <= 10
    assert all(record.exc_info is None and "tried again" in record.message for record in lines)
    assert time.silent[0] <= begin  # a clock that cannot tick does not say that it lives


def test_only_what_waited_for_more_than_a_minute_is_late(
    handler: Recorder, impatient: Callable[[], None]
) -> None:
    put_job(every="1h", now=NINE - timedelta(minutes=59))
    put_job("other", every="1h", now=NINE - timedelta(minutes=58))
    run_locked(3 * MINUTE, NINE + 30 * SECOND, NINE + 2 * MINUTE + 30 * SECOND, impatient)
    assert dict(Slot.objects.values_list("job_id", "verdict")) == {"job-1": "late", "other": "ran"}


if connection.vendor == "postgresql":  # a file has no connection that could be lost

    def test_a_connection_that_is_lost_is_made_anew(handler: Recorder) -> None:
        time = Time(timedelta(seconds=35))
        lose = iter([False] * 5 + [True])

        def wait(stop: Event, seconds: float) -> None:
            time.wait(stop, seconds)
            if next(lose, False):
                connection.connection.close()

        put_job(every="10s")
        Clock(clock=time, wait=wait).run(Event())
        assert Slot.objects.filter(verdict="ran").count() == 3
        assert Job.objects.get().next_run_at == NINE + 40 * SECOND
