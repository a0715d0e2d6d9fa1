"""What app_manager refuses, each in a sentence that a person can act on."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from app_manager.states import Status

if TYPE_CHECKING:
    from app_manager.models import App


class AppError(Exception):
    """The root of this package's refusals."""


class SpaceNotFound(AppError):
    """No space has this id."""

    def __init__(self, space_id: str) -> None:
        sentence = _("There is no space with the id %(id)s. The spaces page lists those that exist.")
        super().__init__(sentence % {"id": space_id})


class AlreadyInstalled(AppError):
    """The space has an app of this name."""

    def __init__(self, spec_id: str, app_id: str) -> None:
        sentence = _("“%(name)s” is already installed in this space, as %(id)s.")
        super().__init__(sentence % {"name": spec_id, "id": app_id})
        self.app_id = app_id


class FoldersRefused(AppError):
    """The folders of an app could not be made."""


class ConfigurationRefused(AppError):
    """A configuration value does not fit its field; one sentence a line."""


class StatusRefused(AppError):
    """The state machine has no such change."""

    def __init__(self, app: "App", wanted: str) -> None:
        sentence = _("%(name)s is %(status)s and cannot become %(wanted)s.")
        words = {"status": app.get_status_display().lower(), "wanted": Status(wanted).label.lower()}
        super().__init__(sentence % {"name": app.name, **words})
