"""The notification targets that are set up, as who sends asks for them."""

from app_runtime.exceptions import TargetUnknown
from halo_site.datadir.config import site_config
from halo_site.datadir.notification_targets import NotificationTarget

NONE_SET_UP = "No notification target is set up on this site."


def all_targets() -> tuple[NotificationTarget, ...]:
    """What is set up now."""
    return site_config().notifications.targets


def chosen_targets(target_id: str | None) -> tuple[NotificationTarget, ...]:
    """The target of that id, or all of them. Raises `TargetUnknown`, which names the known ones."""
    known = all_targets()
    if not known:
        raise TargetUnknown(NONE_SET_UP)
    chosen = tuple(target for target in known if target_id in (None, target.id))
    if not chosen:
        raise TargetUnknown(f"There is no notification target with this id. Known: {in_words(known)}.")
    return chosen


def in_words(targets: tuple[NotificationTarget, ...]) -> str:
    """``phone (My phone), mail (Mail)``."""
    return ", ".join(f"{target.id} ({target.name})" for target in targets)
