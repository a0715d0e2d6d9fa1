"""What ends questions without an answer, and what becomes of the run and the app that asked.

Each is called in a transaction that holds the app.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_runtime.escalations.questions import State, decider, state_of
from app_runtime.models import Entry, EntryQuerySet, Run
from app_runtime.notifications import events
from app_runtime.statuses import Outcome, Status
from halo_site import audit
from halo_site.store.fields import to_ms

ACTOR = audit.system("runtime")
Ended = tuple[Status, Outcome | None, str]


def close_questions(questions: EntryQuerySet, why: str, now: datetime) -> int:
    """Close those of them that are open, with the reason in words; returns how many."""
    closed = 0
    for entry in questions.open().select_related("app"):
        resolution = {"reason": "task_closed", "at": to_ms(now), "why": why}
        content = {**entry.said, "resolution": resolution}
        if Entry.objects.open().filter(pk=entry.pk).update(content=content, closed_at=now):
            entry.content, entry.closed_at = content, now
            events.question_closed(entry, now)
            closed += 1
    return closed


def close_with_run(run: Run, why: str, now: datetime) -> None:
    """A run that was stopped asks nobody any more."""
    if close_questions(Entry.objects.filter(run_id=run.run_id), why, now):
        leave_waiting(run.app_id, now)


def close_with_app(app: App, why: str, now: datetime) -> None:
    """An app that is gone asks nobody, and its runs do not wait any more."""
    close_questions(Entry.objects.filter(app=app), why, now)
    ended = {"status": Status.CANCELLED, "outcome": None, "error_message": _("Cancelled: %s.") % why}
    Run.objects.for_app(app).filter(status=Status.WAITING_USER).update(**ended)
    App.objects.filter(pk=app.pk, pending_escalation_id__isnull=False).update(pending_escalation_id=None)


def release_run(run_id: str) -> None:
    """End the run that waited for the answers to its questions, when none of them is open any more."""
    ended = end_of_asking(run_id)
    if ended is None:
        return
    status, outcome, error = ended
    waiting = Run.objects.filter(pk=run_id, status=Status.WAITING_USER)
    waiting.update(status=status, outcome=outcome, error_message=error or None)


def end_of_asking(run_id: str) -> Ended | None:
    """How a run ends that asked; None while one of its questions is open, and for one that asked nothing.

    With an answer it has done its work: the run that goes on is its child. With none it was stopped: by a
    person, or else by the clock. In which order its questions were closed makes no difference.
    """
    questions = list(Entry.objects.filter(run_id=run_id).questions().order_by("ts", "id"))
    states = [state_of(entry) for entry in questions]
    if not states or State.OPEN in states:
        return None
    if State.ANSWERED in states:
        return Status.OK, Outcome.USEFUL, ""
    dismissed = [entry for entry in questions if state_of(entry) == State.DISMISSED]
    if dismissed:
        words = _("Its question was dismissed by %(who)s.") % {"who": decider(dismissed[-1]) or _("somebody")}
        return Status.CANCELLED, None, words
    if State.EXPIRED in states:
        return Status.ERROR, Outcome.ERROR, _("Its question expired unanswered.")
    return Status.CANCELLED, None, _("Its question was closed without an answer.")


def leave_waiting(app_id: str, now: datetime) -> None:
    """Keep the oldest open question of the app; without one, an app that waited is active again.

    Call it in the transaction that closed a question.
    """
    app = App.objects.select_for_update(no_key=True).get(pk=app_id)
    pending = oldest_question(app_id)
    if pending is None and app.status == AppStatus.WAITING_USER:
        app.change_status(AppStatus.ACTIVE, actor=ACTOR, now=now, pending_escalation_id=None)
    elif app.pending_escalation_id != pending:
        App.objects.filter(pk=app_id).update(pending_escalation_id=pending)


def oldest_question(app_id: str) -> str | None:
    """The id of the oldest open question of an app."""
    waiting = Entry.objects.filter(app_id=app_id).open().order_by("ts", "id")
    return waiting.values_list("id", flat=True).first()
