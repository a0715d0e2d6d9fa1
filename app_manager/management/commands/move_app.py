"""Moves an app to another space."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from app_manager.management.commands.install_app import space_of
from app_manager.management.verb import VerbCommand
from app_manager.models import App
from halo_site.audit import Actor


class Command(VerbCommand):
    help = "Moves an app to another space. Its files stay where they are, and it goes on using them."
    verb = "move_app"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--space", metavar="ID", required=True, help="the id of the space")

    def done(self, app: App, actor: Actor, now: datetime, options: dict[str, Any]) -> str:
        space = space_of(options["space"])
        if not app.move_to_space(space, actor=actor, now=now):
            return f"{app.name} is in {space.name} already."
        return f"{app.name} belongs to {space.name} now. Its files stay in {app.folder}."
