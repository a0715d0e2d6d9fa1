"""A job with defaults, and the moments that the tests speak of."""

from datetime import UTC, datetime, timedelta
from typing import Any

from scheduler.models import Job

NINE = datetime(2026, 1, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KIND = "test"


def put_job(
    id: str = "job-1", every: str = "1m", *, now: datetime = NINE, enabled: bool = True, **metadata: Any
) -> Job:
    schedule = {"kind": "every", "every": every}
    return Job.objects.put(id, f"Job {id}", schedule, KIND, metadata, now, enabled)


def put_scheduled(
    schedule: dict[str, Any], *, now: datetime = NINE, id: str = "job-1", **metadata: Any
) -> Job:
    return Job.objects.put(id, f"Job {id}", schedule, KIND, metadata, now)


def once(moment: datetime) -> dict[str, Any]:
    return {"kind": "once", "once": int(moment.timestamp() * 1000)}
