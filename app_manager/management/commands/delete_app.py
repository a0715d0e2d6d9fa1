"""Deletes an uninstalled app for ever."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from app_manager.management.verb import VerbCommand
from app_manager.models import App
from halo_site.audit import Actor


class Command(VerbCommand):
    help = "Deletes an uninstalled app with its runs, entries and jobs. Its folder goes to the trash."
    verb = "delete_app"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="really delete it: nothing brings it back")

    def done(self, app: App, actor: Actor, now: datetime, options: dict[str, Any]) -> str:
        if not options["yes"]:
            raise CommandError(f"{app.name} and its whole history would be deleted. Say --yes to do it.")
        trashed = app.delete_permanently(actor=actor, now=now)
        where = f"Its folder is {trashed}." if trashed else "No folder of it was moved to the trash."
        return f"{app.name} is deleted. {where}"
