"""Activity entries: table `activity_entries` (halo-facts §2.3, §8, DESIGN §3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from app_manager.models import App, new_id
from app_runtime.foreign_json import AnswerField, ForeignJsonField, JsonKind
from app_runtime.statuses import EntryType, Via
from halo_site.roles import standing_of
from halo_site.store.fields import HIGHEST_MS, LOWEST_MS, EpochMsField, from_ms

if TYPE_CHECKING:
    from app_runtime.escalations.questions import Answer
    from app_runtime.models import Run

MOST_STEPS = 1_000_000  # more than any run has; a larger number is no step
ENDED = Q(type=EntryType.ESCALATION) & (Q(user_response__isnull=False) | Q(closed_at__isnull=False))


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, user: Any) -> "EntryQuerySet":
        """Those of apps that this person may see."""
        if standing_of(user).sees_everything:
            return self
        return self.filter(app__in=App.objects.visible_to(user))

    def questions(self) -> "EntryQuerySet":
        return self.filter(type=EntryType.ESCALATION)

    def open(self) -> "EntryQuerySet":
        """Questions that nobody has answered, dismissed or closed."""
        return self.questions().filter(user_response__isnull=True, closed_at__isnull=True)

    def with_deadline(self) -> "EntryQuerySet":
        """Those whose deadline is a number, so that it compares as one; it may be no moment still."""
        return self.alias(due=JsonKind("content", "deadlineAt")).filter(due__in=JsonKind.NUMBERS)

    def news(self) -> "EntryQuerySet":
        """All but those of runs that found nothing to do."""
        return self.exclude(type=EntryType.RUN_SKIPPED)

    def of_type(self, kind: str) -> "EntryQuerySet":
        """Those of one type, asked in the way that goes to the index made for it."""
        return self.alias(kind=Lower("type")).filter(kind=kind)

    def quiet(self) -> "EntryQuerySet":
        """Those of runs that found nothing to do."""
        return self.of_type(EntryType.RUN_SKIPPED)

    def ended(self) -> "EntryQuerySet":
        """Questions that are open no more, with an answer or without."""
        return self.filter(ENDED)

    def newest_first(self) -> "EntryQuerySet":
        return self.order_by("-ts", "-id")


class Entry(models.Model):
    """One line of an app's activity thread. ``run_id`` is no foreign key: entries may have no run."""

    id = models.TextField(primary_key=True, default=new_id)
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="entries", db_index=False)
    run_id = models.TextField()
    type = models.TextField(choices=EntryType)
    ts = EpochMsField()
    session_key = models.TextField(null=True, blank=True)  # noqa: DJ001 - documented
    content = ForeignJsonField(db_column="content_json")
    user_response = AnswerField(db_column="user_response_json", null=True, blank=True)
    closed_at = EpochMsField(null=True, blank=True, help_text=_("when a question ended without an answer"))
    # Of questions alone. Nullable, so that a long history gets the columns without being copied.
    decided_at = EpochMsField(null=True, blank=True, help_text=_("when a person answered or dismissed it"))
    decided_by = models.TextField(null=True, blank=True)  # noqa: DJ001 - null: nobody has
    decided_via = models.TextField(choices=Via, null=True, blank=True)  # noqa: DJ001 - null: nobody has
    shown_digest = models.TextField(  # noqa: DJ001 - null: nobody has
        null=True, blank=True, help_text=_("SHA-256 of the question as whoever decided was shown it")
    )
    followup_run_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - null: no run has the answer
    reminded_percent = models.IntegerField(
        null=True,
        blank=True,
        help_text=_("how much of the time to its deadline was over at the last reminder"),
    )

    objects = EntryQuerySet.as_manager()

    class Meta:
        db_table = "activity_entries"
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        indexes = [
            models.Index(fields=["app", "-ts", "-id"], name="idx_entries_app"),
            models.Index(fields=["run_id"], name="idx_entries_run"),
            models.Index(fields=["-ts", "-id"], name="idx_entries_ts"),
            # Lower: every type is so already. With a bare column in front SQLite would take this index for
            # open questions too, and read all that were ever asked (see `of_type`)
            models.Index(Lower("type"), "app", F("ts").desc(), F("id").desc(), name="idx_entries_type"),
            # a thread goes from one piece of news to the next, however many quiet runs lie between
            models.Index(
                fields=["app", "-ts", "-id"],
                condition=~Q(type=EntryType.RUN_SKIPPED),
                name="idx_entries_news",
            ),
            models.Index(
                fields=["app", "ts", "id"],
                condition=Q(type=EntryType.ESCALATION, user_response__isnull=True, closed_at__isnull=True),
                name="idx_entries_pending_escalation",
            ),
            models.Index(fields=["-ts", "-id"], condition=ENDED, name="idx_entries_ended"),
            models.Index(fields=["app", "-ts", "-id"], condition=ENDED, name="idx_entries_app_ended"),
            models.Index(
                fields=["-decided_at", "-id"],
                condition=Q(decided_at__isnull=False),
                name="idx_entries_decided",
            ),
        ]

    def __str__(self) -> str:
        return self.summary[:60]

    @property
    def summary(self) -> str:
        return str(self.said.get("summary") or "")

    @property
    def is_open_question(self) -> bool:
        return self.type == EntryType.ESCALATION and self.user_response is None and self.closed_at is None

    @property
    def step(self) -> int | None:
        """In which step of its run it was made; None where nobody wrote that down."""
        source = self.said.get("source")
        step = source.get("step") if isinstance(source, dict) else None
        return step if type(step) is int and 0 < step <= MOST_STEPS else None

    @property
    def deadline(self) -> datetime | None:
        """When an open question expires; None without a deadline."""
        value = self.said.get("deadlineAt")
        if type(value) is not int or not LOWEST_MS <= value <= HIGHEST_MS:
            return None
        return from_ms(value)

    @property
    def questions(self) -> list[dict[str, Any]]:
        """``[{question, choices}]``, the documented single form included."""
        listed = self.said.get("questions")
        several = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
        if several:
            return several
        single = {
            "question": self.said.get("question") or self.summary,
            "choices": self.said.get("choices"),
        }
        return [single]

    def answer(self, answers: "Sequence[Answer]", **how: Any) -> "Run | None":
        """Store a person's answer and queue the run that goes on with it (`escalations.answering.answer`)."""
        from app_runtime.escalations import answering  # verbs know every room, rows know none

        return answering.answer(self, answers, **how)

    def dismiss(self, **how: Any) -> None:
        """Close the question because a person decided so (`escalations.answering.dismiss`)."""
        from app_runtime.escalations import answering

        answering.dismiss(self, **how)

    @property
    def said(self) -> dict[str, Any]:
        """The content; empty where something else than ours wrote it, so that no page fails over one row."""
        return self.content if isinstance(self.content, dict) else {}
