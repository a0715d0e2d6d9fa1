"""What the three memory commands share: who is asking, and failing with one line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from halo_site.datadir.spaces import default_space
from halo_site.management.base import HaloCommand
from memory.exceptions import MemoryRefused
from memory.permissions import Caller
from memory.places import app_caller, app_place


class AgentCommand(HaloCommand):
    """Prints exactly what an agent gets from a tool."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as", dest="caller", required=True, metavar="user|app:APP_ID", help="who is asking"
        )
        parser.add_argument("--scope", required=True, help="user, space or app")
        parser.add_argument(
            "--space", metavar="ID", help="the space of the scope space (default: an app's own, else Default)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = self.answer(caller_of(options["caller"], options["space"]), options)
        except MemoryRefused as error:
            raise CommandError(" ".join(str(error).split())) from error
        # A file without a final newline is printed without one, except where a person looks at it.
        self.stdout.write(text, ending="\n" if self.stdout.isatty() else "")

    def answer(self, caller: Caller, options: dict[str, Any]) -> str:
        """Return what the tool returns."""
        raise NotImplementedError


def caller_of(name: str, space_id: str | None) -> Caller:
    """Return who ``user`` or ``app:<id>`` is; raise `MemoryRefused` for anybody else."""
    kind, _colon, app_id = name.partition(":")
    if name == "user":
        space = default_space()
        return Caller("user", space_id=space_id or (space.id if space else None))
    if kind != "app" or not app_id:
        raise MemoryRefused(f"“{name}” is nobody who could ask: say --as user or --as app:APP_ID.")
    caller = app_caller(app_id)
    if caller is None:
        raise MemoryRefused(f"The app {app_id} is not installed.")
    place = app_place(app_id)
    if place is not None and place.is_uninstalled:
        raise MemoryRefused(f"The app {app_id} was uninstalled. Nothing can be done in its name.")
    return caller
