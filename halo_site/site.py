"""The administration: Django's, with the spaces beside the tables."""

from importlib import import_module
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from halo_site.access import require
from halo_site.roles import Role


class AdministrationConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "halo_site.site.Administration"

    def ready(self) -> None:
        """Registers what the admins of all apps name, then people, whose page stands on those."""
        super().ready()
        import_module("halo_site.people")


class Administration(admin.AdminSite):
    """For administrators, staff or not. Lists the spaces too: they are files, and have a page of the site."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether they are an administrator; others who are signed in get the sentence that says so."""
        if request.user.is_authenticated:
            require(request, Role.ADMINISTRATOR)
        return bool(request.user.is_authenticated)

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
