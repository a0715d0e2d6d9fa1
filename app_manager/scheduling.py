"""What a person decides of when an app runs: its schedules, and single runs at a time of their own."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from django.utils.translation import gettext as _

from app_manager.decisions import store
from app_manager.exceptions import ScheduleMoved, ScheduleRefused, SingleMade, StatusRefused
from app_manager.jobs import (
    KIND,
    ONCE,
    follow_one,
    job_id,
    once_jobs_of,
    own_schedules,
    put_job,
    scheduled,
    schedules_of,
)
from app_manager.lifecycle import locked
from app_manager.policies import OverlapPolicy, policies_of, with_policies
from app_manager.states import Status
from halo_site import audit
from halo_site.store.fields import to_ms
from scheduler.models import Job
from scheduler.recurrence import ScheduleError, validate
from scheduler.switching import note_switch

if TYPE_CHECKING:
    from app_manager.models import App

MOST_TO_COME = 100  # single runs of one app that wait for their time
KEPT_DONE = 50  # of those that are over, with their ledger
PARTS = ("schedule", "missed", "overlap")
FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What a schedule is made of (halo-facts §5); whatever else was sent is not stored
_SCHEDULE_KEYS = {"every": ("every",), "cron": ("cron", "timezone"), "once": ("once",)}


@dataclass(frozen=True)
class Plan:
    """When a subscription comes due, and what happens to times that are missed or come during a run."""

    schedule: Mapping[str, Any]
    missed: str
    overlap: str


@dataclass(frozen=True)
class Single:
    """A run that a person asks for, once. ``zone`` is where its time was read; ``text`` is its task."""

    at: datetime
    zone: str
    text: str = ""
    overlap: str = OverlapPolicy.QUEUE_ONE.value


class Scheduling:
    """A part of `App`. Each verb is atomic and leaves an audit line; False: nothing was to change."""

    def override_schedule(
        self, key: str, schedule: Mapping[str, Any] | None, *, actor: audit.Actor, now: datetime
    ) -> bool:
        """Have a subscription come due by another schedule than the spec's; None: by the spec's again.

        Its job follows in the same transaction: on, unless the app is uninstalled or somebody switched it
        off. Raises `ScheduleRefused`.
        """
        return self._decide(key, lambda app: _with_schedule(app, key, schedule), actor, now)

    def change_schedule(
        self, key: str, plan: Plan, *, actor: audit.Actor, now: datetime, base: str | None = None
    ) -> bool:
        """Store all that a person can say of a subscription's schedule; what is like the spec's is none.

        ``base`` is the digest (`schedule_digest`) of what the person saw: `ScheduleMoved` if that is not in
        force any more. Raises `ScheduleRefused`.
        """
        policies = {"missed": plan.missed, "overlap": plan.overlap}

        def changed(app: "App") -> dict[str, Any]:
            app.user_overrides = _with_schedule(app, key, plan.schedule)
            return with_policies(app, key, policies)

        return self._decide(key, changed, actor, now, base)

    def reset_schedule(self, key: str, *, actor: audit.Actor, now: datetime, part: str = "") -> bool:
        """Give one part (of `PARTS`) of a subscription's schedule back to the spec, without one all of it."""
        policies = {name: None for name in PARTS[1:] if part in ("", name)}

        def reset(app: "App") -> dict[str, Any]:
            if part in ("", "schedule"):
                app.user_overrides = _with_schedule(app, key, None)
            return with_policies(app, key, policies)

        return self._decide(key, reset, actor, now)

    def switch_schedule(self, key: str, on: bool, *, actor: audit.Actor, now: datetime) -> bool:
        """Switch one schedule on or off by hand. Switched on it begins anew, without errors.

        One whose job is gone gets another. Raises `ScheduleRefused` where no time is left, and
        `StatusRefused` for one of an uninstalled app.
        """
        app = cast("App", self)
        with transaction.atomic():
            stored = locked(app)
            if key not in scheduled(stored):
                raise _unknown(key, scheduled(stored))
            if on and stored.status == Status.UNINSTALLED:
                raise StatusRefused(stored, Status.ACTIVE)
            job = Job.objects.filter(pk=job_id(app, key)).first()
            if job is None:
                if on:
                    note_switch(put_job(stored, key, now), on, actor, now)
                return on
            return switch_job(job, on, actor, now)

    def run_once_at(self, form: str, single: Single, *, actor: audit.Actor, now: datetime) -> Job:
        """Have it run once at a time to come, admitted then as any other; ``form`` is a UUID.

        The same form with the same wishes again gives back what it made; with others it raises
        `SingleMade`, and so it does for one that was cancelled. Raises `ScheduleRefused` too, and
        `StatusRefused` for an uninstalled app.
        """
        app = cast("App", self)
        if not FORM.fullmatch(form):
            raise ScheduleRefused(_("This form is not one of ours. Load the page again, then send."))
        with transaction.atomic():
            stored = locked(app)
            made = Job.objects.filter(pk=job_id(app, f"{ONCE}{form}")).first()
            if made is not None:
                _refuse_other(made, single)
                return made
            _refuse_single(stored, single, now)
            job = _put_single(stored, form, single, actor, now)
            _forget_oldest(stored)
            facts = {"at": single.at.isoformat(), "zone": single.zone, "overlap": single.overlap}
            audit.record(
                actor, "run_once_at", object_type="app", object_id=app.pk, now=now, summary=form, after=facts
            )
        return job

    def cancel_single(self, job_pk: str, *, actor: audit.Actor, now: datetime) -> bool:
        """Have a single run not take place. Raises `ScheduleRefused` where it has begun or is over."""
        app = cast("App", self)
        with transaction.atomic():
            locked(app)
            job = once_jobs_of(app).filter(pk=job_pk).first()
            if job is None:
                raise ScheduleRefused(_("There is no such run to come."))
            if job.slots.exists():
                raise ScheduleRefused(_("Its time has come already, so there is nothing left to cancel."))
            if not job.disable(_("cancelled by %(who)s") % {"who": actor.words}, now):
                return False
            audit.record(
                actor, "cancel_single", object_type="app", object_id=app.pk, now=now,
                summary=job_pk.partition(ONCE)[2], before={"at_ms": job.schedule["once"]},
            )  # fmt: skip
        return True

    def _decide(
        self,
        key: str,
        change: Callable[["App"], dict[str, Any]],
        actor: audit.Actor,
        now: datetime,
        base: str | None = None,
    ) -> bool:
        """Store the overrides that ``change`` makes of the app as it is now, and have the job follow."""
        app = cast("App", self)
        with transaction.atomic():
            stored = locked(app)
            before, was = facts_of(stored, key), stored.user_overrides
            overrides = change(stored)
            if overrides == was:
                return False
            if base is not None and base != _digest(before):
                raise ScheduleMoved
            store(app, user_overrides=overrides)
            stored.user_overrides = overrides
            after = facts_of(stored, key)
            if after:
                _follow(stored, key, before, actor, now)
            differing = [name for name in PARTS if before.get(name) != after.get(name)]
            audit.record(
                actor, "override_schedule", object_type="app", object_id=app.pk, now=now, summary=key,
                before={name: before.get(name) for name in differing},
                after={name: after.get(name) for name in differing},
            )  # fmt: skip
        return True


def facts_of(app: "App", key: str) -> dict[str, Any]:
    """What is in force for a subscription that a schedule starts, by `PARTS`; empty for any other."""
    subscription = next((each for each in app.parsed_spec.subscriptions if each.id == key), None)
    schedule = scheduled(app).get(key)
    if subscription is None or schedule is None:
        return {}
    own = policies_of(subscription, app.user_overrides)
    return {"schedule": schedule, "missed": own.missed.value, "overlap": own.overlap.value}


def schedule_digest(app: "App", key: str) -> str:
    """Names what is in force, so that nobody replaces another schedule than they saw."""
    return _digest(facts_of(app, key))


def _digest(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def switch_job(job: Job, on: bool, actor: audit.Actor, now: datetime) -> bool:
    """Switch it by hand, with an audit line; the reason tells it from one that errors switched off.

    Raises `ScheduleRefused` where no time is left.
    """
    with transaction.atomic():
        try:
            done = job.enable(now) if on else job.disable(f"switched off by {actor.words}", now)
        except ScheduleError as error:
            raise ScheduleRefused(str(error)) from error
        if done:
            note_switch(job, on, actor, now)
    return done


def is_single(job: Job) -> bool:
    """Whether the job is a single run that a person asked for."""
    return isinstance(job.metadata, dict) and isinstance(job.metadata.get("once"), dict)


def _follow(app: "App", key: str, before: Mapping[str, Any], actor: audit.Actor, now: datetime) -> None:
    if app.status == Status.UNINSTALLED:
        put_job(app, key, now, enabled=False)
        return
    there = Job.objects.filter(pk=job_id(app, key)).first()
    follow_one(app, key, there, before.get("schedule"), actor, now)


def _refuse_single(app: "App", single: Single, now: datetime) -> None:
    if app.status == Status.UNINSTALLED:
        raise StatusRefused(app, Status.ACTIVE)
    if app.parsed_spec.type != "automation":
        words = _("%(name)s is of the type %(kind)s, which other apps use; it has no runs.")
        raise ScheduleRefused(words % {"name": app.name, "kind": app.parsed_spec.type})
    if single.at <= now:
        raise ScheduleRefused(_("This time has passed already. Choose one that is still to come."))
    if once_jobs_of(app).filter(enabled=True).count() >= MOST_TO_COME:
        words = _("%(count)d single runs of this app wait for their time already. Cancel one first.")
        raise ScheduleRefused(words % {"count": MOST_TO_COME})


def _refuse_other(made: Job, single: Single) -> None:
    """Raise where a form made another run than it asks for now, or one that was cancelled."""
    facts = made.metadata if isinstance(made.metadata, dict) else {}
    told = facts["once"] if is_single(made) else {}
    is_same = (
        made.schedule == {"kind": "once", "once": to_ms(single.at)}
        and (told.get("zone"), told.get("text")) == (single.zone, _masked(single.text))
        and facts.get("overlap") == single.overlap
    )
    if not made.enabled and made.disabled_reason:
        words = _("This form was sent before, and its run was %(reason)s. Nothing was stored now.")
        raise SingleMade(words % {"reason": made.disabled_reason.rstrip(".")})
    if not is_same:
        raise SingleMade(
            _(
                "This form was sent before with another time or task, and that is what is stored; nothing "
                "was changed. Send again to have both, or cancel the other one in the list first."
            )
        )


def _masked(text: str) -> str:
    return audit.masker_of_secrets().text(text)


def _put_single(app: "App", form: str, single: Single, actor: audit.Actor, now: datetime) -> Job:
    told = {"by": str(actor), "zone": single.zone, "text": _masked(single.text)}
    try:
        return Job.objects.put(
            id=job_id(app, f"{ONCE}{form}"),
            name=f"{app.parsed_spec.name} - once",
            schedule={"kind": "once", "once": to_ms(single.at)},
            kind=KIND,
            metadata={"appId": app.pk, "overlap": single.overlap, "once": told},
            now=now,
        )
    except ScheduleError as error:
        raise ScheduleRefused(str(error)) from error


def _forget_oldest(app: "App") -> None:
    """Of the single runs that are over, the newest are kept."""
    over = once_jobs_of(app).filter(enabled=False).order_by("-created_at", "-pk")
    once_jobs_of(app).filter(pk__in=list(over.values_list("pk", flat=True)[KEPT_DONE:])).delete()


def _with_schedule(app: "App", key: str, schedule: Mapping[str, Any] | None) -> dict[str, Any]:
    """The app's overrides with this one set or taken out; a schedule like the spec's is none."""
    written = schedules_of(app.parsed_spec, {})
    own = own_schedules(app.user_overrides)
    own.pop(key, None)
    if schedule is not None:
        if key not in written:
            raise _unknown(key, written)
        wanted = _plain(schedule)
        if wanted != written[key]:
            own[key] = wanted
    rest = {name: value for name, value in app.user_overrides.items() if name != "subscriptions"}
    return {**rest, "subscriptions": own} if own else rest


def _unknown(key: str, known: Iterable[str]) -> ScheduleRefused:
    sentence = _("No schedule of this app is called “%(key)s”. Its schedules: %(known)s.")
    return ScheduleRefused(sentence % {"key": key, "known": ", ".join(known) or _("none")})


def _plain(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """A legal schedule with its own keys only. Raises `ScheduleRefused`."""
    try:
        validate(schedule)
    except ScheduleError as error:
        raise ScheduleRefused(str(error)) from error
    kind = str(schedule["kind"])
    return {"kind": kind, **{key: schedule[key] for key in _SCHEDULE_KEYS[kind] if key in schedule}}
