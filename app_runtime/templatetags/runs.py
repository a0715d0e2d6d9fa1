"""What other apps' templates show of runs: `{% load runs %}`."""

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from app_manager.models import App
from app_runtime.escalations.rows import QuestionRow
from app_runtime.models import Entry, Notification
from app_runtime.notifications.words import without_hosts
from app_runtime.pages import AppCard, app_cards
from app_runtime.usage.drawing import Column, Drawing
from app_runtime.usage.sums import Usage
from halo_site import markdown
from halo_site.access import standing
from halo_site.roles import Role

register = template.Library()


@register.simple_tag
def app_card(app: App) -> AppCard:
    """`{% app_card app as card %}`: what an app is shown as, on every page of it the same."""
    return app_cards([app])[0]


@register.simple_tag(takes_context=True)
def question_row(context: Context, entry: Entry) -> QuestionRow:
    """`{% question_row entry as row %}`: a question as `_question.html` shows it; its app is loaded."""
    person = standing(context["request"])
    return QuestionRow(entry, timezone.now(), person.may(Role.OPERATOR, entry.app.space_id))


@register.simple_tag(takes_context=True)
def trouble(context: Context, row: Notification) -> str:
    """`{% trouble row as words %}`: why a message did not arrive; where its target is, managers read only."""
    is_manager = standing(context["request"]).may(Role.MANAGER)
    return row.last_error if is_manager else without_hosts(row.last_error)


@register.filter
def as_title(text: str) -> str:
    """`{{ item.question|as_title }}`: markdown of an agent as one line of text."""
    return markdown.plain(text)


@register.filter
def as_markdown(text: str) -> SafeString:
    """`{{ row.why|as_markdown }}`: markdown of an agent as safe HTML."""
    return markdown.render(text)


@register.simple_tag
def usage_columns(drawing: Drawing) -> SafeString:
    """`{% usage_columns chart %}`: the bars. Drawn here, not in the template: they are hundreds of pieces."""
    return SafeString("".join(map(_column, drawing.columns)))


@register.simple_tag
def usage_cells(usage: Usage) -> SafeString:
    """`{% usage_cells row.usage %}`: the numbers of a row of usage; a page has hundreds of them."""
    cells = (
        (_("Cost"), usage.money),
        (_("Runs"), usage.runs_counted),
        (_("Turns"), usage.turns_counted),
        (_("In"), usage.incoming),
        (_("From a cache"), usage.cached),
        (_("Out"), usage.outgoing),
    )
    return format_html_join("", '<td class="num is-number" data-name="{}">{}</td>', cells)


def _column(column: Column) -> str:
    """All but the words are numbers of ours."""
    slot = column.slot
    pieces = "".join(
        f'<rect fill="url(#usage-paint-{piece.paint})" x="{piece.x}" y="{piece.y}" width="{piece.width}" '
        f'height="{piece.height}"/>'
        for piece in column.pieces
    )
    low = f'<circle class="chart-low" cx="{column.middle}" cy="-8" r="2.5"/>' if column.is_low else ""
    return (
        f'<g class="chart-column"><title>{conditional_escape(column.words)}</title>'
        f'<rect class="chart-slot" x="{slot.x}" width="{slot.width}" height="100%"/>{pieces}{low}</g>'
    )
