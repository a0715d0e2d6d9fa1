"""The administration: Django's, with the spaces beside the tables."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _


class AdministrationConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "halo_site.site.Administration"


class Administration(admin.AdminSite):
    """Lists the spaces too: they are files and no table, so they have a page of the site."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        listed = super().get_app_list(request, app_label)
        for app in listed:
            if app["app_label"] == "app_manager":
                app["models"].append(_spaces())
        return listed


def _spaces() -> dict[str, Any]:
    """An entry as Django's own are."""
    try:
        address = reverse("app_manager:space_list")
    except NoReverseMatch:  # another list of addresses, as a test may have
        address = None
    return {
        "name": _("Spaces"),
        "object_name": "Space",
        "perms": {"view": True},
        "admin_url": address,
        "add_url": None,
        "view_only": True,
    }
