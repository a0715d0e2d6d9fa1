"""The jobs whose time has come: read as plain rows, and taken from other clocks by one conditional update.

Rows and not models: to make a job's model takes longer than all that the clock then does with it.
"""

import json
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from halo_site.store.fields import HIGHEST_MS, LOWEST_MS, from_ms, to_ms
from halo_site.store.statements import GIVEN_MS, Statement, raw_rows
from scheduler.catchup import Backlog, backlog
from scheduler.models import Job, JobQuerySet, Slot
from scheduler.recurrence import ScheduleError
from scheduler.registry import DueJob
from scheduler.statuses import JobStatus
from scheduler.switching import SCHEDULER, note_switch

UNREADABLE = object()
BATCH_SLOTS = 2_000  # ledger rows per transaction, unless one job owes more: other writers wait
_COLUMNS = (
    "next_run_at",
    "id",
    "kind",
    "schedule",
    "metadata",
    "anchor_at",
    "updated_at",
    "consecutive_errors",
)

# A job that anybody claimed, changed or switched off since it was read does not match any more.
_UNCHANGED = "WHERE id = %s AND enabled AND next_run_at_ms = %s AND updated_at = %s"
_GO_ON = f"UPDATE scheduler_jobs SET next_run_at_ms = %s, updated_at = %s {_UNCHANGED}"  # noqa: S608
_END = f"""
    UPDATE scheduler_jobs SET next_run_at_ms = 0, enabled = FALSE, status = '{JobStatus.DISABLED.value}',
    updated_at = %s {_UNCHANGED}
"""  # noqa: S608 - our own words


class Claim(NamedTuple):
    """A due job as it was read, and what it owes; `problem` says why its schedule cannot be read."""

    job: DueJob
    owed: Backlog
    problem: str = ""

    @property
    def first_ms(self) -> int:
        """The earliest due time that it owes."""
        owed = self.owed
        return owed.rest_from_ms if owed.rest else min((*owed.older[:1], owed.newest_ms))


def read_claims(now: datetime, among: JobQuerySet | None, size: int) -> list[Claim]:
    """Up to `size` of the jobs that are due, of all or `among`; fewer where they owe very many times."""
    now_ms = to_ms(now)
    if among is None:
        rows = _first_due(size).rows(now_ms)
    else:
        rows = raw_rows(among.due(now).values_list(*_COLUMNS)[:size])
    # Sorted here, so that the index alone finds them, and two clocks lock rows in one order: no deadlocks.
    jobs = [_due_job(row) for row in sorted(rows)]
    last_dues = _last_dues([job.pk for job in jobs if job.consecutive_errors])
    claims: list[Claim] = []
    slots = 0
    for job in jobs:
        claim = _read_claim(job, last_dues.get(job.pk), now_ms)
        slots += len(claim.owed.older) + 1
        if claims and slots > BATCH_SLOTS:
            break
        claims.append(claim)
    return claims


def claim_all(claims: list[Claim], now: datetime) -> bool:
    """Move all the jobs on, in the caller's transaction; False if one of them changed since it was read."""
    now_ms = to_ms(now)
    going = [
        (owed.next_ms, now_ms, *_seen(job)) for job, owed, _problem in claims if owed.next_ms is not None
    ]
    ending = [(now_ms, *_seen(job)) for job, owed, _problem in claims if owed.next_ms is None]
    moved = 0
    with connection.cursor() as cursor:
        for statement, rows in ((_GO_ON, going), (_END, ending)):
            if rows:
                cursor.executemany(statement, rows)
                moved += cursor.rowcount
    return moved == len(claims)


def hold_problems(claims: list[Claim]) -> bool:
    """Keep the jobs that cannot be read as they are until the caller's transaction ends.

    False if one of them is gone, or was mended meanwhile.
    """
    problems = {claim.job.pk: claim.job.updated_ms for claim in claims if claim.problem}
    if not problems:
        return True
    held = Job.objects.select_for_update().filter(pk__in=problems).order_by("pk")
    return dict(raw_rows(held.values_list("pk", "updated_at"))) == problems


def switch_off(claim: Claim, now: datetime) -> None:
    """Switch off a job whose schedule cannot be read, with the reason where there is a place for it."""
    try:
        Job.objects.get(pk=claim.job.pk).disable(claim.problem, now)
    except ValueError:  # its metadata is no JSON that Python reads
        off = {"enabled": False, "status": JobStatus.DISABLED, "next_run_at": None, "running_at": None}
        Job.objects.filter(pk=claim.job.pk).update(**off, updated_at=now)
    note_switch(Job.objects.only("name").get(pk=claim.job.pk), False, SCHEDULER, now, claim.problem)


def _seen(job: DueJob) -> tuple[str, int, int]:
    return job.pk, job.due_ms, job.updated_ms


@cache
def _first_due(size: int) -> Statement:
    return Statement(lambda: Job.objects.due(from_ms(GIVEN_MS)).values_list(*_COLUMNS)[:size])


def _due_job(row: tuple[Any, ...]) -> DueJob:
    due_ms, pk, kind, schedule, metadata, anchor_ms, updated_ms, errors = row
    try:
        facts = None if metadata is None else json.loads(metadata)
        rule = _schedule(schedule)
    except ValueError:  # a number of thousands of digits, say
        facts, rule = None, UNREADABLE
    return DueJob(pk, kind, rule, facts, anchor_ms, due_ms, updated_ms, errors)


@lru_cache(maxsize=4_096)
def _schedule(text: str) -> Any:
    """What stands in the JSON; not to be changed."""
    return json.loads(text)


def _last_dues(pks: list[str]) -> dict[str, int]:
    """The last due time in the ledger of jobs that errors pushed back, see `catchup.backlog`."""
    if not pks:
        return {}
    lines = Slot.objects.filter(job_id__in=pks)
    return dict(raw_rows(lines.values_list("job_id").annotate(Max("due_at"))))


def _read_claim(job: DueJob, since_ms: int | None, now_ms: int) -> Claim:
    if job.schedule is UNREADABLE:
        return Claim(job, Backlog(job.due_ms), _("What is stored of its schedule cannot be read."))
    if not LOWEST_MS <= job.anchor_ms <= HIGHEST_MS:
        words = _("The moment that it counts from lies outside the years 1 to 9999.")
        return Claim(job, Backlog(job.due_ms), words)
    try:
        owed = backlog(
            job.schedule, anchor_ms=job.anchor_ms, due_ms=job.due_ms, now_ms=now_ms, since_ms=since_ms
        )
    except ScheduleError as error:
        return Claim(job, Backlog(job.due_ms), str(error))
    return Claim(job, owed)
