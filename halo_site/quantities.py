"""Times, lengths, sizes and money as people say them. The unknown is "unknown", never 0 (LOOK, Numbers)."""

from datetime import datetime
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE = 60  # seconds
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONTH = 2_629_746  # seconds: the mean of the Gregorian calendar
YEAR = 12 * MONTH


def unknown() -> str:
    """The word for every figure that nobody measured."""
    return _("unknown")


def relative(moment: datetime, now: datetime) -> str:
    """How far an aware moment is from an aware now: "3 min ago", "in 3 h 40 min", "just now", "now"."""
    seconds = (moment - now).total_seconds()
    distance = int(abs(seconds))
    if distance == 0:
        return _("now") if seconds > 0 else _("just now")
    if seconds > 0:
        return _("in %(span)s") % {"span": span(distance)}
    return _("%(span)s ago") % {"span": span(distance)}


def span(seconds: int) -> str:
    """Whole seconds in at most two units, the rest cut off."""
    if seconds < MINUTE:
        return _("%(count)d s") % {"count": seconds}
    if seconds < HOUR:
        return _("%(count)d min") % {"count": seconds // MINUTE}
    if seconds < DAY:
        return _hours(seconds)
    if seconds < 3 * DAY and seconds % DAY >= HOUR:
        days = ngettext("%(count)d day", "%(count)d days", seconds // DAY) % {"count": seconds // DAY}
        return f"{days} {_hours(seconds % DAY // HOUR * HOUR)}"
    if seconds < MONTH:
        return ngettext("%(count)d day", "%(count)d days", seconds // DAY) % {"count": seconds // DAY}
    if seconds < YEAR:
        return ngettext("%(count)d month", "%(count)d months", seconds // MONTH) % {"count": seconds // MONTH}
    return ngettext("%(count)d year", "%(count)d years", seconds // YEAR) % {"count": seconds // YEAR}


def _hours(seconds: int) -> str:
    hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
    if not minutes:
        return _("%(count)d h") % {"count": hours}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


def duration(milliseconds: int | None) -> str:
    """A length of time: "26 ms", "1.4 s", "41 s", "1 min 12 s", "3 h 40 min"; None is "unknown"."""
    if milliseconds is None:
        return unknown()
    if milliseconds < 1000:
        return _("%(count)d ms") % {"count": milliseconds}
    if milliseconds < 10_000:
        # cut off, not rounded, so that 9.99 s is not "10.0 s"
        return _("%(count)s s") % {"count": number_format(milliseconds // 100 / 10, decimal_pos=1)}
    seconds = milliseconds // 1000
    if MINUTE <= seconds < HOUR and seconds % MINUTE:
        return _("%(minutes)d min %(seconds)d s") % {
            "minutes": seconds // MINUTE,
            "seconds": seconds % MINUTE,
        }
    return span(seconds)


def size(count: int | None) -> str:
    """A number of bytes in units of 1024: "812 bytes", "3.1 KB", "1 MB"; None is "unknown"."""
    if count is None:
        return unknown()
    if count < 1024:
        return ngettext("%(count)d byte", "%(count)d bytes", count) % {"count": count}
    amount, unit = count / 1024, "KB"
    for larger in ("MB", "GB", "TB"):
        if round(amount, 1) < 1024:
            break
        amount, unit = amount / 1024, larger
    whole = round(amount, 1) == int(round(amount, 1))
    return f"{number_format(round(amount, 1), decimal_pos=0 if whole else 1)} {unit}"


def dollars(amount: Decimal | None) -> str:
    """US dollars with every digit that matters, and at least cents: "0.0000004 USD"; None is "unknown"."""
    if amount is None:
        return unknown()
    whole, _point, digits = f"{amount:,.12f}".rstrip("0").partition(".")
    return f"{whole}.{digits:0<2} USD"


def at_least(words: str, missing: int) -> str:
    """A known sum in words, of which ``missing`` parts are unknown: "at least 3.10 USD"."""
    return _("at least %(sum)s") % {"sum": words} if missing else words


def capped(count: int, cap: int) -> str:
    """A count that stopped at ``cap``: "1,000+" where there may be more."""
    return f"{count:,}+" if count >= cap else f"{count:,}"
