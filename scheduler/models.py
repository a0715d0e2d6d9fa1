"""Jobs and the ledger of their due times. Tables and columns: halo-facts §2.1 (version 2) and DESIGN §3."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from halo_site.store.fields import EpochMsField, from_ms, to_ms
from halo_site.store.statements import Statement
from scheduler import ledger
from scheduler.backoff import MAX_ERRORS, settle
from scheduler.catchup import owed_between
from scheduler.recurrence import ScheduleError, describe, next_due, validate
from scheduler.registry import jobs_held, visible_jobs
from scheduler.statuses import Held, JobStatus, MissedPolicy, Outcome, SkipReason, Verdict
from scheduler.switching import SCHEDULER, note_switch

KEPT_SLOTS = 1_000  # per job (BEHAVIOUR, Retention)
_DISABLED_REASON = "disabled_reason"  # in a job's metadata, beside what its owner keeps there
AHEAD = timedelta(seconds=10)  # more than the clocks of two machines of one database differ


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: Any) -> "JobQuerySet":
        """Those that this person may see, as their owners decide."""
        return self.filter(visible_jobs(user))

    def with_next(self) -> "JobQuerySet":
        """Enabled jobs that have a next time."""
        return self.filter(enabled=True, next_run_at__gt=0)  # 0 is "none" in this column

    def perhaps_owing(self, now: datetime) -> "JobQuerySet":
        """Those that may owe due times which no clock has come to: overdue, or pushed back by errors."""
        return self.with_next().filter(Q(next_run_at__lte=now) | Q(consecutive_errors__gt=0))

    def due(self, now: datetime) -> "JobQuerySet":
        """Jobs whose next time has come, longest overdue first."""
        return self.with_next().filter(next_run_at__lte=now).order_by("next_run_at")

    def next_due_at(self) -> datetime | None:
        """The earliest next time of all jobs. Every clock asks it every second."""
        row = _EARLIEST.first()
        return from_ms(row[0]) if row else None

    @transaction.atomic
    def put(
        self,
        id: str,
        name: str,
        schedule: dict[str, Any],
        kind: str,
        metadata: dict[str, Any],
        now: datetime,
        enabled: bool = True,
    ) -> "Job":
        """Write the job as its owner wants it now.

        A new or changed schedule starts anew: anchor now, no errors. With an unchanged one the anchor, the
        errors and the next time stay; a job that is off is switched on if `enabled` and if a time is left.
        `metadata` is the owner's; its key "missed" ("run_once" or "skip") is the policy for missed times.
        Raises ScheduleError when the schedule is illegal, or new and without a time after `now`.
        """
        validate(schedule)
        job = self.select_for_update().filter(pk=id).first() or Job(id=id, created_at=now, enabled=False)
        anew = job.schedule != schedule
        if anew or not enabled:
            changed = _("No clock had come to it before its schedule was changed.")
            job._miss_owed(changed if enabled else "", now)
        if anew:
            job.schedule, job.anchor_at, job.consecutive_errors = schedule, now, 0
        elif job.disabled_reason:
            metadata = {**metadata, _DISABLED_REASON: job.disabled_reason}
        job.name, job.kind, job.metadata, job.updated_at = name, kind, metadata, now
        if not enabled:
            job._switch_off("")
        elif anew or (not job.enabled and job.next_due_after(now)):
            job._switch_on(now)
        job.save()
        return job


_EARLIEST = Statement(lambda: Job.objects.with_next().order_by("next_run_at").values_list("next_run_at"))


class Job(models.Model):
    """A schedule and where it stands. What happens at a due time is up to the handler of its `kind`."""

    id = models.TextField(primary_key=True)
    name = models.TextField()
    schedule = models.JSONField(db_column="schedule_json")
    enabled = models.BooleanField(default=True, db_default=True)
    anchor_at = EpochMsField(db_column="anchor_ms")
    next_run_at = EpochMsField(db_column="next_run_at_ms", zero_is_none=True)
    last_run_at = EpochMsField(db_column="last_run_at_ms", null=True)
    running_at = EpochMsField(db_column="running_at_ms", null=True)
    consecutive_errors = models.IntegerField(default=0, db_default=0)
    status = models.TextField(choices=JobStatus, default=JobStatus.IDLE, db_default=JobStatus.IDLE)
    metadata = models.JSONField(db_column="metadata_json", null=True)
    created_at = EpochMsField()
    updated_at = EpochMsField()
    kind = models.TextField(default="app", db_default="app")

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "scheduler_jobs"
        verbose_name = gettext_lazy("job")
        verbose_name_plural = gettext_lazy("jobs")
        indexes = [models.Index(fields=["next_run_at"], name="idx_jobs_next_run")]

    def __str__(self) -> str:
        return self.name

    @property
    def words(self) -> str:
        """The schedule in words, or what is wrong with it."""
        try:
            return describe(self.schedule)
        except ScheduleError as error:
            return str(error)

    @property
    def skips_missed(self) -> bool:
        return self._facts.get("missed") == MissedPolicy.SKIP

    @property
    def _facts(self) -> dict[str, Any]:
        """Its metadata; nothing where a stranger wrote something else than an object there."""
        return self.metadata if isinstance(self.metadata, dict) else {}

    @property
    def disabled_reason(self) -> str:
        """Why it is off, in words; empty while it is on or when its owner just wants it off."""
        return str(self._facts.get(_DISABLED_REASON, ""))

    def next_due_after(self, moment: datetime) -> datetime | None:
        """The first regular due time strictly after `moment`. Raises ScheduleError."""
        due = next_due(self.schedule, anchor_ms=to_ms(self.anchor_at), after_ms=to_ms(moment))
        return None if due is None else from_ms(due)

    @property
    def began_at(self) -> datetime | None:
        """When its newest run began; None before the first."""
        return max((at for at in (self.running_at, self.last_run_at) if at), default=None)

    def is_ahead(self, now: datetime) -> bool:
        """Whether it ran while the server's clock was ahead: it waits for the times after those."""
        return self.began_at is not None and self.began_at > now + AHEAD

    @transaction.atomic
    def enable(self, now: datetime) -> bool:
        """Switch it on with its next time after `now` and no errors; False if it was on.

        Raises ScheduleError when no time is left.
        """
        self._lock()
        if self.enabled:
            return False
        self._switch_on(now)
        self._save_state(now)
        return True

    @transaction.atomic
    def restart(self, now: datetime) -> bool:
        """Begin anew after errors: on, none counted, at its regular time; False if no time is left."""
        self._lock()
        self._miss_owed(_("No clock had come to it before the job began anew."), now)
        try:
            self._switch_on(now)
        except ScheduleError:
            return False
        self._save_state(now)
        return True

    @transaction.atomic
    def disable(self, reason: str, now: datetime) -> bool:
        """Switch it off, with the reason in words; False if it was off."""
        self._lock()
        if not self.enabled:
            return False
        why = _("No clock had come to it before it was switched off: %(reason)s") % {"reason": reason}
        self._miss_owed(why if reason else "", now)
        self._switch_off(reason)
        self._save_state(now)
        return True

    @transaction.atomic
    def close_owed(self, verdict: Verdict, reason: str, words: str, now: datetime) -> bool:
        """Give the due times up to now that no clock has come to their verdict; False if there are none.

        For its owner, when from now on due times end differently: the clock would judge all it finds by what
        holds when it comes. The next time is then one after `now`; with none left the job goes off.
        """
        self._lock()
        owed = self._owed(now)
        if not owed:
            return False
        self._write(owed, verdict, reason, words)
        if self.next_run_at <= now:
            self.next_run_at = self.next_due_after(now)
            if self.next_run_at is None:
                self._switch_off("")
        self._save_state(now)
        return True

    @transaction.atomic
    def record_result(
        self,
        outcome: str,
        started_at: datetime,
        finished_at: datetime,
        error: str = "",
        slot_due: datetime | None = None,
    ) -> bool:
        """Take in how a run ended (BEHAVIOUR, Schedules); False if its slot has a result or is gone.

        The next time is never moved backwards, and moved at all only by an error: regular due times that the
        clock has not seen yet stay owed.
        """
        self._lock()
        outcome = Outcome(outcome)
        if slot_due and not self._finish_slot(outcome, started_at, finished_at, error, slot_due):
            return False
        self.last_run_at, self.running_at = started_at, None
        if self.status == JobStatus.RUNNING:
            self.status = JobStatus.IDLE
        self._settle(outcome == Outcome.ERROR, finished_at, error)
        self._save_state(finished_at)
        return True

    def withdraw_slot(self, due_at: datetime, words: str, now: datetime) -> bool:
        """Say of a due time whose run never started that it was skipped, and why; False if it has ended."""
        slot = self.slots.filter(due_at=due_at, finished_at__isnull=True).first()
        if slot is None:
            return False
        slot.verdict, slot.reason, slot.outcome = Verdict.SKIPPED, SkipReason.PAUSED, Outcome.SKIPPED
        slot.metadata, slot.finished_at = {**(slot.metadata or {}), "words": words}, now
        slot.save(update_fields=["verdict", "reason", "outcome", "metadata", "finished_at"])
        return True

    def _settle(self, failed: bool, finished_at: datetime, error: str) -> None:
        settled = settle(
            self.schedule,
            anchor_ms=to_ms(self.anchor_at),
            finished_ms=to_ms(finished_at),
            errors_before=self.consecutive_errors,
            failed=failed,
        )
        self.consecutive_errors = settled.consecutive_errors
        if settled.consecutive_errors >= MAX_ERRORS:
            facts = {"count": settled.consecutive_errors, "error": error}
            words = _("%(count)d errors in a row. The last one: %(error)s") % facts
            self._miss_owed(words, finished_at)
            if self.enabled:
                note_switch(self, False, SCHEDULER, finished_at, words)
            self._switch_off(words)
        elif settled.next_ms is None:
            self._miss_owed("", finished_at)
            self._switch_off("")
        elif self.enabled and (failed or self.next_run_at is None):
            candidate = from_ms(settled.next_ms)
            self.next_run_at = max(candidate, self.next_run_at or candidate)

    def _finish_slot(
        self, outcome: Outcome, started_at: datetime, finished_at: datetime, error: str, slot_due: datetime
    ) -> bool:
        duration_ms = max(to_ms(finished_at) - to_ms(started_at), 0)
        open_slot = self.slots.filter(due_at=slot_due, finished_at__isnull=True)
        return bool(
            open_slot.update(
                started_at=started_at,
                finished_at=finished_at,
                duration_ms=duration_ms,
                outcome=outcome,
                error=error or None,
            )
        )

    def _miss_owed(self, why: str, now: datetime) -> None:
        """Close what it owes before it goes off or another rule holds: nothing will run for these times."""
        owed = self._owed(now)
        if owed:
            held = Job.objects.filter(jobs_held(Held.PAUSED) | jobs_held(Held.BLOCKED), pk=self.pk).exists()
            verdict, reason = (Verdict.SKIPPED, SkipReason.PAUSED) if held else (Verdict.MISSED, "")
            self._write(
                owed, verdict, reason, why or _("No clock had come to it before it was switched off.")
            )

    def _write(self, owed: list[tuple[int, int]], verdict: Verdict, reason: str, words: str) -> None:
        line = partial(ledger.Line, self.pk, verdict=verdict, reason=reason, metadata={"words": words})
        ledger.write(line(due_ms=due_ms, merged_count=count) for due_ms, count in owed)

    def _owed(self, now: datetime) -> list[tuple[int, int]]:
        """The due times that came while it was on, and that no clock has seen, as rows and their counts."""
        since_ms = self._last_seen_ms()
        if since_ms is None or since_ms >= to_ms(now) or self.anchor_at is None:
            return []
        try:
            return owed_between(self.schedule, to_ms(self.anchor_at), after_ms=since_ms, until_ms=to_ms(now))
        except ScheduleError:
            return []

    def _last_seen_ms(self) -> int | None:
        """Regular due times after this moment are still to come to the clock; None while it is off."""
        if not self.enabled or self.next_run_at is None:
            return None
        newest = self.slots.newest_first().first() if self.consecutive_errors else None
        # An error pushed the next time back, past regular ones that are owed too (see `catchup.backlog`).
        return to_ms(newest.due_at) if newest else to_ms(self.next_run_at) - 1

    def _switch_on(self, now: datetime) -> None:
        next_run_at = self.next_due_after(now)
        if next_run_at is None:
            raise ScheduleError("The schedule has no time left that is still to come.")
        self.enabled, self.status, self.consecutive_errors = True, JobStatus.IDLE, 0
        self.next_run_at = next_run_at
        self.metadata = dict(self._facts)
        self.metadata.pop(_DISABLED_REASON, None)

    def _switch_off(self, reason: str) -> None:
        self.enabled, self.status = False, JobStatus.DISABLED
        self.next_run_at = self.running_at = None
        if reason:
            self.metadata = {**self._facts, _DISABLED_REASON: reason}

    def _lock(self) -> None:
        """Read the row anew and keep it until the transaction ends: the clock writes it too."""
        self.refresh_from_db(from_queryset=Job.objects.select_for_update())

    def _save_state(self, now: datetime) -> None:
        self.updated_at = now
        state = ("enabled", "status", "next_run_at", "last_run_at", "running_at", "consecutive_errors")
        self.save(update_fields=[*state, "metadata", "updated_at"])


class SlotQuerySet(models.QuerySet["Slot"]):
    def newest_first(self) -> "SlotQuerySet":
        return self.order_by("-due_at")

    def prune(self, keep: int = KEPT_SLOTS) -> int:
        """Delete all but the newest `keep` slots of each job; returns how many went.

        One statement per job that has too many, so that the clock and the workers get their turn in between.
        """
        crowded = self.values("job_id").annotate(held=Count("id")).filter(held__gt=keep).order_by("job_id")
        deleted = 0
        for row in list(crowded):
            slots = self.filter(job_id=row["job_id"])
            oldest_kept = slots.newest_first().values_list("due_at", flat=True)[keep - 1]
            deleted += slots.filter(due_at__lt=oldest_kept).delete()[0]
        return deleted


class Slot(models.Model):
    """One due time of a job: exactly one row with one verdict (BEHAVIOUR, Schedules: slot ledger)."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="slots", db_index=False)
    started_at = EpochMsField(null=True)
    finished_at = EpochMsField(null=True)
    duration_ms = models.BigIntegerField(null=True)
    outcome = models.TextField(choices=Outcome, null=True)  # noqa: DJ001 - the documented column is nullable
    error = models.TextField(null=True)  # noqa: DJ001 - the documented column is nullable
    metadata = models.JSONField(db_column="metadata_json", null=True)
    due_at = EpochMsField(db_column="due_at_ms")
    verdict = models.TextField(choices=Verdict)
    reason = models.TextField(choices=SkipReason, blank=True, default="", db_default="")
    # How many due times this row stands for: 1, or more in the row that sums up a very long stop
    merged_count = models.IntegerField(default=1, db_default=1)

    objects = SlotQuerySet.as_manager()

    class Meta:
        db_table = "scheduler_run_log"
        verbose_name = gettext_lazy("slot")
        verbose_name_plural = gettext_lazy("slots")
        constraints = [models.UniqueConstraint(fields=["job", "due_at"], name="uniq_run_log_job_due")]
        indexes = [models.Index(fields=["job", "-started_at"], name="idx_run_log_job_started")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.due_at:%Y-%m-%d %H:%M:%S} {self.verdict}"

    @property
    def words(self) -> str:
        """Why it ended so: the sentence of a skip or of an error, empty for the others."""
        return self.error or (self.metadata or {}).get("words", "")
