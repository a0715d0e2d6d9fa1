"""Pauses an app."""

from datetime import datetime
from typing import Any

from app_manager.management.verb import VerbCommand
from app_manager.models import App
from halo_site.audit import Actor


class Command(VerbCommand):
    help = "Pauses an app: its due times are skipped until it is resumed; a run that is under way may finish."
    verb = "pause_app"

    def done(self, app: App, actor: Actor, now: datetime, options: dict[str, Any]) -> str:
        app.pause(actor=actor, now=now)
        return f"{app.name} is paused."
