"""The words for runs and entries, each with its tone on the page and its icon."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """How far the execution of a run is. What came of it is its outcome, a separate fact."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    OK = "ok", _("Finished")
    ERROR = "error", _("Failed")
    SKIPPED = "skipped", _("Skipped")
    WAITING_USER = "waiting_user", _("Waiting for you")
    CANCELLED = "cancelled", _("Cancelled")


class Outcome(models.TextChoices):
    """What came of a run."""

    USEFUL = "useful", _("Useful")
    NOOP = "noop", _("Nothing to do")
    ERROR = "error", _("Error")
    SKIPPED = "skipped", _("Skipped")


class Delivery(models.TextChoices):
    """Whether the messages of a run reached their channels."""

    NONE = "none", _("Nothing to send")
    PENDING = "pending", _("Not sent yet")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not delivered")


class NotificationState(models.TextChoices):
    """How far one notification is on its way to one target."""

    PENDING = "pending", _("Not sent yet")
    HELD = "held", _("Held back")  # until its quiet hours, or its window of equal failures, end
    MERGED = "merged", _("In another message")
    DROPPED = "dropped", _("Not needed any more")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not delivered")


class NotificationKind(models.TextChoices):
    """Why a notification is sent."""

    NOTIFY = "notify", _("Sent by a run")
    QUESTION = "question", _("Question")
    REMINDER = "reminder", _("Reminder of a question")
    CLOSED = "closed", _("Question expired")
    REPORT = "report", _("Report")
    FAILURE = "failure", _("Failure")
    RECOVERY = "recovery", _("Works again")
    DIGEST = "digest", _("Digest")
    TEST = "test", _("Test")


class Trigger(models.TextChoices):
    """What started a run."""

    SCHEDULE = "schedule", _("Schedule")
    EVENT = "event", _("Event")
    MANUAL = "manual", _("By hand")
    ESCALATION_FOLLOWUP = "escalation_followup", _("Answer to a question")
    CONTINUE_FOLLOWUP = "continue_followup", _("Continued")


class Via(models.TextChoices):
    """How a person's decision about a question reached us."""

    WEB = "web", _("On the site")
    LINK = "link", _("By the link of a message")
    COMMAND = "command", _("By a command")


class EntryType(models.TextChoices):
    """The kinds of lines in an activity thread."""

    RUN_COMPLETE = "run_complete", _("Reported")
    RUN_SKIPPED = "run_skipped", _("Nothing to do")
    RUN_ERROR = "run_error", _("Failed")
    MILESTONE = "milestone", _("Milestone")
    ESCALATION = "escalation", _("Asks")
    OUTPUT = "output", _("Output")


UNFINISHED = (Status.QUEUED, Status.RUNNING)
AUTOMATIC = (Trigger.SCHEDULE, Trigger.EVENT)
FOLLOW_UPS = (Trigger.ESCALATION_FOLLOWUP, Trigger.CONTINUE_FOLLOWUP)

# Tones: ok, bad, wait, run, quiet (LOOK: colour is for state only, never colour alone).
TONES: dict[str, tuple[str, str]] = {
    Status.QUEUED: ("quiet", "clock"),
    Status.RUNNING: ("run", "play"),
    Status.OK: ("ok", "check"),
    Status.ERROR: ("bad", "warn"),
    Status.SKIPPED: ("quiet", "quiet"),
    Status.WAITING_USER: ("wait", "question"),
    Status.CANCELLED: ("quiet", "cross"),
}
UNKNOWN_TONE = ("quiet", "warn")  # a word of a later version

ENTRY_TONES: dict[str, tuple[str, str]] = {
    EntryType.RUN_COMPLETE: ("ok", "check"),
    EntryType.RUN_SKIPPED: ("quiet", "quiet"),
    EntryType.RUN_ERROR: ("bad", "warn"),
    EntryType.MILESTONE: ("ok", "star"),
    EntryType.ESCALATION: ("wait", "question"),
    EntryType.OUTPUT: ("ok", "file"),
}
