"""The words for jobs and slots, each with its tone on the page."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobStatus(models.TextChoices):
    """What a job is doing, as documented (halo-facts §5)."""

    IDLE = "idle", _("Waiting for its time")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DISABLED = "disabled", _("Off")

    @property
    def tone(self) -> str:
        return {"idle": "ok", "running": "run"}.get(self.value, "quiet")


class Verdict(models.TextChoices):
    """How a due time ended (BEHAVIOUR, Schedules: slot ledger)."""

    RAN = "ran", _("Ran")
    LATE = "late", _("Ran late")
    MERGED = "merged", _("Merged into a later run")
    SKIPPED = "skipped", _("Skipped")
    MISSED = "missed", _("Missed")
    ERROR = "error", _("Failed to start")

    @property
    def tone(self) -> str:
        return {"ran": "ok", "late": "wait", "missed": "wait", "error": "bad"}.get(self.value, "quiet")


class SkipReason(models.TextChoices):
    """Why a due time was skipped."""

    PAUSED = "paused", _("the app was paused")
    OVERLAP = "overlap", _("the run before was not finished")
    LIMIT = "limit", _("a limit was reached")
    BUDGET = "budget", _("the budget was used up")
    FILTER = "filter", _("a filter did not match")


class Outcome(models.TextChoices):
    """What the run of a slot came to."""

    USEFUL = "useful", _("Useful")
    NOOP = "noop", _("Nothing to do")
    ERROR = "error", _("Failed")
    SKIPPED = "skipped", _("Skipped")

    @property
    def tone(self) -> str:
        return {"useful": "ok", "error": "bad"}.get(self.value, "quiet")


class MissedPolicy(models.TextChoices):
    """What happens to due times that are found more than 60 s late."""

    RUN_ONCE = "run_once", _("run once for all of them")
    SKIP = "skip", _("skip them")


class Held(models.TextChoices):
    """Why the due times of a job that is on would start nothing."""

    PAUSED = "paused", _("Paused")
    BLOCKED = "blocked", _("Blocked")


class JobState(models.TextChoices):
    """How a job stands, as the schedule pages show it."""

    PLANNED = "planned", _("Planned")
    LATE = "late", _("Late")
    PAUSED = "paused", _("Paused")
    BLOCKED = "blocked", _("Blocked")
    OFF = "off", _("Off")
    OVER = "over", _("Over")

    @property
    def tone(self) -> str:
        tones = {"planned": "ok", "late": "wait", "blocked": "bad"}
        return tones.get(self.value, "quiet")

    @property
    def icon(self) -> str:
        icons = {
            "planned": "clock",
            "late": "hourglass",
            "paused": "pause",
            "blocked": "stop",
            "off": "power",
        }
        return icons.get(self.value, "check")
