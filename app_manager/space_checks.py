"""What a person says of a space, judged: a sentence by field, or the fields as they are stored."""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from app_manager.exceptions import SpaceInUse, SpaceRefused
from app_manager.models import App
from app_manager.space_icons import ICONS
from halo_site.datadir.names import JOINERS
from halo_site.datadir.paths import data_dir, is_plain_path
from halo_site.datadir.space_meta import LONGEST_NAME, read_meta
from halo_site.datadir.spaces import Space, all_spaces, holds_ours

NAMES_SHOWN = 5


def checked_fields(name: str, icon: str, working_dir: str, space: Space | None) -> dict[str, Any]:
    """What a person gave, as it is stored. Raises `SpaceRefused` with every problem by field."""
    name, working_dir = " ".join(name.split()), _path_in(working_dir)
    reasons = {
        "name": _problem_of_name(name, space),
        "icon": _problem_of_icon(icon, space),
        "working_dir": _problem_of_working_dir(working_dir, space) if working_dir else "",
    }
    problems = {field: reason for field, reason in reasons.items() if reason}
    if problems:
        raise SpaceRefused(problems)
    return {"name": name, "icon": icon, **({"workingDir": working_dir} if working_dir else {})}


def checked_records(space: Space, folder: str) -> str:
    """Where the records of a space are now, which lay outside of ours. Raises `SpaceRefused`."""
    folder = _path_in(folder)
    reason = _problem_of_records(space, folder)
    if reason:
        raise SpaceRefused({"folder": reason})
    return folder


def refuse_in_use(space: Space) -> None:
    """Raise `SpaceInUse` while an app, uninstalled or not, would lose its place with this space's folder.

    Raises `SpaceRefused` where another space lies in the folder that would be moved.
    """
    inside = App.objects.filter(space_id=space.id)
    guests = App.objects.filter(data_path__startswith=f"{space.path}/").exclude(space_id=space.id)
    names = [app.name for app in (*inside[: NAMES_SHOWN + 1], *guests[: NAMES_SHOWN + 1])]
    if names:
        raise SpaceInUse(space.name, names[:NAMES_SHOWN], more=len(names) > NAMES_SHOWN)
    for other in all_spaces():
        if space.is_our_own and other.id != space.id and other.path.is_relative_to(space.path):
            sentence = _("The records of the space %(name)s lie in this one. Delete that one first.")
            raise SpaceRefused({"space": sentence % {"name": other.name}})


def _path_in(text: str) -> str:
    """A path as a person types it, without a slash at its end."""
    text = text.strip()
    return text.rstrip("/") or text[:1]


def _problem_of_name(name: str, space: Space | None) -> str:
    visible = "".join(char for char in name if char not in JOINERS)
    if not visible or len(name) > LONGEST_NAME or not visible.isprintable():
        return _("Give it a name of 1 to %(longest)s printable characters.") % {"longest": LONGEST_NAME}
    others = (other for other in all_spaces() if space is None or other.id != space.id)
    if any(other.name.casefold() == name.casefold() for other in others):
        return _("Another space has this name. Names tell spaces apart in lists.")
    return ""


def _problem_of_icon(icon: str, space: Space | None) -> str:
    is_known = icon in ICONS or (space is not None and icon == space.icon)
    return "" if is_known else _("Choose one of the icons.")


def _problem_of_working_dir(text: str, space: Space | None) -> str:
    """Why this cannot be where agents work; empty where it can. One that stays as it is may be gone."""
    if space is not None and Path(text) == space.working_dir:
        return ""
    if not is_plain_path(text):
        return _("Give an absolute path, such as /srv/project, without “..” in it.")
    path, root = Path(text), data_dir().root.resolve()
    try:
        if not path.exists():
            return _("There is no such folder on this server. Make it first.")
        if not path.is_dir():
            return _("This is a file. Name the folder that it lies in.")
        real = path.resolve()
    except OSError as error:
        return _("This folder cannot be looked at: %(reason)s.") % {"reason": error.strerror or error}
    if real.is_relative_to(root) or root.is_relative_to(real):
        return _("This folder lies over the data directory, where records are kept. Choose another one.")
    return ""


def _problem_of_records(space: Space, folder: str) -> str:
    """Why the records of a space cannot be there; empty where they can."""
    if not folder:
        words = _("The folder %(path)s is missing. Mount the disk that it lies on, or name where it is now.")
        return words % {"path": space.path}
    if not is_plain_path(folder):
        return _("Give an absolute path, such as /srv/records, without “..” in it.")
    if holds_ours(Path(folder)) or holds_ours(Path(folder).resolve()):
        return _("This folder lies over the data directory. Name another one.")
    if read_meta(Path(folder)).get("id") != space.id:
        return _(
            "This folder is not of this space: its .halo/meta.json is missing or names another space. "
            "Nothing was changed."
        )
    return ""
