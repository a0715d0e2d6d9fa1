"""The icons that a space can have, by the names that its files have."""

from django.utils.translation import gettext_lazy as _

ICONS = {
    "folder": _("Folder"),
    "home": _("House"),
    "star": _("Star"),
    "spark": _("Spark"),
    "tool": _("Tool"),
    "user": _("Person"),
    "clock": _("Clock"),
    "sun": _("Sun"),
    "moon": _("Moon"),
}
SHAPES = {"folder": "space"}  # what an icon's name draws, where that is called otherwise


def shape(icon: str) -> str:
    """The drawing for an icon's name; one that this site does not draw is shown as a folder."""
    return SHAPES.get(icon, icon) if icon in ICONS else "space"
