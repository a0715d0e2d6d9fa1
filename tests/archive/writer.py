"""A process that writes as the site does until it is told to stop: `python -m tests.archive.writer`.

Arguments: what to write (memory, settings, runs), the file whose existence ends it, the id of an app.
"""

import os
import sys
import time
from io import StringIO
from pathlib import Path

import django
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

PAUSE = 0.02  # seconds; SQLite's lock has no queue, and who takes it again at once starves the others


def write_memory(number: int, app_id: str) -> None:
    """A numbered line in the user's memory, with its revision."""
    from memory.permissions import Caller
    from memory.tools import memory_write

    memory_write(Caller("user"), "user", f"line {number}", "append", now=timezone.now())


def write_settings(number: int, app_id: str) -> None:
    """The same number in three JSON files and in a row, in one transaction."""
    from halo_site import audit
    from halo_site.datadir.config import update_config
    from halo_site.datadir.json_file import JsonFile
    from halo_site.datadir.paths import data_dir
    from halo_site.datadir.secrets import set_secret

    with transaction.atomic():
        audit.record(
            audit.system("writer"), "count", object_type="test", object_id=str(number), now=timezone.now()
        )
        update_config("test", {"number": number})
        set_secret("number", str(number))
        JsonFile(data_dir().spaces_index).update(lambda content: {**content, "number": number})


def write_runs(number: int, app_id: str) -> None:
    """A whole run, with its steps, transcript, memory and record."""
    call_command("trigger_app", app_id, wait=True, stdout=StringIO())


def main() -> None:
    kind, stop, app_id = sys.argv[1:]
    os.umask(0o077)
    django.setup()
    write = {"memory": write_memory, "settings": write_settings, "runs": write_runs}[kind]
    number = 0
    while not Path(stop).exists():
        number += 1
        write(number, app_id)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
