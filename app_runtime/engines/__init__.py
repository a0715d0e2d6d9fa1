"""The engines that make model turns."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.utils.module_loading import import_string

from app_runtime.engines.base import Engine
from app_runtime.exceptions import EngineError
from app_runtime.models import REHEARSAL
from halo_site.datadir.ai_sources import AiSources, ModelSource
from halo_site.datadir.config import config_state, site_config

if TYPE_CHECKING:
    from app_manager.models import App
    from app_runtime.models import Run

__all__ = ["Engine", "engine_for", "engine_name", "sources_for"]

MODEL = "model"
REHEARSAL_ENGINE = "app_runtime.engines.rehearsal.RehearsalEngine"


def engine_name() -> str:
    """What `engine_for` is going to be called, as far as that is known without loading it."""
    if settings.HALO_ENGINE:
        return ""  # whoever names an engine of their own has it named once it is made
    return MODEL if site_config().ai_sources.is_meant else REHEARSAL


def engine_for(run: "Run") -> Engine:
    """The engine of this run, imported by the worker alone: no other process loads model libraries.

    The setting ``HALO_ENGINE`` names another one. Without any model source, runs are rehearsals. Raises
    `EngineError` where there are sources and none is chosen, and where config.json does not tell.
    """
    if config_state().obstacle:
        raise EngineError(config_state().obstacle)
    known = site_config().ai_sources
    if settings.HALO_ENGINE or not known.is_meant:
        make = cast("Callable[[Run], Engine]", import_string(settings.HALO_ENGINE or REHEARSAL_ENGINE))
        return make(run)
    from app_runtime.engines.model import ModelEngine

    sources = sources_for(run.app, known)
    if not sources and known.problems:
        raise EngineError(f"No model source can be used as it stands in config.json: {known.problems[0]}")
    if not sources:
        raise EngineError("No model is chosen: make one of the model sources in the settings the default.")
    return ModelEngine(sources)


def sources_for(app: "App", known: AiSources) -> list[ModelSource]:
    """The app's own choice or the site's default, then the fallbacks. A choice that is gone is none."""
    own = app.user_overrides.get("model")
    return known.chain(own if isinstance(own, str) and known.get(own) else "")
