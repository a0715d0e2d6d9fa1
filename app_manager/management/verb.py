"""The base of the commands that do one verb to one app."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from app_manager.exceptions import AppError
from app_manager.models import App
from halo_site import audit
from halo_site.management.base import HaloCommand


class VerbCommand(HaloCommand):
    """Loads the app, does the verb, prints what happened in a line."""

    verb = ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app_id", metavar="APP_ID")

    def handle(self, *args: Any, **options: Any) -> None:
        app = App.objects.filter(pk=options["app_id"]).first()
        if app is None:
            raise CommandError(f"There is no app with the id {options['app_id']}.")
        try:
            self.stdout.write(self.done(app, audit.command(self.verb), timezone.now(), options))
        except AppError as error:
            raise CommandError(str(error)) from error

    def done(self, app: App, actor: audit.Actor, now: datetime, options: dict[str, Any]) -> str:
        """Do it; returns what happened. Raises `AppError`."""
        raise NotImplementedError
