"""One transaction of the clock: claim due jobs, let their handlers queue work, write the ledger."""

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from halo_site.store.fields import from_ms, to_ms
from scheduler.catchup import Backlog, backlog
from scheduler.models import Job, Slot
from scheduler.recurrence import ScheduleError
from scheduler.registry import Dispatch, handler_for
from scheduler.statuses import JobStatus, Verdict

log = logging.getLogger(__name__)

BATCH_JOBS = 250  # per transaction (DESIGN §5.1)
BATCH_SLOTS = 2_000  # ledger rows per transaction, unless one job owes more: other writers wait
LATE = timedelta(seconds=60)

# A job that anybody claimed, changed or switched off since it was read does not match any more.
_CLAIM = """
    UPDATE scheduler_jobs SET next_run_at_ms = %s, enabled = %s, status = %s, updated_at = %s
    WHERE id = %s AND enabled = %s AND next_run_at_ms = %s AND updated_at = %s
"""


@dataclass(frozen=True)
class Claim:
    """A due job as it was read, and what it owes; `problem` says why its schedule cannot be read."""

    job: Job
    owed: Backlog
    problem: str = ""

    @property
    def due_at(self) -> datetime:
        return from_ms(self.owed.newest_ms)

    @property
    def next_run_at(self) -> datetime | None:
        """Its next time; None when nothing is left, and it goes off."""
        return None if self.owed.next_ms is None else from_ms(self.owed.next_ms)


def run_batch(now: datetime) -> Counter[Verdict] | None:
    """Dispatch up to 250 due jobs; the due times by verdict.

    None if another process was faster with one of the jobs: then nothing happened, look again.
    """
    claims = _read_claims(now)
    with transaction.atomic():
        if not _claim([claim for claim in claims if not claim.problem], now):
            transaction.set_rollback(True)
            return None
        recorded = _recorded(claims)
        slots: list[Slot] = []
        for claim in claims:
            if (claim.job.pk, claim.due_at) not in recorded:
                slots += _slots(claim, now)
        Slot.objects.bulk_create(slots, ignore_conflicts=True)
        for claim in claims:
            if claim.problem:
                claim.job.disable(claim.problem, now)
    counts: Counter[Verdict] = Counter()
    for slot in slots:
        counts[Verdict(slot.verdict)] += slot.merged_count
    return counts


def _read_claims(now: datetime) -> list[Claim]:
    # Sorted here, so that the index alone finds them, and two clocks lock rows in one order: no deadlocks.
    jobs = sorted(Job.objects.due(now)[:BATCH_JOBS], key=lambda job: (job.next_run_at, job.pk))
    last_dues = _last_dues([job for job in jobs if job.consecutive_errors])
    claims: list[Claim] = []
    slots = 0
    for job in jobs:
        claim = _read_claim(job, last_dues.get(job.pk), now)
        slots += len(claim.owed.older) + 1
        if claims and slots > BATCH_SLOTS:
            break
        claims.append(claim)
    return claims


def _last_dues(jobs: list[Job]) -> dict[str, datetime]:
    """The last due time in the ledger of jobs that errors pushed back, see `catchup.backlog`."""
    if not jobs:
        return {}
    return dict(Slot.objects.filter(job__in=jobs).values_list("job_id").annotate(Max("due_at")))


def _read_claim(job: Job, since: datetime | None, now: datetime) -> Claim:
    due_ms = to_ms(job.next_run_at)
    try:
        owed = backlog(
            job.schedule,
            anchor_ms=to_ms(job.anchor_at),
            due_ms=due_ms,
            now_ms=to_ms(now),
            since_ms=to_ms(since) if since else None,
        )
    except ScheduleError as error:
        return Claim(job, Backlog(due_ms), str(error))
    return Claim(job, owed)


def _claim(claims: list[Claim], now: datetime) -> bool:
    """Move all the jobs on, if none of them changed since it was read."""
    rows = []
    for claim in claims:
        job, goes_on = claim.job, claim.owed.next_ms is not None
        status = job.status if goes_on else JobStatus.DISABLED.value
        next_ms = claim.owed.next_ms or 0
        seen = (job.pk, True, to_ms(job.next_run_at), to_ms(job.updated_at))
        rows.append((next_ms, goes_on, status, to_ms(now), *seen))
        job.next_run_at, job.enabled, job.status, job.updated_at = claim.next_run_at, goes_on, status, now
    if not rows:
        return True
    with connection.cursor() as cursor:
        cursor.executemany(_CLAIM, rows)
        return bool(cursor.rowcount == len(rows))


def _recorded(claims: list[Claim]) -> set[tuple[str, datetime]]:
    """Those due times that are in the ledger already: the clock was set back, or a schedule written again."""
    jobs = [claim.job.pk for claim in claims]
    dues = {claim.due_at for claim in claims}
    return set(Slot.objects.filter(job_id__in=jobs, due_at__in=dues).values_list("job_id", "due_at"))


def _slots(claim: Claim, now: datetime) -> list[Slot]:
    """The ledger rows of one job, oldest first, after its handler has seen the newest due time."""
    newest = Slot(job=claim.job, due_at=claim.due_at)
    if claim.problem:
        newest.verdict, newest.error = Verdict.ERROR, claim.problem
    elif claim.job.skips_missed and now - claim.due_at > LATE:
        newest.verdict = Verdict.MISSED
    else:
        _dispatch(newest, now)
    older = [_older_slot(newest, due_ms, 1, now) for due_ms in claim.owed.older]
    if claim.owed.rest:
        older.insert(0, _older_slot(newest, claim.owed.rest_from_ms, claim.owed.rest, now))
    return [*older, newest]


def _dispatch(slot: Slot, now: datetime) -> None:
    """Have the job's handler queue its work, and give the slot its verdict."""
    handler = handler_for(slot.job.kind)
    if handler is None:
        slot.verdict = Verdict.ERROR
        slot.error = _("There is no handler for jobs of the kind “%(kind)s”.") % {"kind": slot.job.kind}
        return
    lateness = now - slot.due_at
    try:
        with transaction.atomic():
            dispatch = handler(slot.job, slot.due_at, lateness, now)
    except Exception as error:
        log.exception("Job %s could not be dispatched", slot.job_id, extra={"action": "slot_failed"})
        slot.verdict, slot.error = Verdict.ERROR, f"{type(error).__name__}: {error}"
    else:
        slot.verdict = _verdict(dispatch, lateness)
        slot.reason, slot.metadata = dispatch.reason or "", dispatch.metadata


def _verdict(dispatch: Dispatch, lateness: timedelta) -> Verdict:
    if dispatch.reason:
        return Verdict.SKIPPED
    return Verdict.LATE if lateness > LATE else Verdict.RAN


def _older_slot(newest: Slot, due_ms: int, count: int, now: datetime) -> Slot:
    """A due time before the newest: it shares what became of that one, or was missed by the job's policy."""
    slot = Slot(job=newest.job, due_at=from_ms(due_ms), merged_count=count, verdict=Verdict.MERGED)
    if slot.job.skips_missed and now - slot.due_at > LATE:
        slot.verdict = Verdict.MISSED
    elif newest.verdict == Verdict.SKIPPED:
        # "Merged" would promise a run that there is not.
        slot.verdict, slot.reason, slot.metadata = newest.verdict, newest.reason, newest.metadata
    return slot
