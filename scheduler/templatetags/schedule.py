"""The drawings of the schedule: `{% load schedule %}`. Places are attributes: no style in line."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from scheduler.day import BUCKET, MINUTES
from scheduler.day_page import DayPage, Lane, Mark

register = template.Library()
HEIGHT = 100


@register.simple_tag
def day_lane(lane: Lane, page: DayPage) -> SafeString:
    """`{% day_lane lane page %}`: one job's day, with the line of now."""
    return _drawing("day-lane", _rectangles(lane.marks, whole=True), page)


@register.simple_tag
def day_density(page: DayPage) -> SafeString:
    """`{% day_density page %}`: how much is to come, all jobs together."""
    return _drawing("day-density", _rectangles(page.density, whole=False), page)


def _rectangles(marks: Iterable[Mark], *, whole: bool) -> SafeString:
    """As high as the drawing, or as high as their length says in percent."""
    rows = (
        (mark.paint, mark.minute, 0, mark.length, HEIGHT, mark.words)
        if whole
        else (mark.paint, mark.minute, HEIGHT - mark.length, BUCKET - 2, mark.length, mark.words)
        for mark in marks
    )
    shape = '<rect class="day-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
    return format_html_join("", shape, rows)


def _drawing(name: str, shapes: SafeString, page: DayPage) -> SafeString:
    now = page.window.now_minute
    line = format_html('<rect class="day-now" x="{}" y="0" width="2" height="{}"/>', now, HEIGHT)
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}{}</svg>',
        name,
        MINUTES,
        HEIGHT,
        shapes,
        line if page.window.has_now else "",
    )
