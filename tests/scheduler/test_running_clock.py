"""A clock process at work: what changes in the database reaches it at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app_runtime.models import Run
from scheduler.models import Job, Slot
from tests.factories import make_app
from tests.processes import eventually
from tests.scheduler.clocks import clocks

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


def test_an_interval_that_is_changed_counts_within_two_seconds() -> None:
    source = {"type": "schedule", "config": {"every": "6h"}}
    make_app(subscriptions=[{"id": "seldom", "source": source}], now=timezone.now())
    job = Job.objects.get()
    with clocks(1):
        changed = timezone.now()
        # Counted from nine and a half seconds ago, so that the first new time is half a second away.
        begin = changed - 9.5 * SECOND
        Job.objects.put(job.pk, job.name, {"kind": "every", "every": "10s"}, job.kind, job.metadata, begin)
        eventually(Slot.objects.exists)
    slot, run = Slot.objects.get(), Run.objects.get()
    assert slot.verdict == "ran"
    assert slot.metadata == {"runId": run.run_id}
    assert slot.due_at - changed < SECOND
    assert run.queued_at - changed < 2 * SECOND
