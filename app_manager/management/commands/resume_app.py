"""Resumes an app."""

from datetime import datetime
from typing import Any

from app_manager.management.verb import VerbCommand
from app_manager.models import App
from app_manager.wording import resumed
from halo_site.audit import Actor


class Command(VerbCommand):
    help = "Resumes an app that is paused, stopped after errors, or waits, and prints its next time."
    verb = "resume_app"

    def done(self, app: App, actor: Actor, now: datetime, options: dict[str, Any]) -> str:
        app.resume(actor=actor, now=now)
        return f"{app.name}: {resumed(app, now)}"
