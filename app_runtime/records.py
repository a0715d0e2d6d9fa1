"""What a run leaves behind for the next one: the end of its transcript and a record in the app's memory."""

import logging
from datetime import datetime

from django.utils import timezone

from app_runtime.exceptions import FolderMissing
from app_runtime.models import Entry, Run
from app_runtime.statuses import Outcome
from app_runtime.transcript import transcript_of
from memory import documents
from memory.compaction import compact
from memory.exceptions import MemoryRefused
from memory.places import app_place

logger = logging.getLogger(__name__)

OUTPUT_CHARACTERS = 2000


def close(run: Run, now: datetime) -> None:
    """Add the line ``end`` to the transcript of a run that its worker did not settle.

    Call it when the settlement is committed. Where the folder is missing, or the disk refuses, the line is
    missing too, and the log says so: the run's row is what counts.
    """
    try:
        _end(run, now)
    except (OSError, ValueError, FolderMissing):
        logger.exception("The transcript of run %s could not be closed", run.short_id)


def write(run: Run, now: datetime) -> None:
    """Close the transcript, write ``memory/run/…md`` (none for a run that found nothing to do), and shorten
    a ``memory.md`` that has become too long.

    The run is settled already: a disk that refuses costs the record, is logged, and changes nothing else.
    """
    try:
        _end(run, now)
        place = app_place(run.app_id)
        if place is not None and run.outcome != Outcome.NOOP:
            kind = "error" if run.outcome == Outcome.ERROR else "run"
            documents.write_run_record(place, now, run.run_id, f"{kind}-{run.app.name}", text_of(run, now))
        if place is not None:
            compact(place, now)
    except (OSError, ValueError, FolderMissing, MemoryRefused):
        logger.exception("The record of run %s could not be written", run.short_id)


def _end(run: Run, now: datetime) -> None:
    transcript_of(run).append("end", now, status=run.status, outcome=run.outcome, error=run.error_message)


def text_of(run: Run, now: datetime) -> str:
    """The record's markdown: what, why, how it ended, and the newest summary of what it told."""
    told = Entry.objects.filter(run_id=run.run_id).newest_first().first()
    known = "unknown" if run.tokens_used is None else str(run.tokens_used)
    tokens = f"at least {known}" if run.tokens_used is not None and run.turns_unknown else known
    facts = {
        "App": run.app.name,
        "Trigger": run.get_trigger_type_display(),
        "Engine": run.engine,
        "Outcome": f"{run.status}, {run.outcome}",
        "Duration": f"{(run.duration_ms or 0) / 1000:.1f} s",
        "Tokens": tokens,
    }
    lines = [f"# Run {run.short_id}, {timezone.localtime(now).isoformat(timespec='seconds')}", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    output = told.summary if told else (run.error_message or "")
    return "\n".join([*lines, "", output[:OUTPUT_CHARACTERS], ""])
