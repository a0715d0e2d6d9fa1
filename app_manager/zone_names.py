"""The names of time zones that a form offers."""

from functools import lru_cache
from zoneinfo import available_timezones

# Names that are there for old programs: they are taken, and not offered
OLD = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Places of the IANA database and UTC, read once per process: reading them walks its folder."""
    places = (name for name in available_timezones() if "/" in name and not name.startswith(OLD))
    return ("UTC", *sorted(places))
