"""One transaction of the clock: claim due jobs, let their handlers queue work, write the ledger."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from halo_site.store.fields import from_ms, to_ms
from scheduler import ledger
from scheduler.catchup import Backlog, backlog
from scheduler.dispatching import LATE, Answer, answers_to
from scheduler.ledger import Line
from scheduler.models import Job, JobQuerySet, Slot
from scheduler.recurrence import ScheduleError, due_times
from scheduler.registry import Due
from scheduler.statuses import JobStatus, SkipReason, Verdict

BATCH_JOBS = 250  # per transaction (DESIGN §5.1)
BATCH_SLOTS = 2_000  # ledger rows per transaction, unless one job owes more: other writers wait
_ROUNDING = timedelta(microseconds=999)  # up, to milliseconds

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
    stored_ms: int = 0  # its next time as it was read: errors had pushed it past the owed ones before it

    @property
    def first_ms(self) -> int:
        """The earliest due time that it owes."""
        owed = self.owed
        return owed.rest_from_ms if owed.rest else min((*owed.older[:1], owed.newest_ms))

    @property
    def next_run_at(self) -> datetime | None:
        """Its next time; None when nothing is left, and it goes off."""
        return None if self.owed.next_ms is None else from_ms(self.owed.next_ms)


@dataclass(frozen=True)
class Batch:
    """What became of one transaction: due times by verdict, and the jobs whose handlers did not answer."""

    jobs: int
    counts: Counter[Verdict] = field(default_factory=Counter)
    timed_out: frozenset[str] = frozenset()


def run_batch(now: datetime, jobs: JobQuerySet | None = None, size: int = BATCH_JOBS) -> Batch | None:
    """Dispatch up to `size` of the jobs that are due.

    None if another process was faster with one of the jobs: then nothing happened, look again. Raises
    `TooSlow`, and nothing happened either, where a handler hangs and has to be asked alone.
    """
    claims = _read_claims(now, jobs, size)
    if not claims:
        return Batch(0)
    with transaction.atomic():
        if not _claim([claim for claim in claims if not claim.problem], now):
            transaction.set_rollback(True)
            return None
        recorded = _recorded(claims)
        answers = answers_to(list(_dues(claims, recorded, now)), now)
        lines: list[Line] = []
        for claim in claims:
            lines += _lines(claim, answers.get(claim.job.pk), recorded.get(claim.job.pk, {}), now)
        ledger.write(lines)
        for claim in claims:
            if claim.problem:
                claim.job.disable(claim.problem, now)
    counts: Counter[Verdict] = Counter()
    for line in lines:
        counts[line.verdict] += line.count
    timed_out = frozenset(pk for pk, answer in answers.items() if answer.timed_out)
    return Batch(len(claims), counts, timed_out)


def _read_claims(now: datetime, among: JobQuerySet | None, size: int) -> list[Claim]:
    # Sorted here, so that the index alone finds them, and two clocks lock rows in one order: no deadlocks.
    found = (Job.objects.all() if among is None else among).due(now)[:size]
    jobs = sorted(found, key=lambda job: (job.next_run_at, job.pk))
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
    if job.anchor_at is None:
        return Claim(
            job, Backlog(due_ms), _("The moment that it counts from lies outside the years 1 to 9999.")
        )
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
    return Claim(job, owed, stored_ms=due_ms)


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


def _recorded(claims: list[Claim]) -> dict[str, dict[int, int]]:
    """Job id → its lines from its first owed time on, with their counts.

    There are none but where the clock was set back, or a schedule written again.
    """
    firsts = {claim.job.pk: claim.first_ms for claim in claims}
    since = from_ms(min(firsts.values()))
    rows = Slot.objects.filter(job_id__in=firsts, due_at__gte=since)
    found: dict[str, dict[int, int]] = {}
    for pk, due_at, count in rows.values_list("job_id", "due_at", "merged_count"):
        if (due_ms := to_ms(due_at)) >= firsts[pk]:
            found.setdefault(pk, {})[due_ms] = count
    return found


def _dues(claims: list[Claim], recorded: dict[str, dict[int, int]], now: datetime) -> Iterator[Due]:
    """What is to be handed to handlers: the newest due time of each job, unless it is missed or recorded."""
    for claim in claims:
        due_at = from_ms(claim.owed.newest_ms)
        lateness = now - due_at
        is_done = claim.owed.newest_ms in recorded.get(claim.job.pk, {})
        if not (claim.problem or is_done or (claim.job.skips_missed and lateness > LATE)):
            yield Due(claim.job, due_at, lateness)


def _lines(claim: Claim, answer: Answer | None, recorded: dict[int, int], now: datetime) -> list[Line]:
    """What the ledger does not have yet of one job, oldest first."""
    job, owed = claim.job, claim.owed
    if claim.problem:
        newest = Line(job.pk, owed.newest_ms, Verdict.ERROR, error=claim.problem)
    elif answer is None:
        newest = Line(job.pk, owed.newest_ms, Verdict.MISSED)
    else:
        newest = Line(job.pk, owed.newest_ms, answer.verdict, answer.reason, answer.error, answer.metadata)
    lines = [] if owed.newest_ms in recorded else [newest]
    late_ms = range(claim.stored_ms, to_ms(now - LATE + _ROUNDING) if job.skips_missed else 0)
    older = [(due_ms, 1) for due_ms in owed.older if due_ms not in recorded]
    return [
        *(_older(newest, each, late_ms, bool(lines)) for each in (*_rest(claim, recorded), *older)),
        *lines,
    ]


def _rest(claim: Claim, recorded: dict[int, int]) -> list[tuple[int, int]]:
    """The due times that share a row, as the first of them and their number."""
    owed = claim.owed
    listed_from = min((*owed.older[:1], owed.newest_ms))
    count = owed.rest - sum(count for due_ms, count in recorded.items() if due_ms < listed_from)
    if count <= 0:
        return []
    if owed.rest_from_ms not in recorded:
        return [(owed.rest_from_ms, count)]
    job = claim.job
    times = due_times(job.schedule, anchor_ms=to_ms(job.anchor_at), after_ms=owed.rest_from_ms)
    return [(next(due_ms for due_ms in times if due_ms not in recorded), count)]


def _older(newest: Line, due: tuple[int, int], missed_ms: range, is_new: bool) -> Line:
    """A due time before the newest: merged into its run, or the truth where there is none.

    Those in `missed_ms` were missed by the job's policy, which is nothing to those that errors pushed aside.
    `is_new`: the newest is not in the ledger yet, and `newest` says what became of it.
    """
    due_ms, count = due
    # More than can be listed come from a stop, never from errors alone: the policy counts for all of them.
    if due_ms in missed_ms or (count > 1 and missed_ms):
        return Line(newest.job_id, due_ms, Verdict.MISSED, count=count)
    if newest.reason == SkipReason.PAUSED:
        return replace(newest, due_ms=due_ms, count=count)  # its owner closes what it owes when that changes
    if newest.verdict == Verdict.SKIPPED or (is_new and newest.verdict == Verdict.MISSED):
        # "Merged" would promise a run that there is not; and nobody judged this one for the newest's reason.
        words = {"words": _("Several had come due before the clock came to them, and no run stood for them.")}
        return Line(newest.job_id, due_ms, Verdict.MISSED, metadata=words, count=count)
    return Line(newest.job_id, due_ms, Verdict.MERGED, count=count)
