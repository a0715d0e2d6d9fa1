"""Verbs stand in a page only for those who may use them: `{% load roles %}`."""

from typing import Any

from django import template

from halo_site.roles import NOBODY, Role, Standing, standing_of

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: Any, needed: str, space_id: str | None = None) -> bool:
    """`{% may "operator" app.space_id as can %}`: whether whoever looks has that role in the space.

    Without a space, on the whole site.
    """
    return _standing(context).may(Role(needed), space_id or None)


@register.simple_tag(takes_context=True)
def may_somewhere(context: Any, needed: str) -> bool:
    """`{% may_somewhere "manager" as can %}`: whether they have it on the site or in any space."""
    return _standing(context).may_somewhere(Role(needed))


def _standing(context: Any) -> Standing:
    """Nobody's where a page is drawn without a request, as that of an error is."""
    user = getattr(context.get("request"), "user", None)
    return NOBODY if user is None else standing_of(user)
