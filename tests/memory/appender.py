"""A process of its own that appends numbered lines to the user's memory: `python -m tests.memory.appender`.

Arguments: the name of the test database, the data directory, a letter, how many lines.
"""

import sys
from pathlib import Path

import django
from django.conf import settings
from django.db import connection
from django.utils import timezone


def main() -> None:
    database, directory, letter, count = sys.argv[1:]
    django.setup()
    settings.HALO_DATA_DIR = Path(directory)
    connection.settings_dict["NAME"] = database
    from memory.permissions import Caller
    from memory.tools import memory_write

    for number in range(int(count)):
        memory_write(Caller("user"), "user", f"line {letter}{number}", "append", now=timezone.now())


if __name__ == "__main__":
    main()
