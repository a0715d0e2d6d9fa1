"""The line of the audit log for a job that was switched on or off."""

from datetime import datetime
from typing import TYPE_CHECKING

from halo_site import audit

if TYPE_CHECKING:
    from scheduler.models import Job

SCHEDULER = audit.system("scheduler")  # a clock, or what ended a run: it found out that a job cannot go on


def note_switch(job: "Job", on: bool, actor: audit.Actor, now: datetime, reason: str = "") -> None:
    """Call it in the transaction that switches; ``reason`` is why, where that is no person's decision."""
    after = {"enabled": on, "reason": reason} if reason else {"enabled": on}
    facts = {"before": {"enabled": not on}, "after": after}
    verb = "switch_on" if on else "switch_off"
    audit.record(actor, verb, object_type="job", object_id=job.pk, now=now, summary=job.name, **facts)
