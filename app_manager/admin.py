"""Installed apps for administrators: to look at. What changes them are the site's own pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from app_manager.models import App
from halo_site.datadir.spaces import all_spaces
from halo_site.read_only import ReadOnlyAdmin, pretty


class SpaceFilter(admin.SimpleListFilter):
    """By the space's name; the table has only its id."""

    title = _("space")
    parameter_name = "space_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(space.id, space.name) for space in all_spaces()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.in_space(self.value()) if self.value() else queryset


@admin.register(App)
class AppAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "spec_id",
        "status",
        "space_name",
        "installed_at",
        "last_run_at",
        "last_run_outcome",
    )
    list_filter = ("status", SpaceFilter)
    search_fields = ("spec_id", "id__startswith")
    ordering = ("-installed_at", "id")
    fields = (
        *("id", "on_the_site", "spec_id", "space_name", "status", "error_message", "pending_escalation_id"),
        *("installed_at", "uninstalled_at", "last_run_at", "last_run_outcome", "data_path"),
        *("permissions_json", "user_config_json", "user_overrides_json", "spec_json"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As Django grants it; what adds an app is the site's own page."""
        return admin.ModelAdmin.has_add_permission(self, request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return redirect("app_manager:app_new")

    @admin.display(description=_("space"))
    def space_name(self, app: App) -> str:
        return app.space.name if app.space else app.space_id or ""

    @admin.display(description=_("page"))
    def on_the_site(self, app: App) -> SafeString:
        return format_html('<a href="{0}">{0}</a>', reverse("app_runtime:app_thread", args=[app.pk]))

    @admin.display(description=_("permissions"))
    def permissions_json(self, app: App) -> SafeString:
        return pretty(app.permissions)

    @admin.display(description=_("configuration"))
    def user_config_json(self, app: App) -> SafeString:
        return pretty(app.user_config)

    @admin.display(description=_("overrides"))
    def user_overrides_json(self, app: App) -> SafeString:
        return pretty(app.user_overrides)

    @admin.display(description=_("spec"))
    def spec_json(self, app: App) -> SafeString:
        return pretty(app.spec)
