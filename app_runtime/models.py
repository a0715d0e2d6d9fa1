"""Runs: table `automation_runs` (halo-facts §2.3, DESIGN §3), and every other model of this package."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from app_manager.models import App, new_id
from app_runtime.entries import Entry, EntryQuerySet
from app_runtime.messages import RunMessage
from app_runtime.notifications.models import Notification
from app_runtime.server_health import ServerHealth
from app_runtime.statuses import (
    AUTOMATIC,
    FOLLOW_UPS,
    UNFINISHED,
    Delivery,
    Outcome,
    Status,
    Trigger,
)
from app_runtime.thread.models import ReadMark, Reply
from app_runtime.usage.models import Price, UsageDay
from halo_site.roles import standing_of
from halo_site.store.fields import EpochMsField, as_stored

__all__ = [
    "REHEARSAL",
    "Entry",
    "EntryQuerySet",
    "Notification",
    "Price",
    "ReadMark",
    "Reply",
    "Run",
    "RunMessage",
    "RunQuerySet",
    "ServerHealth",
    "UsageDay",
]

REHEARSAL = "rehearsal"


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: Any) -> "RunQuerySet":
        """Those of apps that this person may see."""
        if standing_of(user).sees_everything:
            return self
        return self.filter(app__in=App.objects.visible_to(user))

    def for_app(self, app: App) -> "RunQuerySet":
        return self.filter(app=app)

    def queued(self) -> "RunQuerySet":
        return self.filter(status=Status.QUEUED)

    def running(self) -> "RunQuerySet":
        return self.filter(status=Status.RUNNING)

    def unfinished(self) -> "RunQuerySet":
        return self.filter(status__in=UNFINISHED)

    def finished(self) -> "RunQuerySet":
        return self.exclude(status__in=UNFINISHED)

    def lost(self, now: datetime) -> "RunQuerySet":
        """Running, and the worker that holds it has let its lease expire."""
        return self.running().filter(lease_until__lt=now)

    def newest_first(self) -> "RunQuerySet":
        return self.order_by("-started_at", "-run_id")

    def next_to_start(self) -> "RunQuerySet":
        """Queued runs: answers' follow-ups first, then the oldest."""
        first = models.Case(models.When(trigger_type__in=FOLLOW_UPS, then=0), default=1)
        return self.queued().order_by(first, "queued_at", "run_id")


class Run(models.Model):
    """One run of an app. Execution (`status`), `outcome` and `delivery` are separate facts."""

    run_id = models.TextField(primary_key=True, default=new_id)
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="runs", db_index=False)
    session_key = models.TextField()
    status = models.TextField(choices=Status, default=Status.QUEUED, db_default=Status.RUNNING)
    trigger_type = models.TextField(choices=Trigger)
    trigger_data = models.JSONField(db_column="trigger_data_json", null=True, blank=True)
    # Documented as NOT NULL: until a worker takes the run, this is the moment when it was queued.
    started_at = EpochMsField()
    finished_at = EpochMsField(null=True, blank=True)
    duration_ms = models.BigIntegerField(null=True, blank=True)
    tokens_used = models.BigIntegerField(null=True, blank=True, help_text=_("null: unknown"))
    error_message = models.TextField(null=True, blank=True)  # noqa: DJ001 - documented
    session_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - documented

    queued_at = EpochMsField()
    outcome = models.TextField(choices=Outcome, null=True, blank=True)  # noqa: DJ001 - null: not known yet
    delivery = models.TextField(choices=Delivery, default=Delivery.NONE, db_default=Delivery.NONE)
    engine = models.TextField(default="", db_default="")
    model = models.TextField(default="", db_default="")
    parent_run = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    cost_microusd = models.BigIntegerField(
        null=True, blank=True, help_text=_("millionths of a US dollar; null: unknown")
    )
    step_count = models.IntegerField(default=0, db_default=0, help_text=_("steps that have started"))
    worker = models.TextField(default="", db_default="")
    lease_until = EpochMsField(null=True, blank=True)
    heartbeat_at = EpochMsField(null=True, blank=True)
    task_id = models.TextField(default="", db_default="")
    tokens_in = models.BigIntegerField(null=True, blank=True, help_text=_("null: unknown"))
    tokens_out = models.BigIntegerField(null=True, blank=True, help_text=_("null: unknown"))
    tokens_cached = models.BigIntegerField(
        null=True, blank=True, help_text=_("of the tokens in, those read from a cache; null: unknown")
    )
    waiting_ms = models.BigIntegerField(
        default=0, db_default=0, help_text=_("time spent waiting for the model's provider")
    )
    spec_version = models.TextField(default="", db_default="", help_text=_("of the spec that it ran"))
    requeues = models.IntegerField(
        default=0, db_default=0, help_text=_("how often its worker was lost before its first step")
    )
    turns_unknown = models.IntegerField(
        default=0, db_default=0, help_text=_("model turns whose size is not in the tokens: nobody knows it")
    )
    turns_unpriced = models.IntegerField(
        default=0, db_default=0, help_text=_("model turns whose price is not in the cost: nobody knows it")
    )
    cancel_requested_at = EpochMsField(null=True, blank=True)
    cancelled_by = models.TextField(default="", db_default="")

    objects = RunQuerySet.as_manager()

    class Meta:
        db_table = "automation_runs"
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.UniqueConstraint(
                fields=["app"], condition=Q(status=Status.RUNNING), name="uniq_running_run"
            ),
            models.UniqueConstraint(
                fields=["app"],
                condition=Q(status=Status.QUEUED, trigger_type__in=AUTOMATIC),
                name="uniq_queued_automatic_run",
            ),
        ]
        indexes = [
            models.Index(fields=["app", "-started_at", "-run_id"], name="idx_runs_app"),
            models.Index(fields=["status", "-started_at", "-run_id"], name="idx_runs_status"),
            # without it, one app's running or failed runs are sought among all of its own, or of everybody
            models.Index(fields=["app", "status", "-started_at", "-run_id"], name="idx_runs_app_status"),
            models.Index(fields=["-started_at", "-run_id"], name="idx_runs_started"),
        ]

    def __str__(self) -> str:
        return self.short_id

    @property
    def short_id(self) -> str:
        return self.run_id[:8]

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED

    @property
    def is_rehearsal(self) -> bool:
        return self.engine == REHEARSAL

    @property
    def is_cancelling(self) -> bool:
        """Whether somebody has asked to stop it and its worker has not confirmed that yet."""
        return self.status == Status.RUNNING and self.cancel_requested_at is not None

    @property
    def is_waiting_for_app(self) -> bool:
        """Whether it is queued behind another run of its app that is going on."""
        return self.status == Status.QUEUED and Run.objects.for_app(self.app).running().exists()

    @property
    def due_at_ms(self) -> int | None:
        """The slot that started it, for a scheduled run."""
        return (self.trigger_data or {}).get("dueAtMs")

    def claim(self, worker: str, engine: str, now: datetime, lease: timedelta) -> bool:
        """Take this queued run for ``worker``; False where somebody was faster or its app has one running."""
        held = {"status": Status.RUNNING, "worker": worker, "engine": engine, "started_at": as_stored(now)}
        held |= {"heartbeat_at": as_stored(now), "lease_until": as_stored(now + lease)}
        held["spec_version"] = str(self.app.spec.get("version", ""))
        try:
            with transaction.atomic():
                taken = Run.objects.queued().filter(pk=self.pk).update(**held)
        except IntegrityError:  # the unique index: another run of this app is running
            return False
        if taken:
            self.assume(held)
        return bool(taken)

    def name_engine(self, engine: str) -> None:
        """Have the row say which engine it is, where the claim could not know."""
        if engine != self.engine and self.held().update(engine=engine):
            self.engine = engine

    def renew_lease(self, now: datetime, lease: timedelta) -> bool:
        """Say that the worker lives; False when the run is no longer its to work on."""
        return bool(self.held().update(heartbeat_at=now, lease_until=now + lease))

    def start_step(self, now: datetime, lease: timedelta) -> bool:
        """Count the next step before it starts; False when the run is not this worker's, or is cancelled."""
        renewed = (
            self.held()
            .filter(cancel_requested_at__isnull=True)
            .update(step_count=models.F("step_count") + 1, heartbeat_at=now, lease_until=now + lease)
        )
        self.step_count += renewed
        return bool(renewed)

    def keep(self) -> bool:
        """Hold the run's row until the transaction ends; False when it is no longer this worker's.

        What is written after it in the same transaction cannot belong to a run that somebody else has ended.
        """
        return self.held().select_for_update(no_key=True).exists()

    def requeue(self, now: datetime, held: RunQuerySet | None = None) -> bool:
        """Give back a run of which no step has started; False where that cannot be.

        ``held`` says who may: this worker by default. A worker that was lost is counted.
        """
        among = self.held() if held is None else held
        back: dict[str, Any] = {"status": Status.QUEUED, "worker": "", "engine": "", "started_at": now}
        if held is not None:
            back["requeues"] = models.F("requeues") + 1
        try:
            with transaction.atomic():
                untouched = among.filter(step_count=0)
                is_back = bool(untouched.update(**back, lease_until=None, heartbeat_at=None))
                if is_back:  # what it was told arrives anew, with the conversation
                    self.messages.update(delivered_at=None, delivered_step=None)
                return is_back
        except IntegrityError:  # the unique index: another automatic run of this app is queued
            return False

    def assume(self, values: dict[str, Any]) -> None:
        """Have this object say what was just written to its row, without reading that again."""
        for name, value in values.items():
            setattr(self, name, value)

    def held(self) -> RunQuerySet:
        """This run as long as it is running and this worker's, else nothing."""
        return Run.objects.running().filter(pk=self.pk, worker=self.worker)
