"""Uninstalls an app."""

from datetime import datetime
from typing import Any

from app_manager.management.verb import VerbCommand
from app_manager.models import App
from halo_site.audit import Actor


class Command(VerbCommand):
    help = "Takes an app out of use: its jobs are off, its runs end; its history and files are kept."
    verb = "uninstall_app"

    def done(self, app: App, actor: Actor, now: datetime, options: dict[str, Any]) -> str:
        app.uninstall(actor=actor, now=now)
        return f"{app.name} is uninstalled. Its history and files are kept."
