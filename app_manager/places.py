"""Tells the memory where the apps' files lie, and what each app may do there."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app_manager.models import App
from app_manager.states import Status
from halo_site.datadir.spaces import all_spaces
from memory.permissions import Caller
from memory.places import ClosedPlace, Place, place_of_app, register_places

SPACE_MEMORY = "memory.space"


class InstalledApps:
    """The apps of this installation as memory's provider. An app whose space is gone has no place."""

    def find(self, app_id: str) -> Place | None:
        app = App.objects.filter(pk=app_id).first()
        return place_of(app) if app else None

    def all(self, limit: int | None = None) -> Iterable[Place]:
        installed = App.objects.installed().newest_first()[:limit]
        return [place for app in installed if (place := place_of(app))]

    def ids(self) -> Iterable[str]:
        return App.objects.installed().newest_first().values_list("pk", flat=True)

    def some(self, app_ids: Sequence[str]) -> Iterable[Place]:
        apps = App.objects.installed().filter(pk__in=app_ids)
        return [place for app in apps if (place := place_of(app))]

    def closed(self, app_id: str | None = None) -> Iterable[ClosedPlace]:
        spaces = [space.id for space in all_spaces()]
        odd = App.objects.exclude(space_id__in=spaces, data_path__isnull=True)
        apps = odd.installed() if app_id is None else odd.filter(pk=app_id)
        return [found for app in apps if (found := _closed_place_of(app))]

    def caller(self, app_id: str) -> Caller | None:
        app = App.objects.filter(pk=app_id).first()
        return caller_of(app) if app else None


def place_of(app: App) -> Place | None:
    """Where the app's memory lies; links are refused from its space's path on."""
    space = app.space
    try:
        folder = app.folder
    except LookupError:
        return None
    base = space.path if space is not None and folder.is_relative_to(space.path) else None
    place = place_of_app(app.pk, app.name, app.space_id, folder, base)
    return replace(place, is_uninstalled=app.status == Status.UNINSTALLED)


def _closed_place_of(app: App) -> ClosedPlace | None:
    try:
        _folder = app.folder
    except LookupError as error:
        return ClosedPlace(f"app:{app.pk}", app.name, app.space_id, str(error))
    return None


def caller_of(app: App) -> Caller:
    """The app as memory knows it when a run of it asks."""
    return Caller("app", app.pk, app.space_id, space_memory=app.access.allows(SPACE_MEMORY))


def register() -> None:
    """Make memory know the apps; called once, when Django is ready."""
    register_places(InstalledApps())
