from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from scheduler import registry
from scheduler.models import Job
from scheduler.registry import Dispatch
from tests.scheduler.factories import KIND


@dataclass
class Recorder:
    """A handler that notes what it is called with; `answer` decides what it returns."""

    calls: list[tuple[str, datetime, timedelta]] = field(default_factory=list)
    answer: Callable[[Job], Dispatch] = field(default=lambda job: Dispatch.started())

    def __call__(self, job: Job, due_at: datetime, lateness: timedelta, now: datetime) -> Dispatch:
        self.calls.append((job.pk, due_at, lateness))
        return self.answer(job)


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The only handler of the clock, for jobs of the kind "test"."""
    recorder = Recorder()
    monkeypatch.setattr(registry, "_handlers", {KIND: recorder})
    return recorder
