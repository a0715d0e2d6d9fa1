"""Synthetic history for benchmarks and demos."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from app_manager.models import App
from app_runtime.history.making import TRANSCRIPTS, make_history
from app_runtime.history.outline import DoesNotFit, Wanted
from halo_site.management.base import HaloCommand


class Command(HaloCommand):
    help = (
        "Makes up apps named “Synthetic 0001” in four spaces, and a past for them: finished runs, entries, "
        "open questions, the days' sums of what they used, and the ledger of their schedules (the newest "
        "1,000 slots of each). One app has a "
        f"fifth of all runs, most are quiet. Only the newest {TRANSCRIPTS} runs get a transcript. The same "
        "seed makes the same history. Nothing of it ever happened; it is for benchmarks and demos."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apps", type=between(1, 9_999), required=True, metavar="N")
        parser.add_argument("--runs", type=between(0, 1_000_000_000), required=True, metavar="N")
        parser.add_argument("--entries", type=between(0, 1_000_000_000), required=True, metavar="N")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="default: 1")
        parser.add_argument(
            "--days",
            type=between(1, 36_500),
            default=365,
            metavar="D",
            help="how far it goes back (default: 365)",
        )
        parser.add_argument("--add", action="store_true", help="even where apps are installed already")

    def handle(self, *args: Any, **options: Any) -> None:
        began, now = time.monotonic(), timezone.now()
        if App.objects.exists() and not options["add"]:
            raise CommandError(
                "Apps are installed here already, and made up history would stand beside theirs. "
                "Use another HALO_DATA_DIR, or say --add."
            )
        if options["entries"] and not options["runs"]:
            raise CommandError("Entries belong to runs: ask for runs too.")
        wanted = Wanted(**{name: options[name] for name in ("apps", "runs", "entries", "days", "seed")})
        try:
            make_history(wanted, now, self.tell)
        except DoesNotFit as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - began
        self.stdout.write(
            f"Made up {wanted.apps:,} apps, {wanted.runs:,} runs and {wanted.entries:,} entries "
            f"over {wanted.days} days in {seconds:.0f} s. Nothing of it ever happened."
        )

    def tell(self, runs: int) -> None:
        self.stderr.write(f"{runs:,} runs written")


def between(lowest: int, highest: int) -> Any:
    """A reader of whole numbers in that range, as argparse wants it."""

    def read(text: str) -> int:
        digits = text if text.isascii() and text.isdigit() else ""
        number = int(digits) if 0 < len(digits) < 20 else -1
        if not lowest <= number <= highest:
            raise ArgumentTypeError(f"{text!r} is no whole number from {lowest} to {highest:,}")
        return number

    return read
