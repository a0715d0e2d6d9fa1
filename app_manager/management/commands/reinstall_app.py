"""Brings an uninstalled app back."""

from datetime import datetime
from typing import Any

from app_manager.management.verb import VerbCommand
from app_manager.models import App
from app_manager.wording import resumed
from halo_site.audit import Actor


class Command(VerbCommand):
    help = "Brings an uninstalled app back as it was, and prints its next time."
    verb = "reinstall_app"

    def done(self, app: App, actor: Actor, now: datetime, options: dict[str, Any]) -> str:
        app.reinstall(actor=actor, now=now)
        return f"{app.name}: {resumed(app, now)}"
