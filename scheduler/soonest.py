"""Jobs in the order of need: what is off though nobody wants it so, then what is overdue, then by
next time, then what has none. Those without a next time: the last changed first.

Keyset paging as `halo_site.paging` does it, forwards in time: ``?after=n<ms>-<id>`` goes on behind a job with
a next time, ``?after=o<ms>-<id>`` behind one without, ``?after=b<ms>-<id>`` behind a broken one.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.http import HttpRequest

from halo_site.paging import Page
from halo_site.store.fields import EPOCH, HIGHEST_MS, from_ms, to_ms
from scheduler.models import Job, JobQuerySet
from scheduler.standing import broken_jobs, is_broken

BROKEN, NEXT, OTHERS = "b", "n", "o"
LONGEST_ID = 300


@dataclass(frozen=True)
class Place:
    """Behind which job a page begins."""

    part: str
    at: datetime
    job_id: str

    def __str__(self) -> str:
        return f"{self.part}{to_ms(self.at)}-{self.job_id}"


def soonest_page(request: HttpRequest, jobs: JobQuerySet, size: int) -> Page[Job]:
    """The page that the address names; the first one for a place that nothing of ours can have written."""
    place = parse_place(request.GET.get("after", ""))
    part = place.part if place else BROKEN
    rows = _without(jobs.filter(broken_jobs()), place, size + 1) if part == BROKEN else []
    if len(rows) <= size and part != OTHERS:
        rows += _with_next(jobs, place if part == NEXT else None, size + 1 - len(rows))
    if len(rows) <= size:
        others = jobs.exclude(pk__in=jobs.filter(broken_jobs()).values("pk"))
        rows += _without(others, place if part == OTHERS else None, size + 1 - len(rows))
    shown = rows[:size]
    next_url = _url(request, place_of(shown[-1])) if len(rows) > size else ""
    return Page(shown, next_url, _url(request, None) if place else "")


def parse_place(value: str) -> Place | None:
    """The place that ``after`` names; None for anything else."""
    number, _dash, key = value[1:].partition("-")
    is_number = number.isascii() and number.isdigit() and len(number) <= 15
    if (
        value[:1] not in (BROKEN, NEXT, OTHERS)
        or not is_number
        or not 0 < len(key) <= LONGEST_ID
        or "\0" in key
    ):
        return None
    return Place(value[0], from_ms(int(number)), key) if int(number) <= HIGHEST_MS else None


def place_of(job: Job) -> Place:
    if job.enabled and job.next_run_at:
        return Place(NEXT, job.next_run_at, job.pk)
    return Place(BROKEN if is_broken(job) else OTHERS, job.updated_at or EPOCH, job.pk)


def _with_next(jobs: JobQuerySet, place: Place | None, most: int) -> list[Job]:
    rows = jobs.with_next().order_by("next_run_at", "pk")
    if place is not None:
        # The first condition lets the index begin there.
        behind = Q(next_run_at__gt=place.at) | Q(pk__gt=place.job_id)
        rows = rows.filter(Q(next_run_at__gte=place.at), behind)
    return list(rows[:most])


def _without(jobs: JobQuerySet, place: Place | None, most: int) -> list[Job]:
    rows = jobs.filter(Q(enabled=False) | Q(next_run_at__lte=0)).order_by("-updated_at", "pk")
    if place is not None:
        behind = Q(updated_at__lt=place.at) | Q(pk__gt=place.job_id)
        rows = rows.filter(Q(updated_at__lte=place.at), behind)
    return list(rows[:most])


def _url(request: HttpRequest, place: Place | None) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    if place is not None:
        query["after"] = str(place)
    return f"{request.path}?{query.urlencode()}" if query else request.path
