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
        if app.status == wanted:
            sentence = _("%(name)s is %(status)s already.")
        elif app.status == Status.UNINSTALLED:
            sentence = _("%(name)s is uninstalled. Reinstall it first.")
        else:
            sentence = _("%(name)s is %(status)s and cannot become %(wanted)s.")
        words = {"status": app.get_status_display().lower(), "wanted": Status(wanted).label.lower()}
        super().__init__(sentence % {"name": app.name, **words})


class ScheduleRefused(AppError):
    """A schedule cannot be used for this app."""


class ScheduleMoved(AppError):
    """Somebody else changed the schedule meanwhile."""

    def __init__(self) -> None:
        super().__init__(_("This schedule was changed by somebody else meanwhile, so yours was not saved."))


class PermissionsMoved(AppError):
    """Somebody else decided the permissions meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            _("The permissions were decided by somebody else meanwhile. Nothing was changed; look again.")
        )


class StaleSpec(AppError):
    """Another spec came into force since the person looked."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Another spec came into force meanwhile, so nothing was changed. "
                "Compare with that one, then decide again."
            )
        )


class SpecRefused(AppError):
    """A legal spec that this app cannot have now."""


class SpecVersionNotFound(AppError):
    """The app has no previous spec of that number."""

    def __init__(self, number: int) -> None:
        sentence = _(
            "There is no previous spec %(number)s of this app. Its spec page lists those that exist."
        )
        super().__init__(sentence % {"number": number})


class NameTaken(AppError):
    """Another app of the space has the name that a spec would give this one."""

    def __init__(self, spec_id: str, *, is_uninstalled: bool = False) -> None:
        if is_uninstalled:
            sentence = _(
                "An uninstalled app of this space is called “%(name)s”, and a name is there once in a space. "
                "Delete that app for ever, or give the spec another name."
            )
        else:
            sentence = _(
                "Another app of this space is called “%(name)s”, and a name is there once in a space. "
                "Give the spec another name, or move one of the two to another space."
            )
        super().__init__(sentence % {"name": spec_id})


class CannotRun(AppError):
    """The app lacks something that it needs to run by itself."""

    def __init__(self, app: "App", obstacle: str) -> None:
        sentence = _("%(name)s cannot be resumed yet: %(obstacle)s.")
        super().__init__(sentence % {"name": app.name, "obstacle": obstacle})


class MoveRefused(AppError):
    """An uninstalled app belongs to no other space than its last."""

    def __init__(self, app: "App") -> None:
        sentence = _("%(name)s is uninstalled. Reinstall it first, then move it.")
        super().__init__(sentence % {"name": app.name})


class FolderUnknown(AppError):
    """Nobody can tell where the files of the app are."""


class Namesake(AppError):
    """The other space has an app of this name."""

    def __init__(self, spec_id: str, space_name: str, *, is_uninstalled: bool) -> None:
        if is_uninstalled:
            sentence = _(
                "An uninstalled app called “%(name)s” lies in the space %(space)s. "
                "Delete that one for ever first, or keep this one where it is."
            )
        else:
            sentence = _("The space %(space)s has an app called “%(name)s” already.")
        super().__init__(sentence % {"name": spec_id, "space": space_name})


class SingleMade(AppError):
    """A form that was sent before made another single run than it asks for now."""


class DeletionRefused(AppError):
    """Only an uninstalled app is deleted for ever."""

    def __init__(self, app: "App") -> None:
        if app.status == Status.UNINSTALLED:
            sentence = _("%(name)s is not there any more: somebody has deleted it.")
        else:
            sentence = _("%(name)s is installed. Uninstall it first; then it can be deleted for ever.")
        super().__init__(sentence % {"name": app.name})


class SpaceRefused(AppError):
    """A space cannot be so; ``problems`` has a sentence by the name of the field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class OrderStale(AppError):
    """An order that does not name each space once."""

    def __init__(self) -> None:
        super().__init__(
            _("A space came or went meanwhile, so the order was left as it is. Look again, then move it.")
        )


class SpaceInUse(AppError):
    """A space that holds apps is not deleted."""

    def __init__(self, name: str, apps: list[str], *, more: bool) -> None:
        sentence = _(
            "The space %(name)s holds apps or their files: %(apps)s. Delete them for ever first. An app that "
            "is moved to another space keeps its files where they are."
        )
        listed = ", ".join(apps) + (", …" if more else "")
        super().__init__(sentence % {"name": name, "apps": listed})
