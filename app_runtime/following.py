"""What becomes of an app's runs when its state changes (BEHAVIOUR, State machine of an installed app)."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from app_manager.followers import register_follower
from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_runtime.escalations.closing import close_with_app
from app_runtime.models import Entry, Notification, Reply, Run, RunMessage
from app_runtime.settlement import cancel_queued, cancel_running
from app_runtime.statuses import Trigger
from halo_site.audit import Actor

DELETED_AT_ONCE = 2_000  # rows in one transaction, so that other writers get their turn


class Runs:
    """Runs and entries as a follower: queued runs go when their app does not run, running ones may finish.

    A run that has an answer of a person's is that person's decision: a pause leaves it, as it would be let in
    when it is started by hand.
    """

    def status_changed(self, app: App, before: str, actor: Actor, now: datetime) -> None:
        """A pause takes queued runs back; an uninstall every one, what is running and what is asked too."""
        if app.status not in {AppStatus.PAUSED, AppStatus.UNINSTALLED}:
            return
        reason = _reason(app, actor)
        taken_back = Run.objects.for_app(app).queued()
        if app.status == AppStatus.PAUSED:
            taken_back = taken_back.exclude(trigger_type=Trigger.ESCALATION_FOLLOWUP)
        for run in taken_back:
            cancel_queued(run, reason, now)
        if app.status == AppStatus.UNINSTALLED:
            for run in Run.objects.for_app(app).running().select_related("app"):
                cancel_running(run, reason, now)
            close_with_app(app, reason, now)

    def delete_some(self, app: App) -> int:
        """What hangs on runs, then runs; none is left whose children would have to be collected."""
        return _delete_notifications(app) or _delete_replies(app) or _delete_entries(app) or _delete_runs(app)


def register() -> None:
    """Make app_manager know the runs; called once, when Django is ready."""
    register_follower("runs", Runs())


def _reason(app: App, actor: Actor) -> str:
    if app.status == AppStatus.PAUSED:
        words = _("%(who)s paused the app")
    else:
        words = _("%(who)s uninstalled the app")
    return words % {"who": actor.words}


def _delete_runs(app: App) -> int:
    keys = list(Run.objects.for_app(app).values_list("run_id", flat=True)[:DELETED_AT_ONCE])
    Run.objects.filter(parent_run_id__in=keys).update(parent_run=None)
    RunMessage.objects.filter(run_id__in=keys).delete()
    return _raw_delete(Run.objects.filter(run_id__in=keys)) if keys else 0


def _delete_notifications(app: App) -> int:
    keys = list(Notification.objects.filter(app=app).values_list("id", flat=True)[:DELETED_AT_ONCE])
    return _raw_delete(Notification.objects.filter(pk__in=keys)) if keys else 0


def _delete_replies(app: App) -> int:
    keys = list(Reply.objects.filter(app=app).values_list("id", flat=True)[:DELETED_AT_ONCE])
    return _raw_delete(Reply.objects.filter(pk__in=keys)) if keys else 0


def _delete_entries(app: App) -> int:
    keys = list(Entry.objects.filter(app=app).values_list("id", flat=True)[:DELETED_AT_ONCE])
    return _raw_delete(Entry.objects.filter(pk__in=keys)) if keys else 0


def _raw_delete(
    rows: QuerySet[Entry] | QuerySet[Notification] | QuerySet[Reply] | QuerySet[Run],
) -> int:
    """Delete by statement: Django would load a run's children to set their parent to nothing."""
    return rows._raw_delete(rows.db)
