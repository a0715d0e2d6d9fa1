"""The settings of the site: models, limits, prices."""

from collections.abc import Callable
from functools import partial, wraps
from importlib import metadata
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_manager.limits import CAPS
from app_runtime import access
from app_runtime.exceptions import SourceUnknown
from app_runtime.manage_page import ManagePage
from app_runtime.models import Price
from app_runtime.settings import sources
from app_runtime.settings.changing import change_settings
from app_runtime.settings.forms import AppRunsForm, LimitsForm, PriceForm, SourceForm
from app_runtime.settings.pages import SettingsPage, SourceDeletion, SourcesPage, own_of
from app_runtime.settings.source_check import run_check
from halo_site import audit
from halo_site.access import on_site, standing
from halo_site.datadir.ai_sources import ModelSource
from halo_site.datadir.config import ConfigDamaged, RunSettings, config_state
from halo_site.roles import Role

PRICES_SHOWN = 200


def _told_when_damaged(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Where nothing is saved because config.json cannot be read, lead back to the sources and say so."""

    @wraps(view)
    def guarded(request: HttpRequest, **named: str) -> HttpResponse:
        try:
            return view(request, **named)
        except ConfigDamaged as error:
            messages.error(request, str(error))
            return redirect("app_runtime:source_list")

    return guarded


@require_safe
@on_site(Role.MANAGER)
def settings_index(request: HttpRequest) -> HttpResponse:
    return render(request, "app_runtime/settings/index.html", {"page": SettingsPage()})


@require_safe
@on_site(Role.MANAGER)
def source_list(request: HttpRequest) -> HttpResponse:
    return render(request, "app_runtime/settings/models.html", {"page": SourcesPage()})


@require_safe
@on_site(Role.MANAGER)
def source_new(request: HttpRequest) -> HttpResponse:
    return _source_page(request, SourceForm())


@require_POST
@on_site(Role.MANAGER)
def source_create(request: HttpRequest) -> HttpResponse:
    return _saved(request, None)


@require_safe
@on_site(Role.MANAGER)
def source_detail(request: HttpRequest, source_id: str) -> HttpResponse:
    source = _source(source_id)
    return _source_page(request, SourceForm.of(source), source)


@require_POST
@on_site(Role.MANAGER)
def source_save(request: HttpRequest, source_id: str) -> HttpResponse:
    return _saved(request, _source(source_id))


@require_POST
@on_site(Role.MANAGER)
def source_test(request: HttpRequest, source_id: str) -> HttpResponse:
    """Ask the source one small question; the page after it shows what came of it, and asks nothing again."""
    source = _source(source_id)
    checked = run_check(source.id)
    level = messages.SUCCESS if checked.ok else messages.ERROR
    messages.add_message(request, level, f"{source.name}: {checked.words}")
    return redirect("app_runtime:source_list")


@require_POST
@on_site(Role.MANAGER)
@_told_when_damaged
def source_default(request: HttpRequest, source_id: str) -> HttpResponse:
    sources.make_default(_source(source_id).id, actor=audit.person(request.user), now=timezone.now())
    return redirect("app_runtime:source_list")


@require_POST
@on_site(Role.MANAGER)
@_told_when_damaged
def source_order(request: HttpRequest) -> HttpResponse:
    """The fallbacks in their order, as the page sends it: ids with commas between."""
    ids = request.POST.get("order", "").split(",")
    sources.set_fallbacks(ids, actor=audit.person(request.user), now=timezone.now())
    return redirect("app_runtime:source_list")


@require_POST
@on_site(Role.MANAGER)
@_told_when_damaged
def source_delete(request: HttpRequest, source_id: str) -> HttpResponse:
    """Forget a source. Where something uses it, a page says first what becomes of that."""
    source = _source(source_id)
    page = SourceDeletion(source)
    if page.needs_confirmation and request.POST.get("confirmed") != "yes":
        return render(request, "app_runtime/settings/model_delete.html", {"page": page}, status=409)
    sources.delete_source(source.id, actor=audit.person(request.user), now=timezone.now())
    messages.success(request, _("%(name)s is gone.") % {"name": source.name})
    return redirect("app_runtime:source_list")


@require_safe
@on_site(Role.MANAGER)
def limits(request: HttpRequest) -> HttpResponse:
    state = config_state()
    form = LimitsForm(initial=own_of(state.config.runs), behind=RunSettings(), wrong=state.wrong_runs)
    return _limits_page(request, form)


@require_POST
@on_site(Role.MANAGER)
def limits_save(request: HttpRequest) -> HttpResponse:
    form = LimitsForm(request.POST, behind=RunSettings(), wrong=config_state().wrong_runs)
    if not form.is_valid():
        return _limits_page(request, form, 422)
    before, given = own_of(config_state().config.runs), form.values

    def change(section: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in section.items() if key not in CAPS} | given

    note = partial(
        audit.record, audit.person(request.user), "limits.save", object_type="settings", object_id="runs",
        now=timezone.now(), before=before, after=given,
    )  # fmt: skip
    try:
        change_settings("runs", change, note)
    except ConfigDamaged as error:
        form.add_error(None, str(error))
        return _limits_page(request, form, 409)
    messages.success(
        request, _("Saved. They count for every run from its next step on that starts after this.")
    )
    return redirect("app_runtime:limits")


@require_safe
@on_site(Role.MANAGER)
def price_list(request: HttpRequest) -> HttpResponse:
    return _prices_page(request, PriceForm(initial={"valid_from": timezone.localdate()}))


@require_POST
@on_site(Role.MANAGER)
def price_create(request: HttpRequest) -> HttpResponse:
    form = PriceForm(request.POST)
    if not form.is_valid():
        return _prices_page(request, form, 422)
    with transaction.atomic():
        _audit_price(request, "price.create", form.save())
    return redirect("app_runtime:price_list")


@require_POST
@on_site(Role.MANAGER)
def price_delete(request: HttpRequest, price_id: int) -> HttpResponse:
    price = Price.objects.filter(pk=price_id).first()
    if price is None:
        raise Http404(_("There is no such price."))
    with transaction.atomic():
        _audit_price(request, "price.delete", price)
        price.delete()
    return redirect("app_runtime:price_list")


@require_POST
def app_limits_save(request: HttpRequest, app_id: str) -> HttpResponse:
    """An app's own model and caps."""
    app = access.get_app(request, app_id, needs=Role.MANAGER)
    state = config_state()
    form = AppRunsForm(request.POST, behind=state.config.runs, known=state.config.ai_sources)
    if state.obstacle:
        form.add_error(
            None, _("Nothing was saved: what can be chosen is unknown until config.json is mended.")
        )
    if not form.is_valid():
        page = ManagePage(app, timezone.now(), standing(request), form)
        context = {"app": app, "tab": "manage", "page": page}
        return render(request, "app_runtime/app_manage.html", context, status=422)
    model = form.cleaned_data["model"]
    app.override_runs(model, form.values, actor=audit.person(request.user), now=timezone.now())
    messages.success(request, _("Saved. It counts from the next run on."))
    return redirect("app_runtime:app_manage", app.pk)


def _source(source_id: str) -> ModelSource:
    try:
        return sources.get_source(source_id)
    except SourceUnknown as error:
        raise Http404(str(error)) from error


def _saved(request: HttpRequest, source: ModelSource | None) -> HttpResponse:
    others = [each.name for each in sources.known_sources().sources if not source or each.id != source.id]
    form = SourceForm(request.POST, source=source, others=others)
    if not form.is_valid():
        return _source_page(request, form, source, 422)
    values = form.values | ({"id": source.id} if source else {})
    actor, now = audit.person(request.user), timezone.now()
    try:
        sources.save_source(values, form.cleaned_data["key"], actor=actor, now=now)
    except ConfigDamaged as error:
        form.add_error(None, str(error))
        return _source_page(request, form, source, 409)
    messages.success(request, _("Saved. Test it to see whether it answers."))
    return redirect("app_runtime:source_list")


def _source_page(
    request: HttpRequest, form: SourceForm, source: ModelSource | None = None, status: int = 200
) -> HttpResponse:
    context = {"form": form, "source": source}
    return render(request, "app_runtime/settings/model.html", context, status=status)


def _limits_page(request: HttpRequest, form: LimitsForm, status: int = 200) -> HttpResponse:
    return render(request, "app_runtime/settings/limits.html", {"form": form}, status=status)


def _prices_page(request: HttpRequest, form: PriceForm, status: int = 200) -> HttpResponse:
    listed = Price.objects.order_by("model", "-valid_from")[:PRICES_SHOWN]
    context = {"form": form, "prices": listed, "list": metadata.version("genai-prices")}
    return render(request, "app_runtime/settings/prices.html", context, status=status)


def _audit_price(request: HttpRequest, verb: str, price: Price) -> None:
    facts = {"input": str(price.input_usd), "output": str(price.output_usd), "from": str(price.valid_from)}
    side = {"before": facts} if verb == "price.delete" else {"after": facts}
    audit.record(
        audit.person(request.user), verb, object_type="price", object_id=str(price.pk), now=timezone.now(),
        summary=price.model, **side,
    )  # fmt: skip
