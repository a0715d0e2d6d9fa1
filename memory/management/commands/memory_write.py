import sys
from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from memory.exceptions import MemoryRefused
from memory.management.agent import AgentCommand
from memory.permissions import Caller
from memory.tools import memory_write


class Command(AgentCommand):
    help = (
        "Appends to a memory file or replaces it as an agent would, and prints exactly what the agent gets."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--mode", default="append", help="append (default) or replace")
        parser.add_argument("--content", help="the text; without it, standard input is read")

    def answer(self, caller: Caller, options: dict[str, Any]) -> str:
        content = options["content"]
        text = standard_input() if content is None else content
        return memory_write(
            caller, options["scope"], text, options["mode"], options["space"], now=timezone.now()
        )


def standard_input() -> str:
    """Return standard input as text; raise `MemoryRefused` when it is not UTF-8."""
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise MemoryRefused("The text on standard input is not UTF-8; nothing was written.") from error
