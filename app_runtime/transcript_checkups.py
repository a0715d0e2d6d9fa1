"""What the doctor looks at here: transcripts and runs against each other, the newest ones."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from app_manager.models import App
from app_runtime.models import Run
from app_runtime.statuses import Status
from app_runtime.transcript import FOLDER, Transcript
from halo_site.datadir.files import FileTooLarge, read_below
from halo_site.doctor.findings import Finding, Looked, Result, counted, notice, shell

NEWEST = 1_000  # runs whose transcripts are looked at
MOST_FILES = 20_000  # transcripts whose runs are looked for
LARGEST_BYTES = 1 << 20  # of one that is read line by line
ASKED_AT_ONCE = 500  # run ids in one query


def transcripts(now: datetime) -> Iterator[Result]:
    """The transcripts of the newest runs that began a step and have ended."""
    newest = Run.objects.finished().filter(step_count__gt=0).select_related("app").newest_first()[:NEWEST]
    count = 0
    for run in newest:
        count += 1
        yield from _transcript(run)
    if count:
        yield counted(count, "transcript", "newest" if count == NEWEST else "")


def _transcript(run: Run) -> Iterator[Finding]:
    subject = f"run {run.run_id}"
    try:
        transcript = Transcript(run.app, run.run_id)
        data = read_below(transcript.base, transcript.name, LARGEST_BYTES)
    except FileTooLarge:
        return
    except FileNotFoundError:
        yield _missing(run, subject)
        return
    except (LookupError, OSError, ValueError) as error:
        advice = f"Look at the folder of its app: /apps/{run.app_id}/"
        yield Finding(subject, f"its transcript cannot be read: {error}", advice)
        return
    torn = sum(not _is_whole(line) for line in data.split(b"\n") if line)
    if torn or (data and not data.endswith(b"\n")):
        words = (
            f"{torn or 1} of the lines of its transcript is torn: a writer was stopped in the middle of it"
        )
        yield notice(subject, words, "Such lines are left out; the others are shown. Nothing has to be done.")


def _missing(run: Run, subject: str) -> Finding:
    """A run that failed may have failed for want of a disk to write to; one that is fine cannot."""
    is_problem = run.status != Status.ERROR
    advice = "If a backup has it: restore that to another HALO_DATA_DIR, and copy the file from there."
    return Finding(subject, "its transcript is missing", advice, is_problem)


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def files(now: datetime) -> Iterator[Result]:
    """Transcripts that no run has."""
    left = MOST_FILES
    for app in App.objects.order_by("pk").iterator():
        try:
            listed = sorted(islice(_files(app.folder / FOLDER), left))
        except (LookupError, OSError):  # other checks tell of it
            continue
        left -= len(listed)
        for start in range(0, len(listed), ASKED_AT_ONCE):
            yield from _without_run(listed[start : start + ASKED_AT_ONCE])
        if not left:
            yield Looked(f"the first {MOST_FILES:,} files of transcripts")
            return


def _files(folder: Path) -> Iterator[Path]:
    return folder.glob("*.jsonl") if folder.is_dir() else iter(())


def _without_run(listed: list[Path]) -> Iterator[Finding]:
    known = set(Run.objects.filter(pk__in=[path.stem for path in listed]).values_list("pk", flat=True))
    for path in listed:
        if path.stem not in known:
            yield Finding(
                str(path), "it is the transcript of no run", f"If nobody misses it: {shell('rm', path)}"
            )
