"""Lists the apps, so that the other commands can be given their ids."""

from typing import Any

from django.core.management.base import CommandParser

from app_manager.models import App
from halo_site.management.base import HaloCommand

NO_SPACE = "-"


class Command(HaloCommand):
    help = "Lists the installed apps: id, status, name and space."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="uninstalled ones as well")

    def handle(self, *args: Any, **options: Any) -> None:
        apps = App.objects.all() if options["all"] else App.objects.installed()
        for app in apps.newest_first():
            space = app.space.name if app.space else app.space_id or NO_SPACE
            self.stdout.write(f"{app.pk}  {app.status:12}  {app.name}  ({space})")
        if not apps.exists():
            self.stderr.write("There is no app." if options["all"] else "No app is installed.")
