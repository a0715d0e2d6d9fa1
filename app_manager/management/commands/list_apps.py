"""Lists the apps, so that the other commands can be given their ids."""

import json
from typing import Any

from django.core.management.base import CommandParser

from app_manager.models import App
from halo_site.datadir.spaces import Space, all_spaces
from halo_site.management.base import HaloCommand

NO_SPACE = "-"


class Command(HaloCommand):
    help = "Lists the installed apps: id, status, name and space."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="uninstalled ones as well")
        parser.add_argument("--json", action="store_true", help="a JSON array of objects")

    def handle(self, *args: Any, **options: Any) -> None:
        apps = App.objects.all() if options["all"] else App.objects.installed()
        spaces = {space.id: space for space in all_spaces()}
        rows = [_row(app, spaces.get(app.space_id or "")) for app in apps.newest_first()]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for row in rows:
            self.stdout.write("  ".join((row["id"], f"{row['status']:12}", row["name"], f"({row['space']})")))
        if not rows:
            self.stderr.write("No app is installed.")


def _row(app: App, space: Space | None) -> dict[str, str]:
    name = space.name if space else app.space_id or NO_SPACE
    return {"id": app.pk, "status": app.status, "name": app.name, "space": name}
