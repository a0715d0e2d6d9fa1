"""Eight processes write one memory file, some are killed, one reads: `python -m tests.memory.storm`.

Arguments: the name of the test database, the data directory, seconds. Prints as JSON: the SHA-256 of each
state that a writer was told is saved (``saved``), those of the states that the reader saw (``seen``), how
often it found no file (``missing``), how many writers were killed. Each process is forked from one without a
connection to the database.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import django
from django.conf import settings
from django.db import connection
from django.utils import timezone

WRITERS = 8
KILL_EVERY = 0.1  # seconds, one writer
FEWEST_SAVED = 20  # on a machine that is busy otherwise, the storm goes on until there are so many
LONGEST_MORE = 60  # seconds
LONGEST_TEXT = 20_000  # bytes, from which on a writer replaces the file by a short text


def main() -> None:
    database, directory, seconds = sys.argv[1:]
    django.setup()
    settings.HALO_DATA_DIR = Path(directory)
    connection.settings_dict["NAME"] = database
    logs = Path(directory) / "storm"
    logs.mkdir()
    reader = forked(lambda: read(logs / "seen"))
    writers = {forked(partial(write, number, logs)): number for number in range(WRITERS)}
    killed, end = 0, time.monotonic() + float(seconds)
    while time.monotonic() < end or (count(logs) < FEWEST_SAVED and time.monotonic() < end + LONGEST_MORE):
        time.sleep(KILL_EVERY)
        victim = random.choice(list(writers))
        number = writers.pop(victim)
        stop(victim, signal.SIGKILL)
        killed += 1
        writers[forked(partial(write, number, logs))] = number
    for writer in writers:
        stop(writer, signal.SIGKILL)
    stop(reader, signal.SIGTERM)
    saved = [line for path in logs.glob("saved-*") for line in path.read_text().splitlines()]
    print(json.dumps({"killed": killed, "saved": saved, **json.loads((logs / "seen").read_text())}))


def count(logs: Path) -> int:
    return sum(path.read_text().count("\n") for path in logs.glob("saved-*"))


def forked(work: Callable[[], None]) -> int:
    """Start a process that works until it is killed."""
    process = os.fork()
    if not process:
        try:
            work()
        finally:
            os._exit(1)
    return process


def stop(process: int, how: signal.Signals) -> None:
    os.kill(process, how)
    os.waitpid(process, 0)


def write(number: int, logs: Path) -> None:
    """Append or replace, as an agent or as a person who merges, again and again; note each success."""
    random.seed()
    log = os.open(logs / f"saved-{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    act = (append, replace, edit)[number % 3]
    while True:
        sha256 = act(f"{number} {random.random()}")
        if sha256:
            os.write(log, f"{sha256}\n".encode())  # one write: a kill leaves all of it or nothing


def append(text: str) -> str:
    from memory.documents import append as append_text
    from memory.permissions import Caller
    from memory.places import user_place

    saved = append_text(Caller("user"), user_place(), text, now=timezone.now())
    assert saved.revision
    return saved.revision.sha256


def replace(text: str) -> str:
    from memory.documents import replace as replace_by
    from memory.permissions import Caller
    from memory.places import user_place

    saved = replace_by(
        Caller("user"), user_place(), whole(text * random.randrange(1, 200)), now=timezone.now()
    )
    assert saved.revision
    return saved.revision.sha256


def edit(text: str) -> str:
    from memory.documents import on_disk
    from memory.editing import Conflict, save
    from memory.models import digest
    from memory.places import user_place

    before = on_disk(user_place(), "") or b""
    longer = before.decode() if len(before) < LONGEST_TEXT else whole("")
    try:
        saved = save(
            user_place(), "", f"{longer}{text}\n", base=digest(before), by="mara", now=timezone.now()
        )
    except Conflict:
        return ""
    assert saved.revision
    return saved.revision.sha256


def whole(text: str) -> str:
    return f"# now\n{text}\n"


def read(result: Path) -> None:
    """Read until told to end."""
    from memory.documents import on_disk
    from memory.models import digest
    from memory.places import user_place

    is_over = False

    def end(*_signal: object) -> None:
        nonlocal is_over
        is_over = True

    signal.signal(signal.SIGTERM, end)
    seen: set[str] = set()
    reads = missing = 0
    while not is_over:
        data = on_disk(user_place(), "")
        reads += 1
        missing += data is None
        seen.add(digest(data))
    result.write_text(json.dumps({"seen": sorted(seen), "missing": missing, "reads": reads}))
    os._exit(0)


if __name__ == "__main__":
    main()
