"""One transaction of the clock: claim due jobs, let their handlers queue work, write the ledger."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from halo_site.store.fields import EPOCH, to_ms
from halo_site.store.statements import GIVEN, GIVEN_MS, Listed
from scheduler import ledger
from scheduler.claims import Claim, claim_all, hold_problems, read_claims, switch_off
from scheduler.dispatching import LATE_MS, Answer, answers_to
from scheduler.ledger import Line
from scheduler.models import JobQuerySet, Slot
from scheduler.recurrence import due_times
from scheduler.registry import Due, handlers_of_many
from scheduler.statuses import SkipReason, Verdict

BATCH_JOBS = 250  # per transaction (DESIGN §5.1)
RECORDED = Listed(
    lambda: Slot.objects.filter(job_id__in=[GIVEN], due_at__gte=GIVEN_MS).values_list(
        "job_id", "due_at", "merged_count"
    )
)


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
    claims = read_claims(now, jobs, size)
    if not claims:
        return Batch(0)
    with transaction.atomic():
        if not (claim_all([claim for claim in claims if not claim.problem], now) and hold_problems(claims)):
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
                switch_off(claim, now)
    counts: Counter[Verdict] = Counter()
    for line in lines:
        counts[line.verdict] += line.merged_count
    timed_out = frozenset(pk for pk, answer in answers.items() if answer.timed_out)
    return Batch(len(claims), counts, timed_out)


def make_ready(now: datetime) -> None:
    """Dispatch nothing: the first due times need not wait then for what is made once, as statements are."""
    read_claims(EPOCH, None, BATCH_JOBS)
    RECORDED.rows([])
    for handler in handlers_of_many():
        handler([], now)


def _recorded(claims: list[Claim]) -> dict[str, dict[int, int]]:
    """Job id → its lines from its first owed time on, with their counts.

    There are none but where the clock was set back, or a schedule written again.
    """
    firsts = {claim.job.pk: claim.first_ms for claim in claims}
    found: dict[str, dict[int, int]] = {}
    for pk, due_ms, count in RECORDED.rows(firsts, min(firsts.values())):
        if due_ms >= firsts[pk]:
            found.setdefault(pk, {})[due_ms] = count
    return found


def _dues(claims: list[Claim], recorded: dict[str, dict[int, int]], now: datetime) -> Iterator[Due]:
    """What is to be handed to handlers: the newest due time of each job, unless it is missed or recorded."""
    now_ms = to_ms(now)
    for job, owed, problem in claims:
        due_ms = owed.newest_ms
        is_done = job.pk in recorded and due_ms in recorded[job.pk]
        if not (problem or is_done or (now_ms - due_ms > LATE_MS and job.skips_missed)):
            yield Due(job, due_ms, now_ms - due_ms)


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
    if not (owed.older or owed.rest):
        return lines
    late_ms = range(job.due_ms, to_ms(now) - LATE_MS if job.skips_missed else 0)
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
    times = due_times(job.schedule, anchor_ms=job.anchor_ms, after_ms=owed.rest_from_ms)
    return [(next(due_ms for due_ms in times if due_ms not in recorded), count)]


def _older(newest: Line, due: tuple[int, int], missed_ms: range, is_new: bool) -> Line:
    """A due time before the newest: merged into its run, or the truth where there is none.

    Those in `missed_ms` were missed by the job's policy, which is nothing to those that errors pushed aside.
    `is_new`: the newest is not in the ledger yet, and `newest` says what became of it.
    """
    due_ms, count = due
    # More than can be listed come from a stop, never from errors alone: the policy counts for all of them.
    if due_ms in missed_ms or (count > 1 and missed_ms):
        return Line(newest.job_id, due_ms, Verdict.MISSED, merged_count=count)
    if newest.reason == SkipReason.PAUSED:
        # Its owner closes what it owes when that changes
        return newest._replace(due_ms=due_ms, merged_count=count)
    if newest.verdict == Verdict.SKIPPED or (is_new and newest.verdict == Verdict.MISSED):
        # "Merged" would promise a run that there is not; and nobody judged this one for the newest's reason.
        words = {"words": _("Several had come due before the clock came to them, and no run stood for them.")}
        return Line(newest.job_id, due_ms, Verdict.MISSED, metadata=words, merged_count=count)
    return Line(newest.job_id, due_ms, Verdict.MERGED, merged_count=count)
