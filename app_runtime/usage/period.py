"""The days that a page about usage is of, in the server's zone. Pure: today is an argument."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST_DAYS = 1_096  # three years
DEFAULT = "30"
PRESETS = {
    "7": gettext_lazy("7 days"),
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("A year"),
}
IN_WORDS = {
    "7": gettext_lazy("in the last 7 days"),
    "30": gettext_lazy("in the last 30 days"),
    "90": gettext_lazy("in the last 90 days"),
    "365": gettext_lazy("in the last year"),
}


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both of them too. ``preset``: one of `PRESETS`, or empty."""

    first: date
    last: date
    preset: str = ""

    @classmethod
    def of(cls, preset: str, today: date) -> "Period":
        """The days of a preset up to today, which is the last of them."""
        return cls(today - timedelta(days=int(preset) - 1), today, preset)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def words(self) -> str:
        """When it was: "in the last 30 days", "on 3 Oct 2026", "from 1 Oct 2026 to 3 Oct 2026"."""
        if self.preset:
            return str(IN_WORDS[self.preset])
        if self.first == self.last:
            return _("on %(day)s") % {"day": day_words(self.first)}
        return _("from %(first)s to %(last)s") % {
            "first": day_words(self.first),
            "last": day_words(self.last),
        }


def day_words(day: date) -> str:
    """A day as people read it: "3 Oct 2026"."""
    return date_format(day, "j M Y")
