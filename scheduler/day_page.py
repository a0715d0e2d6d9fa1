"""The day of the schedule as its page shows it: what became of due times, and what is still to come."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from halo_site.health import longest_silence
from halo_site.models import Heartbeat
from halo_site.paging import Page
from halo_site.store.fields import to_ms
from scheduler import registry
from scheduler.addresses import job_address
from scheduler.day import (
    BUCKET,
    BUCKETS,
    MINUTE_MS,
    MOST_TIMES,
    Clash,
    Planned,
    Window,
    clashes,
    density,
    planned,
)
from scheduler.models import Job, JobQuerySet
from scheduler.registry import About
from scheduler.soonest import soonest_page
from scheduler.standing import Standing, standing_of
from scheduler.statuses import Held, Verdict

LANES = 30
BEFORE_NOW = timedelta(hours=6)
STEP = timedelta(hours=6)
MOST_JOBS = 400  # the soonest ones, for density and clashes
SHOWN_CLASHES, SHOWN_NAMES = 12, 4
LABELS = 8
_FROM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}", re.ASCII)
_PAST = """
    SELECT job_id, (due_at_ms - %s) / %s, verdict, COALESCE(outcome, ''), SUM(merged_count), COUNT(*)
    FROM scheduler_run_log WHERE job_id IN ({places}) AND due_at_ms >= %s AND due_at_ms < %s
    GROUP BY 1, 2, 3, 4
"""
WORST_FIRST = ("bad", "wait", "skip", "quiet", "ok")


@dataclass(frozen=True)
class Mark:
    """A piece of a lane: from which minute, how many minutes, its paint, and its words."""

    minute: int
    length: int
    paint: str
    words: str


@dataclass(frozen=True)
class Lane:
    """One job's day."""

    job: Job
    about: About
    standing: Standing
    marks: list[Mark]
    words: str

    @property
    def address(self) -> str:
        return job_address(self.job.pk)


@dataclass(frozen=True)
class DayPage:
    """24 hours of the jobs that the person may see."""

    request: HttpRequest = field(repr=False)
    now: datetime

    @cached_property
    def window(self) -> Window:
        wanted = start_of(self.request.GET.get("from", ""))
        return Window(wanted or full_hour(self.now - BEFORE_NOW), self.now)

    @cached_property
    def pager(self) -> Page[Job]:
        return soonest_page(self.request, self._seen, LANES)

    @cached_property
    def lanes(self) -> list[Lane]:
        jobs = list(self.pager.rows)
        said, past = registry.about(jobs), past_of(jobs, self.window)
        return [self._lane(job, said[job.pk], past.get(job.pk, {})) for job in jobs]

    @cached_property
    def workers(self) -> int:
        """How many say that they live."""
        alive = Heartbeat.objects.kind("worker").younger_than(longest_silence(), self.now)
        return alive.count()

    @cached_property
    def _counted(self) -> list[tuple[str, Planned]]:
        """Name and due times of the soonest jobs, as many as can be counted."""
        found, times = [], 0
        for job in self._due.order_by("next_run_at", "pk")[:MOST_JOBS]:
            each = coming_of(job, self.window)
            found.append((job.name, each))
            times += each.count
            if times > MOST_TIMES:
                break
        return found

    @cached_property
    def is_cut(self) -> bool:
        """Whether there are more jobs than were counted."""
        return len(self._due.values_list("pk")[: len(self._counted) + 1]) > len(self._counted)

    @property
    def counted(self) -> int:
        return len(self._counted)

    @cached_property
    def _per_bucket(self) -> list[int]:
        return density((each for _name, each in self._counted), self.window.now_minute)

    @cached_property
    def density(self) -> list[Mark]:
        """The bars of what is to come, as high as the fullest is: ``length`` is the height in percent."""
        counts = self._per_bucket
        most = max(counts, default=0)
        crowded = {clash.minute // BUCKET for clash in self.clashes}
        return [
            Mark(place * BUCKET, max(count * 100 // most, 4), paint, self._bar_words(place, count))
            for place, count in enumerate(counts)
            if count
            for paint in ["clash" if place in crowded else "plan"]
        ]

    @cached_property
    def clashes(self) -> list[Clash]:
        return clashes(self._counted, self.window.now_minute, self.workers, SHOWN_CLASHES)

    @property
    def clash_rows(self) -> list[tuple[str, int, str]]:
        """The first clashes: the time, how many, and whose."""
        return [
            (self._time_of(clash.second), clash.count, self._names(clash))
            for clash in self.clashes[:SHOWN_CLASHES]
        ]

    @property
    def more_clashes(self) -> int:
        return max(len(self.clashes) - SHOWN_CLASHES, 0)

    @cached_property
    def total(self) -> int:
        """How many due times are to come in the window."""
        return sum(self._per_bucket)

    @property
    def summary(self) -> str:
        words = ngettext("%(n)s due time to come", "%(n)s due times to come", self.total)
        return words % {"n": f"{self.total:,}"}

    @property
    def labels(self) -> list[tuple[str, str]]:
        """Hours below the lanes: their words, and where they stand in percent."""
        places = range(LABELS + 1)
        return [(self._time(place * 24 * 60 // LABELS), f"{place * 100 / LABELS:g}%") for place in places]

    @property
    def earlier_url(self) -> str:
        return self._url(self.window.start - STEP)

    @property
    def later_url(self) -> str:
        return self._url(self.window.start + STEP)

    @property
    def is_moved(self) -> bool:
        return self.window.start != full_hour(self.now - BEFORE_NOW)

    @property
    def title(self) -> str:
        first, last = timezone.localtime(self.window.start), timezone.localtime(self.window.end)
        return _("%(first)s to %(last)s") % {
            "first": format_date(first, "D j M, H:i"),
            "last": format_date(last, "D j M, H:i"),
        }

    @property
    def _due(self) -> JobQuerySet:
        """Those that will start something in the window."""
        jobs = self._seen.with_next().filter(next_run_at__lt=self.window.end)
        return jobs.exclude(registry.jobs_held(Held.PAUSED)).exclude(registry.jobs_held(Held.BLOCKED))

    @property
    def _seen(self) -> JobQuerySet:
        return Job.objects.visible_to(self.request.user)

    def _lane(self, job: Job, said: About, past: Mapping[int, Counter[str]]) -> Lane:
        standing = standing_of(job, said, self.now)
        marks = [self._past_mark(bucket, counts) for bucket, counts in sorted(past.items())]
        coming = coming_of(job, self.window) if job.enabled and job.next_run_at else Planned()
        marks += self._coming_marks(coming, "held" if said.held else "plan")
        return Lane(job, said, standing, marks, _lane_words(past, coming))

    def _past_mark(self, bucket: int, counts: Counter[str]) -> Mark:
        paint = next(tone for tone in WORST_FIRST if counts[tone])
        return Mark(
            bucket * BUCKET, BUCKET, paint, f"{self._time(bucket * BUCKET)}: {_counted_words(counts)}"
        )

    def _coming_marks(self, coming: Planned, paint: str) -> list[Mark]:
        if not coming.is_band:
            return [Mark(minute, 5, paint, self._time(minute)) for minute in coming.minutes]
        return [
            Mark(first, last + 1 - first, f"{paint}-band", f"{self._time(first)}: {_due_words(count)}")
            for first, last, count in coming.bands
        ]

    def _bar_words(self, place: int, count: int) -> str:
        return f"{self._time(place * BUCKET)}: {_due_words(count)}"

    def _names(self, clash: Clash) -> str:
        shown = ", ".join(clash.names[:SHOWN_NAMES])
        more = clash.count - SHOWN_NAMES
        return _("%(names)s and %(n)d more") % {"names": shown, "n": more} if more > 0 else shown

    def _time(self, minute: int) -> str:
        return f"{timezone.localtime(self.window.start + timedelta(minutes=minute)):%H:%M}"

    def _time_of(self, second: int) -> str:
        """A due time: with its seconds where it has any."""
        local = timezone.localtime(self.window.start + timedelta(seconds=second))
        return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"

    def _url(self, start: datetime) -> str:
        return f"{self.request.path}?from={start.astimezone(UTC):%Y-%m-%dT%H}"


def start_of(text: str) -> datetime | None:
    """The full hour in UTC that an address names; None for anything else."""
    if not _FROM.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(f"{text}:00+00:00")
    except ValueError:
        return None
    return moment if 1971 <= moment.year <= 9998 else None


def full_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def rule_of(job: Job) -> str:
    """The rule as text: jobs with the same one are walked through once."""
    return json.dumps(job.schedule, sort_keys=True)


def coming_of(job: Job, window: Window) -> Planned:
    """Its due times in the window, without what the clock has seen or leaves out until its next time."""
    if job.anchor_at is None:
        return Planned()
    whole = planned(rule_of(job), to_ms(job.anchor_at), window)
    return whole.since(max(window.second_of(to_ms(job.next_run_at)), 0)) if job.next_run_at else whole


def past_of(jobs: list[Job], window: Window) -> dict[str, dict[int, Counter[str]]]:
    """Job id → bucket → how many due times of each tone; one query."""
    found: dict[str, dict[int, Counter[str]]] = {}
    if not jobs:
        return found
    ids, begin, bucket_ms = [job.pk for job in jobs], to_ms(window.start), BUCKET * MINUTE_MS
    query = _PAST.format(places=", ".join(["%s"] * len(ids)))
    with connection.cursor() as cursor:
        cursor.execute(query, [begin, bucket_ms, *ids, begin, to_ms(window.end)])
        for job_id, bucket, verdict, outcome, count, _rows in cursor.fetchall():
            counts = found.setdefault(job_id, {}).setdefault(min(int(bucket), BUCKETS - 1), Counter())
            counts[_tone(verdict, outcome)] += int(count)
            counts[f"verdict:{verdict}"] += int(count)
    return found


def _tone(verdict: str, outcome: str) -> str:
    if outcome == "error" or verdict == Verdict.ERROR:
        return "bad"
    return {"ran": "ok", "late": "wait", "missed": "wait", "skipped": "skip"}.get(verdict, "quiet")


def _counted_words(counts: Mapping[str, int]) -> str:
    parts = [
        f"{counts[key]:,} {str(each.label).lower()}" for each in Verdict if counts[key := f"verdict:{each}"]
    ]
    return ", ".join(parts)


def _due_words(count: int) -> str:
    return ngettext("%(n)s due time", "%(n)s due times", count) % {"n": f"{count:,}"}


def _lane_words(past: Mapping[int, Counter[str]], coming: Planned) -> str:
    """The lane in words: "12 ran, 1 skipped; 14 to come"."""
    sums: Counter[str] = Counter()
    for counts in past.values():
        sums.update(counts)
    before = _counted_words(sums) or _("none before")
    words = _("%(count)s to come") % {"count": f"{coming.count:,}"} if coming.count else _("none to come")
    return f"{before}; {words}"
