"""The clock's jobs of an app: one for each subscription that a schedule starts (halo-facts §5)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from app_manager.spec import schedule_of
from app_manager.spec.parts import Subscription
from scheduler.models import Job, JobQuerySet

if TYPE_CHECKING:
    from app_manager.models import App

KIND = "app"


def job_id(app: "App", subscription_id: str) -> str:
    return f"{app.pk}:{subscription_id}"


def jobs_of(app: "App") -> JobQuerySet:
    """The jobs of the app's present spec, switched off ones included."""
    return Job.objects.filter(pk__in=[job_id(app, key) for key in scheduled(app)])


def jobs_of_each(apps: "list[App]") -> dict[str, list[Job]]:
    """App id → its jobs, in one query for all of them."""
    owners = {job_id(app, key): app.pk for app in apps for key in scheduled(app)}
    found: dict[str, list[Job]] = {app.pk: [] for app in apps}
    for job in Job.objects.filter(pk__in=owners).order_by("pk"):
        found[owners[job.pk]].append(job)
    return found


def scheduled(app: "App") -> dict[str, dict[str, Any]]:
    """Subscription id → effective schedule, in the order of the spec. Only automations run by themselves."""
    spec = app.parsed_spec
    subscriptions = spec.subscriptions if spec.type == "automation" else []
    schedules = {subscription.id: effective_schedule(app, subscription) for subscription in subscriptions}
    return {key: schedule for key, schedule in schedules.items() if schedule}


def effective_schedule(app: "App", subscription: Subscription) -> dict[str, Any] | None:
    """What a person set, over what the spec says; None for a subscription that no schedule starts."""
    written = schedule_of(subscription)
    overrides = app.user_overrides.get("subscriptions") or {}
    return written and overrides.get(subscription.id, written)


def put_jobs(app: "App", now: datetime) -> list[Job]:
    """Write the jobs that the app's spec and overrides ask for, switched on.

    Raises `ScheduleError` for a schedule that can never come due. Call it in the transaction that changes the
    app.
    """
    spec = app.parsed_spec
    policies = {subscription.id: subscription.missed for subscription in spec.subscriptions}
    return [
        Job.objects.put(
            id=job_id(app, key),
            name=f"{spec.name} - {key}",
            schedule=schedule,
            kind=KIND,
            metadata={"appId": app.pk, "subscriptionId": key, "missed": policies[key]},
            now=now,
        )
        for key, schedule in scheduled(app).items()
    ]


def switch_off_jobs(app: "App", now: datetime) -> None:
    """Have the clock leave the app alone. The jobs keep their rows and their ledger."""
    for job in jobs_of(app):
        job.disable("", now)
