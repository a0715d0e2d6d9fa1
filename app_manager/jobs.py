"""The clock's jobs of an app: one for each subscription that a schedule starts (halo-facts §5)."""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy

from app_manager.exceptions import ScheduleRefused
from app_manager.policies import policies_of
from app_manager.spec import AppSpec, schedule_of
from app_manager.spec.parts import Subscription
from app_manager.states import RUNS_BY_ITSELF, Status
from halo_site.audit import Actor
from scheduler.models import Job, JobQuerySet
from scheduler.recurrence import ScheduleError, validate
from scheduler.standing import GONE
from scheduler.statuses import SkipReason, Verdict
from scheduler.switching import note_switch

if TYPE_CHECKING:
    from app_manager.models import App

KIND = "app"
ONCE = "once:"  # what stands before the id of a single run that a person asked for


def job_id(app: "App", subscription_id: str) -> str:
    return f"{app.pk}:{subscription_id}"


def jobs_of(app: "App") -> JobQuerySet:
    """The jobs of the app's present spec, switched off ones included, and its one-time runs to come."""
    of_spec = Q(pk__in=[job_id(app, key) for key in scheduled(app)])
    return Job.objects.filter(of_spec | _to_come(app.pk))


def once_jobs_of(app: "App") -> JobQuerySet:
    """The jobs of single runs that people asked for, at a time of their own."""
    return Job.objects.filter(_begins_with(f"{app.pk}:{ONCE}"))


def all_jobs_of(app: "App") -> JobQuerySet:
    """Every job that the app ever had, those of subscriptions that are gone included."""
    return Job.objects.filter(pk__startswith=f"{app.pk}:")


def jobs_of_each(apps: "list[App]") -> dict[str, list[Job]]:
    """App id → its jobs, in one query for all of them."""
    of_specs = Q(pk__in=[job_id(app, key) for app in apps for key in scheduled(app)])
    wanted: Q = reduce(or_, (_to_come(app.pk) for app in apps), of_specs)
    found: dict[str, list[Job]] = {app.pk: [] for app in apps}
    for job in Job.objects.filter(wanted).order_by("pk"):
        found[job.pk.partition(":")[0]].append(job)
    return found


def _to_come(app_id: str) -> Q:
    return _begins_with(f"{app_id}:{ONCE}") & Q(enabled=True)


def _begins_with(prefix: str) -> Q:
    """Jobs whose id begins so. SQLite finds them by its index only if told between which two they lie."""
    wanted = Q(pk__startswith=prefix)
    if connection.vendor == "sqlite":
        wanted &= Q(pk__gte=prefix, pk__lt=prefix[:-1] + chr(ord(prefix[-1]) + 1))
    return wanted


def scheduled(app: "App") -> dict[str, dict[str, Any]]:
    """Subscription id → effective schedule, in the order of the spec."""
    return schedules_of(app.parsed_spec, app.user_overrides)


def schedules_of(spec: AppSpec, overrides: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Subscription id → what a person set, over what the spec says. Only automations run by themselves."""
    subscriptions = spec.subscriptions if spec.type == "automation" else []
    effective = {each.id: effective_schedule(each, overrides) for each in subscriptions}
    return {key: schedule for key, schedule in effective.items() if schedule is not None}


def effective_schedule(subscription: Subscription, overrides: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a person set, over what the spec says; None for a subscription that no schedule starts."""
    written = schedule_of(subscription)
    return written and own_schedules(overrides).get(subscription.id, written)


def own_schedules(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Subscription id → the schedule that a person set; none where something else stands in the column."""
    own = overrides.get("subscriptions")
    return dict(own) if isinstance(own, Mapping) else {}


def is_usable(schedule: Any) -> bool:
    """Whether a stored schedule is one: something else than ours may have written it."""
    try:
        validate(schedule)
    except ScheduleError:
        return False
    return True


def put_jobs(app: "App", now: datetime) -> list[Job]:
    """Write the jobs that the app's spec and overrides ask for, switched on.

    Raises `ScheduleRefused` for a schedule that can never come due. Call it in the transaction that changes
    the app. Single runs that are still to come are back too, unless somebody cancelled them.
    """
    for job in once_jobs_of(app).filter(enabled=False):
        if not job.disabled_reason:
            job.restart(now)
    return [put_job(app, key, now) for key in scheduled(app)]


def put_job(app: "App", subscription_id: str, now: datetime, *, enabled: bool = True) -> Job:
    """Write the job of one scheduled subscription. Raises `ScheduleRefused`."""
    spec = app.parsed_spec
    policies = {each.id: policies_of(each, app.user_overrides) for each in spec.subscriptions}
    own = policies[subscription_id]
    metadata = {"appId": app.pk, "subscriptionId": subscription_id}
    metadata |= {"missed": own.missed.value, "overlap": own.overlap.value}
    try:
        return Job.objects.put(
            id=job_id(app, subscription_id),
            name=f"{spec.name} - {subscription_id}",
            schedule=scheduled(app)[subscription_id],
            kind=KIND,
            metadata=metadata,
            now=now,
            enabled=enabled,
        )
    except ScheduleError as error:
        raise ScheduleRefused(str(error)) from error


def follow_spec(app: "App", before: Mapping[str, dict[str, Any]], actor: Actor, now: datetime) -> None:
    """Bring the jobs in line with a spec that has just changed; ``before`` were the schedules until now.

    Those of subscriptions that are gone are switched off and keep their ledger. What somebody switched off
    stays off, and so does what errors switched off as long as its schedule stays: an update is no resume.
    Raises `ScheduleRefused`.
    """
    after = scheduled(app)
    gone = [job_id(app, key) for key in before if key not in after]
    for job in Job.objects.filter(pk__in=gone):
        if job.disable(GONE, now):
            note_switch(job, False, actor, now, GONE)
    found = jobs_of(app).in_bulk()
    for key in after:
        follow_one(app, key, found.get(job_id(app, key)), before.get(key), actor, now)


def follow_one(
    app: "App",
    key: str,
    there: Job | None,
    before: Mapping[str, Any] | None,
    actor: Actor,
    now: datetime,
) -> Job:
    """Bring one job in line with its app, as `follow_spec` does; ``before`` was its schedule until now."""
    if there is None or there.enabled:
        return put_job(app, key, now)
    if before == scheduled(app)[key]:
        return put_job(app, key, now, enabled=False)
    return _begin_anew(app, key, there, actor, now)


def _begin_anew(app: "App", key: str, off: Job, actor: Actor, now: datetime) -> Job:
    """Give a job that is off a new schedule: on, unless somebody switched it off."""
    failed = off.consecutive_errors > 0 or not is_usable(off.schedule)
    by_hand = off.disabled_reason not in ("", GONE) and not failed
    job = put_job(app, key, now)
    if by_hand:
        job.disable(off.disabled_reason, now)
    else:
        note_switch(job, True, actor, now)
    return job


def restart_jobs(app: "App", actor: Actor, now: datetime) -> None:
    """Have the jobs that errors, or a clock that was ahead, hold back begin anew; others keep their times.

    One that a stranger deleted is made again. Raises `ScheduleRefused`.
    """
    found = jobs_of(app).in_bulk()
    for key in scheduled(app):
        job = found.get(job_id(app, key))
        if job is None:
            put_job(app, key, now)
        elif job.consecutive_errors or job.is_ahead(now):
            was_off = not job.enabled
            if job.restart(now) and was_off:
                note_switch(job, True, actor, now)


def close_owed_times(app: "App", before: str, now: datetime) -> None:
    """Judge the due times that no clock has come to by ``before``, the status that the app leaves now.

    The clock would judge them by the status that it finds when it comes.
    """
    ran = before in RUNS_BY_ITSELF
    if ran and app.status in RUNS_BY_ITSELF:
        return
    verdict, reason = (Verdict.MISSED, "") if ran else (Verdict.SKIPPED, SkipReason.PAUSED)
    words = str(_BEFORE[Status(app.status)] if ran else _DURING.get(before, _NOT_TOLD))
    for job in Job.objects.filter(_begins_with(f"{app.pk}:")).perhaps_owing(now).order_by("pk"):
        job.close_owed(verdict, reason, words, now)


_BEFORE = {
    Status.PAUSED: gettext_lazy("No clock had come to it before the app was paused."),
    Status.ERROR: gettext_lazy("No clock had come to it before the app was stopped after errors."),
    Status.NEEDS_LOGIN: gettext_lazy("No clock had come to it before the app needed a login."),
    Status.UNINSTALLED: gettext_lazy("No clock had come to it before the app was uninstalled."),
}
_DURING: dict[str, Any] = {
    Status.ERROR: gettext_lazy("it was stopped after errors"),
    Status.NEEDS_LOGIN: gettext_lazy("it needed a login"),
}
_NOT_TOLD = gettext_lazy("no clock came to it meanwhile")


def switch_off_jobs(app: "App", now: datetime) -> None:
    """Have the clock leave the app alone. The jobs keep their rows and their ledger."""
    for job in jobs_of(app):
        job.disable("", now)
