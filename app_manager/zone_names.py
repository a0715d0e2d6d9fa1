"""The time zones that a form offers."""

from functools import lru_cache
from zoneinfo import available_timezones

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

# Names that are there for old programs: they are taken, and not offered
OLD = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@lru_cache(maxsize=1)
def zone_options() -> SafeString:
    """Places of the IANA database and UTC as options, made once per process: there are hundreds."""
    places = (name for name in available_timezones() if "/" in name and not name.startswith(OLD))
    names = ("UTC", *sorted(places))
    return format_html_join("", '<option value="{}"></option>', ((name,) for name in names))
