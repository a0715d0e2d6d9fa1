"""The engines that make model turns."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.utils.module_loading import import_string

from app_runtime.engines.base import Engine

if TYPE_CHECKING:
    from app_runtime.models import Run

__all__ = ["Engine", "engine_for"]


def engine_for(run: "Run") -> Engine:
    """The engine of this run, imported by the worker alone: no other process loads model libraries."""
    make = cast("Callable[[Run], Engine]", import_string(settings.HALO_ENGINE))
    return make(run)
