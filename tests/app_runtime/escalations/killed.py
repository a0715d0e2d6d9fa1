"""A process that answers a question and is killed in the middle of it: ENTRY_ID STATEMENT.

It kills itself (-9) as its n-th statement of the answer begins; with 0 whoever started it does. It begins
after a line on stdin, having said on stdout that everything is loaded.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django


def main(entry_id: str, statement: int) -> None:
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from app_runtime.models import Entry

    Entry.objects.filter(pk=entry_id).first()
    begun = 0

    def killing(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal begun
        begun += 1
        if begun == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    print("ready", flush=True)
    sys.stdin.readline()
    with connection.execute_wrapper(killing):
        call_command("answer", entry_id, "--choice", "Yes")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
