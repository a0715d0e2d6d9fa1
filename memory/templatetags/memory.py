"""Addresses of documents: `{% load memory %}`. A main file and a file of the folder have two of each."""

from django import template
from django.urls import reverse

from memory.places import Place

register = template.Library()


@register.simple_tag
def document_url(verb: str, place: Place, name: str = "", number: int | None = None) -> str:
    """`{% document_url "document_edit" place name %}`; ``number`` is that of a revision."""
    arguments: dict[str, object] = {"place_key": place.key}
    if name:
        arguments["relative"] = name
    if number is not None:
        arguments["number"] = number
    return reverse(f"memory:{verb}", kwargs=arguments)


@register.simple_tag
def share(part: int, whole: int) -> int:
    """`{% share 3 12 %}`: 25, the part in percent, at most 100."""
    return min(100, round(100 * part / whole)) if whole else 0
