"""One verb for several runs: whom it will not reach, and what became of each.

A batch has an id from its preview on. One line in the audit log says what it did, so that the same batch
sent twice is answered out of that line.
"""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from app_runtime.admission import refusal_of_state
from app_runtime.continuing import run_again
from app_runtime.exceptions import AlreadyRunning, RuntimeRefusal
from app_runtime.models import Run
from app_runtime.statuses import Status
from app_runtime.stopping import request_cancel
from halo_site import audit
from halo_site.audit import Actor
from halo_site.models import AuditEntry
from halo_site.roles import Role, Standing

MOST_RUNS = 500
CANCEL, AGAIN = "cancel", "again"
KIND = "batch"


class BatchRefused(RuntimeRefusal):
    """One run that a batch does not reach, in a sentence."""


def objections(verb: str, runs: Iterable[Run], standing: Standing) -> dict[str, str]:
    """Run id → why ``verb`` of somebody of that standing will not reach that one of the runs now."""
    listed = list(runs)
    barred = {run.pk: _barred() for run in listed if not _may_act(run, standing)}
    rest = [run for run in listed if run.pk not in barred]
    return barred | (_not_cancelled(rest) if verb == CANCEL else _not_repeated(rest))


def carry_out(
    verb: str, batch: str, run_ids: list[str], actor: Actor, now: datetime, standing: Standing | None = None
) -> None:
    """Do it with each run that still can be reached, and record what became of all of them.

    ``standing`` is that of the person who asks; None is the machine's owner.
    """
    if done_batch(batch) is not None:
        return
    runs = {run.pk: run for run in Run.objects.filter(pk__in=run_ids).select_related("app")}
    done: dict[str, str] = {}
    refused: dict[str, str] = {}
    act = _cancel if verb == CANCEL else _again
    for run_id in run_ids:
        run = runs.get(run_id)
        try:
            if run is None:
                raise BatchRefused(_("It is gone."))
            if standing is not None and not _may_act(run, standing):
                raise BatchRefused(_barred())
            done[run_id] = act(run, actor, now, batch)
        except RuntimeRefusal as error:
            refused[run_id] = str(error)
    audit.record(
        actor,
        f"runs.{verb}",
        object_type=KIND,
        object_id=batch,
        now=now,
        summary=_("%(done)d done, %(refused)d refused") % {"done": len(done), "refused": len(refused)},
        after={"done": done, "refused": refused},
    )


def done_batch(batch: str) -> AuditEntry | None:
    """What is recorded of a batch; None for one that was not carried out."""
    return AuditEntry.objects.filter(object_type=KIND, object_id=batch).order_by("pk").first()


def _may_act(run: Run, standing: Standing) -> bool:
    return standing.may(Role.OPERATOR, run.app.space_id)


def _barred() -> str:
    return _("Your role in its space does not let you do this.")


def _cancel(run: Run, actor: Actor, now: datetime, batch: str) -> str:
    if request_cancel(run, actor, now):
        return run.pk
    run.refresh_from_db()
    # the same batch a moment ago, by a double click
    if run.cancelled_by == actor.words and run.cancel_requested_at is not None:
        return run.pk
    raise BatchRefused(_ended(run))


def _again(run: Run, actor: Actor, now: datetime, batch: str) -> str:
    return run_again(run, actor, now, batch).pk


def _not_cancelled(runs: list[Run]) -> dict[str, str]:
    found = {run.pk: _ended(run) for run in runs if not run.is_unfinished}
    stopping = _("It is being cancelled already: %(who)s asked for it.")
    found |= {run.pk: stopping % {"who": run.cancelled_by} for run in runs if run.is_cancelling}
    return found


def _ended(run: Run) -> str:
    if run.status == Status.WAITING_USER:
        return _("It has ended with a question, which waits for an answer.")
    return _("It has ended already: %(status)s.") % {"status": run.get_status_display().lower()}


def _not_repeated(runs: list[Run]) -> dict[str, str]:
    """Of the runs of one app only the first can be run again: there is one at a time."""
    live = Run.objects.unfinished().filter(app_id__in={run.app_id for run in runs}).select_related("app")
    busy = {run.app_id: str(AlreadyRunning(run)) for run in live}
    found: dict[str, str] = {}
    taken: dict[str, Run] = {}
    for run in runs:
        refusal = refusal_of_state(run.app, automatic=False)
        if run.is_unfinished:
            found[run.pk] = _("It has not ended.")
        elif refusal is not None:
            found[run.pk] = _("%(name)s cannot run: %(why)s.") % {
                "name": run.app.name,
                "why": refusal.sentence,
            }
        elif run.app_id in busy:
            found[run.pk] = busy[run.app_id]
        elif run.app_id in taken:
            words = _("An app has one run at a time; run %(id)s of this one comes first.")
            found[run.pk] = words % {"id": taken[run.app_id].short_id}
        else:
            taken[run.app_id] = run
    return found
