"""What the pages show, as typed facts without a request (style: contexts are contracts)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_manager.job_showing import app_id_of, jobs_of_apps
from app_manager.jobs import jobs_of_each
from app_manager.models import App, AppQuerySet
from app_manager.scheduling import is_single
from app_manager.states import RUNS_BY_ITSELF
from app_runtime.chips import Chip, outcome_chip, status_chip
from app_runtime.escalations.inbox import soonest
from app_runtime.models import Entry, Run, RunQuerySet
from app_runtime.shell import COUNT_CAP, Machinery, open_questions
from app_runtime.statuses import TONES, UNKNOWN_TONE, EntryType, Status
from app_runtime.strips import Bar, BarMaker, newest_runs
from app_runtime.thread.marks import unread_of_each
from halo_site import quantities
from halo_site.datadir.config import site_config
from halo_site.roles import Role, standing_of
from scheduler.models import Job, JobQuerySet
from scheduler.standing import broken_jobs, is_late

CARDS = 24
QUESTIONS = 5
FAILURES = 8
COMING = 8
LONG_STRIP = 30
APP_TONES = {
    "paused": ("quiet", "pause"),
    "error": ("bad", "warn"),
    "needs_login": ("wait", "user"),
    "uninstalled": ("quiet", "cross"),
}
NEWS = (EntryType.RUN_COMPLETE, EntryType.MILESTONE, EntryType.OUTPUT, EntryType.RUN_ERROR)


@dataclass(frozen=True)
class RunRow:
    """One run in a list, with what it told."""

    run: Run
    news: str

    @property
    def status(self) -> Chip:
        return status_chip(self.run)

    @property
    def outcome(self) -> Chip | None:
        return outcome_chip(self.run)


def run_rows(runs: Iterable[Run]) -> list[RunRow]:
    """Rows for runs, each with the newest summary of its entries (one query for all)."""
    listed = list(runs)
    entries = Entry.objects.filter(run_id__in=[run.pk for run in listed]).order_by("ts", "id")
    news = {entry.run_id: entry.summary for entry in entries}
    return [RunRow(run, news.get(run.pk) or run.error_message or "") for run in listed]


@dataclass(frozen=True)
class AppCard:
    """One app on a wall of cards: what it is shown as, its last runs, its next time."""

    app: App
    runs: list[Run]
    jobs: list[Job]
    open_questions: int
    news: str
    bars: list[Bar]
    unread: int = 0

    @property
    def unread_words(self) -> str:
        """How many entries are new to whoever looks, in words; counted to 100."""
        words = ngettext("%(n)s new", "%(n)s new", self.unread)
        return words % {"n": quantities.capped(self.unread, COUNT_CAP)}

    @cached_property
    def chip(self) -> Chip:
        newest = self.runs[-1] if self.runs else None
        running = any(run.status == Status.RUNNING for run in self.runs)
        queued = any(run.status == Status.QUEUED for run in self.runs)
        return app_chip(
            self.app, running=running, queued=queued, questions=self.open_questions, newest=newest
        )

    @property
    def held(self) -> Chip | None:
        """That it does not run by itself, where the chip says what is nearer; None where that says so."""
        tone_icon, words = APP_TONES.get(self.app.status), str(self.app.get_status_display())
        return Chip(tone_icon[0], words, tone_icon[1]) if tone_icon and words != self.chip.text else None

    @property
    def schedule(self) -> str:
        """Its schedules in words; of single runs only how many are to come."""
        count = sum(map(is_single, self.jobs))
        singles = ngettext("%(count)d single run", "%(count)d single runs", count) % {"count": count}
        return " · ".join(filter(None, (self._rules, singles if count else "")))

    @property
    def _rules(self) -> str:
        return " · ".join(
            job.words if job.enabled else _("%(rule)s (switched off)") % {"rule": job.words}
            for job in self.jobs
            if not is_single(job)
        )

    @cached_property
    def next_job(self) -> Job | None:
        """The schedule that starts it next; None for an app that would be skipped then."""
        due = [(job.next_run_at, job.pk, job) for job in self.jobs if job.enabled and job.next_run_at]
        return min(due)[2] if due and self.app.runs_by_itself else None

    @property
    def next_at(self) -> datetime | None:
        """When it runs by itself next."""
        return self.next_job.next_run_at if self.next_job else None

    @property
    def next_word(self) -> str:
        """What stands before its next time: that may have passed while no clock ran."""
        is_past = self.next_job is not None and is_late(self.next_job, timezone.now())
        return _("was due") if is_past else _("next")


def app_cards(apps: list[App], unread: Mapping[str, int] = MappingProxyType({})) -> list[AppCard]:
    """Cards for apps, in four queries however many there are; ``unread`` is asked by who knows for whom."""
    ids = [app.pk for app in apps]
    runs, jobs = newest_runs(ids), jobs_of_each(apps)
    asking: dict[str, int] = {}
    for app_id in Entry.objects.open().filter(app_id__in=ids).values_list("app_id", flat=True):
        asking[app_id] = asking.get(app_id, 0) + 1
    newest = {runs[app_id][-1].pk: app_id for app_id in ids if runs[app_id]}
    entries = Entry.objects.filter(run_id__in=newest, type__in=NEWS).order_by("ts", "id")
    news = {newest[entry.run_id]: entry.summary for entry in entries}
    bars = BarMaker().bars
    return [
        AppCard(
            app,
            runs[app.pk],
            jobs.get(app.pk, []),
            asking.get(app.pk, 0),
            news.get(app.pk, ""),
            bars(runs[app.pk]),
            unread.get(app.pk, 0),
        )
        for app in apps
    ]


@dataclass(frozen=True)
class OverviewPage:
    """What needs a person, what failed, then everything else."""

    now: datetime
    reader: Any

    @property
    def has_a_role(self) -> bool:
        """Whether the person may see anything anywhere."""
        return standing_of(self.reader).may_somewhere(Role.VIEWER)

    @cached_property
    def questions(self) -> list[Entry]:
        """The first ones of the inbox, in its order."""
        return soonest(self.reader, QUESTIONS)

    @cached_property
    def question_count(self) -> int:
        return open_questions(self.reader)

    @property
    def may_answer(self) -> bool:
        """Whether the person may answer questions anywhere."""
        return standing_of(self.reader).may_somewhere(Role.OPERATOR)

    @property
    def has_more_questions(self) -> bool:
        return self.question_count > len(self.questions)

    @cached_property
    def failures(self) -> list[RunRow]:
        """The newest failed runs of the last day."""
        return run_rows(self._failed.select_related("app").newest_first()[:FAILURES])

    @cached_property
    def failure_count(self) -> int:
        """How many runs failed in the last day; counted to `COUNT_CAP`."""
        return self._failed[:COUNT_CAP].count()

    @property
    def _failed(self) -> RunQuerySet:
        runs = Run.objects.visible_to(self.reader)
        return runs.filter(status=Status.ERROR, started_at__gte=self.now - timedelta(days=1))

    @property
    def _apps(self) -> AppQuerySet:
        return App.objects.visible_to(self.reader)

    @cached_property
    def machinery(self) -> Machinery:
        return Machinery(self.now)

    @property
    def rehearses(self) -> bool:
        """Whether runs are rehearsals, because nobody has set up a model."""
        return not site_config().ai_sources.is_meant

    @property
    def stands_still(self) -> bool:
        return "bad" in {self.machinery.clock.tone, self.machinery.workers.tone}

    @cached_property
    def stopped(self) -> list[App]:
        """Apps that do nothing by themselves until somebody acts."""
        return list(self._apps.stopped().newest_first()[:FAILURES])

    @cached_property
    def stopped_count(self) -> int:
        return self._apps.stopped().count()

    @cached_property
    def broken(self) -> list[Job]:
        """Schedules of other apps that are off though no person wants it so, the last one first."""
        return list(self._broken.order_by("-updated_at", "pk")[:FAILURES])

    @cached_property
    def broken_count(self) -> int:
        return self._broken.count() if self.broken else 0

    @property
    def _broken(self) -> JobQuerySet:
        apps = self._apps.installed().exclude(pk__in=self._apps.stopped().values("pk"))
        return Job.objects.filter(jobs_of_apps(apps) & broken_jobs())

    @cached_property
    def cards(self) -> list[AppCard]:
        apps = list(self._apps.installed().newest_first()[:CARDS])
        return app_cards(apps, unread_of_each(self.reader, [app.pk for app in apps]))

    @cached_property
    def coming(self) -> list[Job]:
        """The next due times of apps that will run then; a paused app's are skipped and not promised here."""
        if not standing_of(self.reader).sees_everything:
            return self._coming_of_own()
        jobs = list(Job.objects.with_next().order_by("next_run_at")[: COMING * 5])
        ids = {app_id_of(job) for job in jobs}
        running = set(App.objects.filter(pk__in=ids, status__in=RUNS_BY_ITSELF).values_list("pk", flat=True))
        return [job for job in jobs if app_id_of(job) in running][:COMING]

    def _coming_of_own(self) -> list[Job]:
        """Of the apps that a member of single spaces sees: theirs may be few among those of all."""
        apps = [app for app in self._apps.installed() if app.runs_by_itself]
        jobs = (job for own in jobs_of_each(apps).values() for job in own)
        due = ((job.next_run_at, job.pk, job) for job in jobs if job.enabled and job.next_run_at)
        return [job for _at, _key, job in sorted(due)[:COMING]]


def display_status(app_status: str, running: bool, queued: bool, pending: int) -> str:
    """What an app is shown as: running > queued > an open question > its own status.

    ``pending`` counts open questions. "idle" is an app that would run and has nothing to do (vectors,
    `display_status`).
    """
    if running:
        return "running"
    if queued:
        return "queued"
    if pending:
        return "waiting_user"
    return "idle" if app_status in RUNS_BY_ITSELF else app_status


def app_chip(app: App, *, running: bool, queued: bool, questions: int, newest: Run | None) -> Chip:
    """`display_status` as a chip; of an idle app whose newest run failed it says that."""
    shown = display_status(app.status, running, queued, questions)
    if shown in {Status.RUNNING, Status.QUEUED, Status.WAITING_USER}:
        return Chip(*_chip_of(Status(shown)))
    if shown != "idle":
        tone, icon = APP_TONES.get(shown, UNKNOWN_TONE)
        return Chip(tone, app.get_status_display(), icon)
    if newest is not None and newest.status == Status.ERROR:
        return Chip(*_chip_of(Status.ERROR))
    return Chip("ok", _("Idle"), "check")


def _chip_of(status: Status) -> tuple[str, str, str]:
    tone, icon = TONES.get(status, UNKNOWN_TONE)
    return tone, str(status.label), icon
