"""The time zone of this server, as a name that zoneinfo knows."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

LOCALTIME = Path("/etc/localtime")


def system_zone() -> str:
    """``TZ`` if it names a zone, else the zone that ``/etc/localtime`` links to, else UTC.

    Raises nothing: a server without a readable zone works in UTC, and the pages name the zone.
    """
    wanted = os.environ.get("TZ", "").removeprefix(":")
    if wanted and is_zone(wanted):
        return wanted
    if LOCALTIME.is_symlink():
        linked = str(LOCALTIME.resolve()).partition("zoneinfo/")[2].removeprefix("posix/")
        if linked and is_zone(linked):
            return linked
    return "UTC"


def is_zone(name: str) -> bool:
    """Whether ``name`` is an IANA zone of this machine's (or the tzdata package's) database."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return name in available_timezones() or name == "UTC"
