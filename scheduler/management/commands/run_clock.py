"""The clock process."""

import gc
import signal
from threading import Event
from types import FrameType
from typing import Any

from django.core.management.base import CommandParser

from halo_site.management.base import HaloCommand
from halo_site.store import write_ahead_log
from scheduler.clock import Clock, Tick


class Command(HaloCommand):
    help = (
        "Runs the clock until Ctrl-C or TERM: dispatches jobs at their time and keeps their ledger. "
        "A second clock on the same database is harmless."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        once = "dispatch what is due now, print one line with the counts, and end"
        parser.add_argument("--once", action="store_true", help=once)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(one_line(Clock().step()))
        else:
            keep_time(stopped_by_signals())


def keep_time(stop: Event) -> None:
    """The clock's loop, as the only thing that this process does."""
    gc.freeze()  # what is loaded stays; else a tick with thousands of jobs looks through it again and again
    write_ahead_log.let_grow()  # the thread of the sweeps writes it back
    Clock(sweeps_beside=True).run(stop)


def one_line(tick: Tick) -> str:
    """The counts of a tick as the command prints them."""
    following = f"{tick.next_due:%Y-%m-%dT%H:%M:%SZ}" if tick.next_due else "none"
    return (
        f"dispatched {tick.dispatched}, skipped {tick.skipped}, errors {tick.errors}, "
        f"merged {tick.merged}, missed {tick.missed}, next due {following}"
    )


def stopped_by_signals() -> Event:
    """An event that TERM and INT set; the tick under way is finished first."""
    stop = Event()

    def set_flag(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, set_flag)
    signal.signal(signal.SIGINT, set_flag)
    return stop
