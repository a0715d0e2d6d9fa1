"""What can be done with an app as it stands, and what each of it would stop."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from operator import itemgetter

from app_manager import states
from app_manager.jobs import jobs_of
from app_manager.limits import own_caps
from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_runtime.models import Entry, Run
from app_runtime.settings.forms import AppRunsForm
from app_runtime.statuses import Status
from halo_site.datadir.config import site_config
from halo_site.datadir.spaces import Space, all_spaces
from halo_site.roles import Role, Standing
from scheduler.models import Job
from scheduler.recurrence import ScheduleError

Time = tuple[str, datetime]  # a schedule in words, and when it comes due next
SHOWN_RUNS = 10
COUNT_CAP = 1_000


@dataclass(frozen=True)
class ManagePage:
    """The verbs that the state machine allows now, with what a person has to know before each."""

    app: App
    now: datetime
    standing: Standing
    refused: AppRunsForm | None = None  # what was sent and cannot be stored

    @property
    def can_pause(self) -> bool:
        return states.may_become(self.app.status, AppStatus.PAUSED)

    @property
    def can_resume(self) -> bool:
        return self.app.status in states.RESUMABLE and not self.app.obstacle

    @cached_property
    def runs_form(self) -> AppRunsForm:
        """The app's own model and caps."""
        if self.refused is not None:
            return self.refused
        config = site_config()
        own = {"model": str(self.app.user_overrides.get("model") or "")}
        initial = own | own_caps(self.app.user_overrides, config.runs)
        return AppRunsForm(initial=initial, behind=config.runs, known=config.ai_sources)

    @property
    def is_uninstalled(self) -> bool:
        return self.app.status == AppStatus.UNINSTALLED

    @cached_property
    def jobs(self) -> list[Job]:
        return list(jobs_of(self.app).order_by("next_run_at", "pk"))

    @property
    def times(self) -> list[Time]:
        """What the clock has for it."""
        return [(job.words, job.next_run_at) for job in self.jobs if job.enabled and job.next_run_at]

    @property
    def times_after_resume(self) -> list[Time]:
        """What the clock would have for it: jobs that errors held back or switched off begin anew."""
        anew = [(job.words, self._regular(job)) for job in self.jobs if job.consecutive_errors]
        kept = [
            (job.words, job.next_run_at) for job in self.jobs if job.enabled and not job.consecutive_errors
        ]
        return sorted(((words, at) for words, at in anew + kept if at), key=itemgetter(1))

    def _regular(self, job: Job) -> datetime | None:
        try:
            return job.next_due_after(self.now)
        except ScheduleError:
            return None

    @cached_property
    def unfinished(self) -> list[Run]:
        """Running before queued."""
        runs = Run.objects.for_app(self.app).unfinished()
        return list(runs.order_by("-status", "queued_at", "pk")[:SHOWN_RUNS])

    @property
    def running(self) -> list[Run]:
        return [run for run in self.unfinished if run.status == Status.RUNNING]

    @property
    def queued(self) -> list[Run]:
        return [run for run in self.unfinished if run.status == Status.QUEUED]

    @cached_property
    def questions(self) -> int:
        """Open questions, counted up to `COUNT_CAP`."""
        return Entry.objects.filter(app=self.app).open()[:COUNT_CAP].count()

    @cached_property
    def runs(self) -> int:
        """Runs of its history, counted up to `COUNT_CAP`."""
        return Run.objects.for_app(self.app)[:COUNT_CAP].count()

    @cached_property
    def entries(self) -> int:
        """Entries of its thread, counted up to `COUNT_CAP`."""
        return Entry.objects.filter(app=self.app)[:COUNT_CAP].count()

    @property
    def folder(self) -> str:
        """Where its files are; empty where nobody can tell."""
        try:
            return str(self.app.folder)
        except LookupError:
            return ""

    @cached_property
    def other_spaces(self) -> list[Space]:
        """Those that the person may move it to."""
        others = (space for space in all_spaces() if space.id != self.app.space_id)
        return [space for space in others if self.standing.may(Role.MANAGER, space.id)]
