"""The MCP server's process."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections

from app_runtime.exceptions import ToolRefused
from app_runtime.mcp_server.asker import Asker
from app_runtime.mcp_server.toolbox import Toolbox
from halo_site.datadir.spaces import get_space
from halo_site.health import is_behind
from halo_site.management.base import HaloCommand
from memory.exceptions import MemoryRefused


class Command(HaloCommand):
    help = "Serves memory, apps, runs and open questions to one MCP client over standard input and output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as", dest="caller", default="user", metavar="user|app:APP_ID", help="who is asking (user)"
        )
        parser.add_argument(
            "--space", metavar="ID", help="the space of the scope space (default: an app's own, else Default)"
        )
        parser.add_argument("--read-only", action="store_true", help="offer nothing that changes anything")

    def handle(self, *args: Any, **options: Any) -> None:
        asker = Asker(options["caller"], options["space"])
        if is_behind():
            raise CommandError("The database is older than this program. Run: python3 manage.py migrate")
        try:
            asker.caller()
        except (MemoryRefused, ToolRefused) as error:
            raise CommandError(" ".join(str(error).split())) from error
        if asker.space_id and get_space(asker.space_id) is None:
            raise CommandError(f"There is no space “{asker.space_id}”.")
        connections.close_all()  # each call has its own
        from app_runtime.mcp_server.serving import serve  # the SDK; nothing else loads it

        serve(Toolbox(asker, is_read_only=options["read_only"]))
