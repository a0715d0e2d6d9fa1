from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from memory.management.agent import AgentCommand
from memory.permissions import Caller
from memory.sections import TAIL_LINES
from memory.tools import memory_read


class Command(AgentCommand):
    help = "Reads a memory file as an agent would, and prints exactly what the agent gets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--mode", default="full", help="full (default), headers, section or tail")
        parser.add_argument("--section", help="a part of the heading, for the mode section")
        parser.add_argument("--limit", type=int, default=TAIL_LINES, help="how many lines, for the mode tail")
        parser.add_argument("--path", help="a file of the memory folder, as memory_list names it")

    def answer(self, caller: Caller, options: dict[str, Any]) -> str:
        return memory_read(
            caller,
            options["scope"],
            options["mode"],
            options["section"],
            options["limit"],
            options["path"],
            options["space"],
            now=timezone.now(),
        )
