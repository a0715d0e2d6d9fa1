"""What a person does with a run beyond starting it: run it again, continue it, tell it something."""

from datetime import datetime
from typing import Any

from django.db import transaction

from app_manager.models import App
from app_runtime import secrets_in_use
from app_runtime.dispatch import admitted, queue_run
from app_runtime.exceptions import MessageRefused, RuntimeRefusal
from app_runtime.models import Reply, Run, RunMessage
from app_runtime.statuses import Status, Trigger
from app_runtime.texts import storable
from halo_site import audit
from halo_site.audit import Actor
from halo_site.masking import Masker

LONGEST_MESSAGE = 20_000  # characters
# Of what started a run: what another run's start says by itself
NOT_REPEATED = frozenset({"jobId", "dueAtMs", "by", "batch", "once"})
CONTINUABLE = (Status.OK, Status.ERROR, Status.CANCELLED)


def run_again(run: Run, actor: Actor, now: datetime, batch: str = "") -> Run:
    """Queue a run with the same input and the spec of today, as a child of ``run``.

    Once for a ``batch``: the same again is the run that it made. Raises `NotRunnable`, or `AlreadyRunning`
    naming the run that is queued or running.
    """
    before = run.trigger_data if isinstance(run.trigger_data, dict) else {}
    kept = {key: value for key, value in before.items() if key not in NOT_REPEATED}
    data = {**kept, "by": str(actor), "again": run.run_id, **({"batch": batch} if batch else {})}
    with transaction.atomic():
        if batch:
            App.objects.hold(
                run.app_id
            )  # of two at once the second waits here, then sees what the first made
            made = run.children.filter(trigger_data__batch=batch).first()
            if made is not None:
                return made
        return _follow(run, admitted(run.app), Trigger.MANUAL, data, actor, now)


def continue_run(run: Run, text: str, actor: Actor, now: datetime, form: str | None = None) -> Run:
    """Go on with the conversation of an ended run: a new run, told ``text``, which is a reply in the thread.

    Raises `RuntimeRefusal` where that cannot be, in a sentence.
    """
    words = as_sent(text)
    if run.status not in CONTINUABLE:
        raise RuntimeRefusal(
            "It waits for the answer to its question; that is how it goes on."
            if run.status == Status.WAITING_USER
            else "It has not ended. Send it a message instead."
        )
    told = {"sessionId": run.session_id, "userMessage": words, "runId": run.run_id}
    with transaction.atomic():
        app = admitted(run.app)
        data = {"by": str(actor), "continue": told}
        following = _follow(run, app, Trigger.CONTINUE_FOLLOWUP, data, actor, now)
        keep_reply(following, words, actor, now, form)
    return following


def begin_with(app: App, text: str, actor: Actor, now: datetime, form: str | None = None) -> Run:
    """A run by hand that is told ``text`` in place of its usual task, for an app with nothing to go on with.

    Raises `RuntimeRefusal` where that cannot be, in a sentence.
    """
    words = as_sent(text)
    with transaction.atomic():
        data = {"by": str(actor), "continue": {"userMessage": words}}
        run = queue_run(admitted(app), Trigger.MANUAL, now, data)
        keep_reply(run, words, actor, now, form)
        _audit(run, "run.continue", actor, now)
    return run


def keep_reply(
    run: Run, words: str, actor: Actor, now: datetime, form: str | None = None, key: str | None = None
) -> Reply:
    """Put what a person told into the thread of the app, in the transaction that tells it to the run."""
    more = {"id": key} if key else {}
    return Reply.objects.create(
        app_id=run.app_id,
        run_id=run.run_id,
        text=words,
        sent_by=actor.words,
        sent_at=now,
        form=form,
        **more,
    )


def send_message(
    run: Run, text: str, actor: Actor, now: datetime, form: str | None = None
) -> RunMessage:  # fmt: skip
    """Leave a message for a run that lives; it arrives before its next model turn.

    Raises `RuntimeRefusal` where the run has ended.
    """
    words = as_sent(text)
    with transaction.atomic():
        stored = Run.objects.select_for_update(no_key=True).filter(pk=run.pk).unfinished().first()
        if stored is None:
            raise RuntimeRefusal("The run has ended. Continue it with this message instead.")
        if stored.is_cancelling:
            raise RuntimeRefusal("The run is being cancelled, so a message would not arrive.")
        message = RunMessage.objects.create(run=stored, text=words, sent_by=actor.words, sent_at=now)
        keep_reply(stored, words, actor, now, form, key=message.pk)
        _audit(stored, "run.message", actor, now)
    return message


def _follow(
    run: Run, app: App, kind: Trigger, data: dict[str, Any], actor: Actor, now: datetime
) -> Run:  # fmt: skip
    following = queue_run(app, kind, now, data, parent=run)
    _audit(following, "run.continue" if kind == Trigger.CONTINUE_FOLLOWUP else "run.again", actor, now)
    return following


def _checked(text: str) -> str:
    words = str(storable(text)).strip()
    if not words:
        raise MessageRefused("The message is empty. Write what the run should know.")
    if len(words) > LONGEST_MESSAGE:
        raise MessageRefused(
            f"The message has {len(words):,} characters; at most {LONGEST_MESSAGE:,} are taken."
        )
    return words


def as_sent(text: str) -> str:
    """The text as it is stored and told. Raises `MessageRefused` for one that nothing could be told."""
    return _masked(_checked(text))


def _masked(words: str) -> str:
    """Without any secret that we know: a message is stored, shown and told to a model."""
    return Masker(secrets_in_use.known_values()).text(words)


def _audit(run: Run, verb: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor, verb, object_type="run", object_id=run.pk, now=now, summary=f"{run.app.name} {run.short_id}"
    )
