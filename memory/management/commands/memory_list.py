from typing import Any

from memory.management.agent import AgentCommand
from memory.permissions import Caller
from memory.tools import memory_list


class Command(AgentCommand):
    help = "Lists the memory files of a scope as an agent would, and prints exactly what the agent gets."

    def answer(self, caller: Caller, options: dict[str, Any]) -> str:
        return memory_list(caller, options["scope"], options["space"])
