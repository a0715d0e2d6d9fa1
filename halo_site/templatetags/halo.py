"""The template tags that draw the components of the site: `{% load halo %}`."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from halo_site import icons, quantities, strips
from halo_site.quantities import relative
from halo_site.visible import with_marks

register = template.Library()

UTC_NAMES = {"UTC", "Etc/UTC"}
EXACT = "D j M Y, H:i:s"
TRACK = 1000  # the width of a bar's own co-ordinates


@register.simple_tag
def icon(name: str) -> SafeString:
    """`{% icon "play" %}`: a drawing without a meaning of its own; the word stands beside it."""
    return icons.draw(name)


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that stands for a tone: `{% icon message.level_tag|tone_icon %}`."""
    return icons.BY_TONE.get(tone, "quiet")


@register.simple_tag
def chip(tone: str, text: str, icon: str = "") -> SafeString:
    """`{% chip "ok" "Finished" "check" %}`: a state as colour, icon and word."""
    drawing = icons.draw(icon or tone_icon(tone))
    return format_html('<span class="chip tone-{}">{}{}</span>', tone, drawing, text)


@register.simple_tag
def when(moment: datetime | None, otherwise: str = "") -> SafeString | str:
    """`{% when run.started_at %}`: relative in words, exact on hover; None is "unknown" or the given word."""
    if moment is None:
        return otherwise or quantities.unknown()
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        utc.isoformat(timespec="milliseconds"),
        exact(moment),
        relative(moment, timezone.now()),
    )


@register.filter
def visible(text: str) -> SafeString:
    """`{{ choice|visible }}`: a text of others, with marks for characters that nobody sees."""
    return with_marks(str(text))


@register.filter
def exact(moment: datetime) -> str:
    """A moment to the second in the server's zone and in UTC; once where these are one."""
    local = timezone.localtime(moment)
    if timezone.get_current_timezone_name() in UTC_NAMES:
        return f"{format_date(local, EXACT)} UTC"
    return _("%(local)s (%(zone)s) · %(utc)s UTC") % {
        "local": format_date(local, EXACT),
        "zone": timezone.get_current_timezone_name(),
        "utc": f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
    }


@register.filter
def capped(count: int, cap: int) -> str:
    """`{{ page.runs|capped:1000 }}`: "12", or "1,000+" where counting stopped."""
    return quantities.capped(count, cap)


@register.simple_tag
def duration(milliseconds: int | None) -> str:
    """`{% duration run.duration_ms %}`: "1 min 12 s"."""
    return quantities.duration(milliseconds)


@register.simple_tag(name="bytes")
def byte_size(count: int | None) -> str:
    """`{% bytes document.size %}`: "3.1 KB"."""
    return quantities.size(count)


@register.simple_tag
def face(name: str, large: bool = False) -> SafeString:
    """`{% face app.name %}`: the first letter or character of a name, as its picture."""
    first = next((character for character in name if character.isalnum()), "?")
    size = " is-large" if large else ""
    return format_html('<span class="face{}" aria-hidden="true">{}</span>', size, first.upper())


@register.inclusion_tag("halo_site/_strip.html")
def strip(bars: Sequence[strips.Bar], n: int = 14, words: str = "") -> dict[str, Any]:
    """`{% strip bars %}`: the newest n runs, oldest first; fewer are filled up with empty places.

    ``words`` are the text alternative of bars that are no runs.
    """
    shown = list(bars)[-n:]
    summary = words or strips.summary(shown)
    return {"summary": summary, "bars": _bars(shown), "empty": range(n - len(shown))}


def _bars(bars: Iterable[strips.Bar]) -> SafeString:
    """Drawn here, not in the template: a list of apps has hundreds."""
    linked = '<a class="strip-bar tone-{}" href="{}" title="{}" tabindex="-1"></a>'
    plain = '<i class="strip-bar tone-{}" title="{}"></i>'
    drawn = (
        format_html(linked, bar.tone, bar.href, bar.title)
        if bar.href
        else format_html(plain, bar.tone, bar.title)
        for bar in bars
    )
    return format_html_join("", "{}", ((bar,) for bar in drawn))


@register.simple_tag
def meter(used: float, limit: float | None, tone: str = "run") -> SafeString:
    """`{% meter 4 100 %}`: how much of a limit is used; without a limit only the track."""
    share = min(max(used / limit, 0), 1) if limit else 0
    return _bar("", tone, 0, round(share * TRACK))


@register.simple_tag
def lane(start: float, length: float, whole: float, tone: str = "run") -> SafeString:
    """`{% lane 200 60 1000 "tool" %}`: where a step lies in the time of its run, all in one unit."""
    scale = TRACK / whole if whole else 0
    left = min(max(round(start * scale), 0), TRACK - 6)
    # a step of no length is still to be seen
    width = max(min(round(length * scale), TRACK - left), 6)
    return _bar(" is-step", tone, left, width)


def _bar(kind: str, tone: str, left: int, width: int) -> SafeString:
    paint = "is-tool" if tone == "tool" else f"tone-{tone}"
    return format_html(
        '<svg class="bar{}" viewBox="0 0 {} 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="{}" x="{}" width="{}" height="10"/></svg>',
        kind,
        TRACK,
        paint,
        left,
        width,
    )
