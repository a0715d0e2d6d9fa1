"""What templates of schedules need: `{% load schedules %}`."""

from datetime import UTC, datetime

from django import template
from django.utils.dateformat import format as format_date

register = template.Library()


@register.filter
def wall(moment: datetime) -> str:
    """`{{ time.local|wall }}`: as a clock on the wall of its own zone shows it, not in the server's zone."""
    return format_date(moment, "D j M Y, H:i:s")


@register.filter
def utc(moment: datetime) -> str:
    """`{{ time.utc|utc }}`: the same in UTC, which it says."""
    return f"{format_date(moment.astimezone(UTC), 'D j M Y, H:i:s')} UTC"
