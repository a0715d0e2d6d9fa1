"""Installed apps for administrators. Every change goes through the verbs that the site's own pages use."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from app_manager import app_actions
from app_manager.app_form import AppForm
from app_manager.models import App, SpecVersion
from halo_site import audit
from halo_site.datadir.spaces import all_spaces
from halo_site.read_only import IndexedAdmin, ReadOnlyAdmin, begins, linked, listed, pretty


class SpaceFilter(admin.SimpleListFilter):
    """By the space's name; the table has only its id."""

    title = _("space")
    parameter_name = "space_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(space.id, space.name) for space in all_spaces()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.in_space(self.value()) if self.value() else queryset


@admin.register(App)
class AppAdmin(IndexedAdmin):
    form = AppForm
    list_per_page = 25  # an app has many columns, and each costs the page time
    list_display = ("name", "status", "space_name", "installed_at", "last_run_at", "runs", "page")
    list_filter = ("status", SpaceFilter)
    search_fields = ("spec_id",)
    search_words: ClassVar[Any] = _("Finds part of a name, or the beginning of an id.")
    ordering = ("-installed_at", "id")
    sortable_by = ("installed_at",)
    actions = app_actions.ALL
    fields = (
        *("id", "elsewhere", "spec_id", "status", "error_message", "pending_escalation_id", "space_id"),
        *("configuration", "granted_and_denied", "overrides"),
        *("installed_at", "uninstalled_at", "resumed_at", "last_run_at", "last_run_outcome", "data_path"),
        "spec_json",
    )
    readonly_fields = tuple(
        name
        for name in fields
        if name not in {"space_id", "configuration", "granted_and_denied", "overrides"}
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never in one step: an app is uninstalled first, then deleted for ever by an action."""
        return False

    def has_delete_app_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("app_manager.delete_app"))

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()[:200].replace("\0", "")
        if not term:
            return queryset, False
        return queryset.filter(Q(spec_id__icontains=term) | begins("id", term.lower())), False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form with who fills it in, for the audit log."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("AppFormOf", (form,), {"actor": audit.person(request.user)})

    def save_model(self, request: HttpRequest, obj: App, form: Any, change: bool) -> None:
        """By the verbs, each with its own line in the audit log."""
        form.decide()

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return redirect("app_manager:app_new")

    @admin.display(description=_("space"))
    def space_name(self, app: App) -> str:
        return app.space.name if app.space else app.space_id or ""

    @admin.display(description=_("runs"))
    def runs(self, app: App) -> SafeString:
        return listed("app_runtime_run", _("its runs"), app__id__exact=app.pk)

    @admin.display(description=_("on the site"))
    def page(self, app: App) -> SafeString:
        address = reverse("app_runtime:app_thread", args=[app.pk])
        return format_html('<a href="{}">{}</a>', address, _("its page"))

    @admin.display(description=_("see also"))
    def elsewhere(self, app: App) -> SafeString:
        page = reverse("app_runtime:app_thread", args=[app.pk])
        runs = listed("app_runtime_run", _("runs"), app__id__exact=app.pk)
        entries = listed("app_runtime_entry", _("entries"), app__id__exact=app.pk)
        jobs = listed("scheduler_job", _("jobs"), q=app.pk)
        specs = listed("app_manager_specversion", _("previous specs"), app__id__exact=app.pk)
        log = listed("halo_site_auditentry", _("audit"), object_type__exact="app", object_id__exact=app.pk)
        links = format_html("{} · {} · {} · {} · {}", runs, entries, jobs, specs, log)
        return format_html('<a href="{}">{}</a> · {}', page, _("page"), links)

    @admin.display(description=_("spec"))
    def spec_json(self, app: App) -> SafeString:
        return pretty(app.spec)


@admin.register(SpecVersion)
class SpecVersionAdmin(ReadOnlyAdmin):
    list_display = ("app_link", "number", "version", "replaced_at", "replaced_by")
    list_select_related = ("app",)
    ordering = ("-id",)
    exclude = ("app", "spec_text")
    readonly_fields = ("app_link", "text")

    @admin.display(description=_("app"))
    def app_link(self, version: SpecVersion) -> SafeString | str:
        return linked("app_manager_app", version.app_id, version.app.name)

    @admin.display(description=_("spec"))
    def text(self, version: SpecVersion) -> SafeString:
        return format_html("<pre>{}</pre>", version.spec_text)
