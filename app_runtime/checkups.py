"""What the doctor looks at here: processes, runs that nobody works on, and questions."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection

from app_manager.checkups import subject_of
from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_runtime import transcript_checkups
from app_runtime.escalations.closing import oldest_question
from app_runtime.models import Entry, Notification, Run
from app_runtime.queue import has_live_task
from halo_site.doctor.findings import Finding, Result, counted, notice, register_check
from halo_site.health import longest_silence
from halo_site.models import Heartbeat
from scheduler.models import Job

LOST_AFTER = timedelta(seconds=60)  # BEHAVIOUR, Runs: a lost worker
MENDED = "The clock's hourly tidying mends it; at once: python3 manage.py run_clock --once"
SETTLED = "A clock or a worker settles it: python3 manage.py run_clock --once"
MOST_RUNS = 1_000


def processes(now: datetime) -> Iterator[Finding]:
    """Whether clock and workers live, where there is something for them to do."""
    has_jobs, has_runs = Job.objects.with_next().exists(), Run.objects.unfinished().exists()
    young = Heartbeat.objects.younger_than(longest_silence(), now)
    living = set(young.values_list("kind", flat=True)[:MOST_RUNS])
    if not living:
        if has_jobs or has_runs:
            words = "neither a clock nor a worker runs, and there is work for them"
            yield notice("processes", words, "python3 manage.py up starts them.")
        return
    for kind, does in (("clock", "nothing comes due"), ("worker", "runs stay in the queue")):
        if kind not in living:
            words = f"no {kind} has given a sign of life for {longest_silence().seconds} s: {does}"
            yield Finding(kind, words, f"Look at the log, then: python3 manage.py run_{kind}")


def runs(now: datetime) -> Iterator[Result]:
    """Runs that are said to be running, or to wait, and that nobody has."""
    count = 0
    for run in Run.objects.unfinished().order_by("status", "-started_at", "-run_id")[:MOST_RUNS]:
        count += 1
        yield from _unfinished(run, now)
    for table, what in ((Run, "runs"), (Entry, "entries"), (Notification, "notifications")):
        yield from _without_app(table, what)
    if count:
        yield counted(count, "unfinished run")


def _unfinished(run: Run, now: datetime) -> Iterator[Finding]:
    subject = f"run {run.run_id}"
    if run.status == "running" and run.lease_until is None:
        code = f"Run.objects.filter(pk='{run.pk}', lease_until=None).update(lease_until=0)"
        advice = f'python3 manage.py shell -c "from app_runtime.models import Run; {code}"'
        yield Finding(subject, "it is said to be running and no worker holds it", advice)
    elif run.status == "running" and run.lease_until < now - LOST_AFTER:
        heard = run.heartbeat_at.isoformat(timespec="seconds") if run.heartbeat_at else "an unknown time"
        words = f"it is said to be running, but its worker was last heard of at {heard}"
        yield Finding(subject, words, SETTLED)
    elif run.status == "queued" and run.queued_at < now - LOST_AFTER and _is_forgotten(run):
        yield Finding(subject, "it is queued, and no worker will be told of it", SETTLED)


def _is_forgotten(run: Run) -> bool:
    """The end of a run that is under way would wake it."""
    return not has_live_task(run) and not Run.objects.running().filter(app_id=run.app_id).exists()


def _without_app(model: type[Run] | type[Entry] | type[Notification], what: str) -> Iterator[Finding]:
    """Rows of apps that are not there, found by jumping from one app to the next in the index."""
    known = set(App.objects.values_list("pk", flat=True))
    table = model._meta.db_table
    sql = (
        f"WITH RECURSIVE step(app_id) AS (SELECT min(app_id) FROM {table} UNION ALL "  # noqa: S608
        f"SELECT (SELECT min(app_id) FROM {table} WHERE app_id > step.app_id) FROM step "
        "WHERE step.app_id IS NOT NULL) SELECT app_id FROM step WHERE app_id IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        owners = [owner for (owner,) in cursor.fetchall()]
    for owner in owners:
        if owner not in known:
            words = f"there are {what} of this app, and no such app"
            advice = "Restore a backup that has it: python3 manage.py restore BACKUP --replace"
            yield Finding(f"app {owner}", words, advice)


def questions(now: datetime) -> Iterator[Finding]:
    """What apps are said to wait for, against the questions that are open."""
    for app in App.objects.installed().order_by("pk").iterator():
        oldest = oldest_question(app.pk)
        if app.pending_escalation_id != oldest:
            said = app.pending_escalation_id or "none"
            words = f"its oldest open question is {oldest or 'none'}, its row says {said}"
            yield Finding(subject_of(app), words, MENDED)
        elif app.status == AppStatus.WAITING_USER and oldest is None:
            words = "it is said to wait for you, and no question of it is open"
            yield Finding(subject_of(app), words, MENDED)


register_check("processes", processes, needs_database=True)
register_check("runs", runs, needs_database=True)
register_check("questions", questions, needs_database=True)
register_check("transcripts", transcript_checkups.transcripts, needs_database=True)
register_check("files of transcripts", transcript_checkups.files, needs_database=True)
