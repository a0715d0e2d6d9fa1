"""What other apps' templates show of runs: `{% load runs %}`."""

from django import template

from app_manager.models import App
from app_runtime.pages import AppCard, app_cards

register = template.Library()


@register.simple_tag
def app_card(app: App) -> AppCard:
    """`{% app_card app as card %}`: what an app is shown as, on every page of it the same."""
    return app_cards([app])[0]
