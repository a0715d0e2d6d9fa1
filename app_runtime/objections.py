"""What runs have against another spec for their app."""

from django.utils.translation import gettext as _

from app_manager.models import App
from app_manager.objections import register_objection
from app_manager.spec import AppSpec
from app_runtime.models import Run


def object_to_spec(app: App, spec: AppSpec) -> str:
    """Only an automation has runs: one that has any under way stays one until they have ended."""
    if app.parsed_spec.type != "automation" or spec.type == "automation":
        return ""
    run = Run.objects.for_app(app).unfinished().first()
    if run is None:
        return ""
    sentence = _(
        "The new spec is of the type %(type)s, which has no runs, and run %(run)s of this app has not ended. "
        "Wait until it has, then update."
    )
    return sentence % {"type": spec.type, "run": run.short_id}


def register() -> None:
    """Called once, when Django is ready."""
    register_objection("runs", object_to_spec)
