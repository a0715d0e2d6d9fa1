"""Replying in a thread: what a person writes becomes input of a run, at once and once."""

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from app_manager.models import App
from app_runtime.continuing import CONTINUABLE, as_sent, begin_with, continue_run, send_message
from app_runtime.exceptions import NotRunnable, RuntimeRefusal
from app_runtime.models import Reply, Run
from app_runtime.transcript import Transcript
from halo_site.audit import Actor
from halo_site.datadir.names import PathRefused

FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def reply(app: App, text: str, form: str, actor: Actor, now: datetime) -> Reply:
    """Tell the run that is under way, or else a new one that goes on with the newest conversation.

    ``form`` is the id of the form (a UUID): the same form and text again give back what was sent before.
    Raises `MessageRefused` for a text that nothing could be told, `RuntimeRefusal` where no run takes it.
    """
    if not FORM.fullmatch(form):
        raise RuntimeRefusal(_("This form is not one of ours. Load the page again, then send."))
    with transaction.atomic():
        held = App.objects.hold(app.pk)  # of two at once the second waits here, then sees the first one's
        if held is None:
            raise NotRunnable(app, "it was removed.")
        sent = Reply.objects.filter(form=form).first()
        if sent is not None:
            if (sent.app_id, sent.sent_by) != (app.pk, actor.words):
                raise RuntimeRefusal(
                    _("This form was sent by somebody else. Load the page again, then send.")
                )
            _refuse_another_text(sent, text)
            return sent
        _tell(held, text, form, actor, now)
        return Reply.objects.get(form=form)


def _refuse_another_text(sent: Reply, text: str) -> None:
    """The same form with the same text is a repeat; with another text nothing would come of that."""
    if sent.text != as_sent(text):
        raise RuntimeRefusal(
            _("Another text was sent with this form already. This one was not sent; send it now.")
        )


def _tell(app: App, text: str, form: str, actor: Actor, now: datetime) -> None:
    unfinished = Run.objects.for_app(app).unfinished().order_by("-status", "queued_at")
    under_way = unfinished.first()  # running before queued
    if under_way is not None:
        send_message(under_way, text, actor, now, form)
        return
    before = newest_continuable(app)
    if before is not None and _is_readable(app, before):
        continue_run(before, text, actor, now, form)
    else:
        begin_with(app, text, actor, now, form)


def newest_continuable(app: App) -> Run | None:
    """The newest run with whose conversation another one can go on: by the index, one look a status."""
    newest = [Run.objects.for_app(app).filter(status=status).newest_first().first() for status in CONTINUABLE]
    return max((run for run in newest if run), key=lambda run: (run.started_at, run.pk), default=None)


def _is_readable(app: App, run: Run) -> bool:
    try:
        return bool(Transcript(app, run.run_id).excerpt().lines)
    except (LookupError, OSError, PathRefused):
        return False
