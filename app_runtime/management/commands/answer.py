"""Answering a question of an app from the command line."""

import argparse
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from app_manager.access import is_plain
from app_runtime.escalations.exceptions import QuestionRefusal
from app_runtime.escalations.questions import Answer, Asked, asked, digest_of
from app_runtime.models import Entry
from app_runtime.statuses import Via
from halo_site import audit
from halo_site.management.base import HaloCommand

SKIP = "-"  # as a choice: this question is answered by its text alone


class Command(HaloCommand):
    help = (
        "Answers a question of an app and prints the id of the run that goes on with it. Of several "
        "questions the first --choice or --text is for the first, and so on; “-” leaves a place out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entry_id", metavar="ENTRY_ID")
        parser.add_argument("--choice", action="append", default=[], metavar="C", help="one of the choices")
        parser.add_argument("--text", action="append", default=[], metavar="T", help="your own words")
        parser.add_argument(
            "--dismiss", action=argparse.BooleanOptionalAction, default=False, help="close it without one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        entry = self.question(options["entry_id"])
        how: dict[str, Any] = {
            "actor": audit.command("answer"),
            "now": timezone.now(),
            "shown_digest": digest_of(entry),
            "via": Via.COMMAND,
        }
        try:
            self.stdout.write(self.decided(entry, options, how))
        except QuestionRefusal as error:
            raise CommandError(str(error)) from error

    def question(self, entry_id: str) -> Entry:
        questions = Entry.objects.questions().select_related("app")
        entry = questions.filter(pk=entry_id).first() if is_plain(entry_id) else None
        if entry is None:
            raise CommandError(f"There is no question with the id {entry_id}.")
        return entry

    def decided(self, entry: Entry, options: dict[str, Any], how: dict[str, Any]) -> str:
        """Decide; returns what is printed."""
        choices, texts = options["choice"], options["text"]
        if options["dismiss"]:
            if choices or texts:
                raise CommandError("--dismiss takes no answer: leave --choice and --text out.")
            entry.dismiss(**how)
            return "Dismissed."
        run = entry.answer(answers(asked(entry), choices, texts), **how)
        return run.pk if run else "Answered already in the same way; its run is not there any more."


def answers(questions: Sequence[Asked], choices: list[str], texts: list[str]) -> list[Answer]:
    """What was given, one answer for each question; more than there are questions is an error later."""
    count = max(len(choices), len(texts), len(questions))
    padded = (_padded(choices, count), _padded(texts, count))
    return [Answer(choice, text) for choice, text in zip(*padded, strict=True)]


def _padded(values: list[str], count: int) -> list[str | None]:
    given = [None if value == SKIP else value for value in values]
    return [*given, *[None] * (count - len(given))]
