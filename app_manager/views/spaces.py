"""The spaces of this installation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_manager import spaces
from app_manager.access import get_space
from app_manager.exceptions import AppError, SpaceRefused
from app_manager.forms import SpaceForm
from app_manager.space_pages import SpacePage, SpacesPage
from halo_site import audit
from halo_site.access import on_site, require, standing
from halo_site.datadir import space_index
from halo_site.datadir.spaces import Space
from halo_site.roles import Role


@require_safe
def space_list(request: HttpRequest) -> HttpResponse:
    return render(request, "app_manager/spaces.html", {"page": SpacesPage(standing(request))})


@require_safe
@on_site(Role.MANAGER)
def space_new(request: HttpRequest) -> HttpResponse:
    return _new_page(request, SpaceForm(initial={"icon": "folder"}))


@require_POST
@on_site(Role.MANAGER)
def space_create(request: HttpRequest) -> HttpResponse:
    form = SpaceForm(request.POST)
    if form.is_valid():
        try:
            actor = audit.person(request.user)
            space = spaces.create_space(**form.cleaned_data, actor=actor, now=timezone.now())
        except SpaceRefused as error:
            form.refuse(error)
        else:
            messages.success(request, _("The space %(name)s is there.") % {"name": space.name})
            return redirect("app_manager:space_list")
    return _new_page(request, form, 422)


@require_safe
def space_detail(request: HttpRequest, space_id: str) -> HttpResponse:
    space = get_space(request, space_id)
    return _page(request, SpacePage(space, request.user), SpaceForm.of(space))


@require_POST
def space_save(request: HttpRequest, space_id: str) -> HttpResponse:
    space = get_space(request, space_id, needs=Role.MANAGER)
    form = SpaceForm(request.POST, own_icon=space.icon)
    if form.is_valid():
        _require_for_folder(request, space, form.cleaned_data["working_dir"])
        try:
            actor = audit.person(request.user)
            changed = spaces.change_space(space.id, **form.cleaned_data, actor=actor, now=timezone.now())
        except SpaceRefused as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect("app_manager:space_detail", space.id)
    return _page(request, SpacePage(space, request.user), form, 422)


@require_POST
def space_repair(request: HttpRequest, space_id: str) -> HttpResponse:
    """Make the folder again, or look for it where the person says."""
    space = get_space(request, space_id, needs=Role.MANAGER)
    actor, folder = audit.person(request.user), request.POST.get("folder", "")
    try:
        mended = spaces.repair_space(space.id, folder=folder, actor=actor, now=timezone.now())
    except SpaceRefused as error:
        return _page(request, SpacePage(space, request.user, folder, str(error)), SpaceForm.of(space), 422)
    messages.success(request, _("The folder is there again.") if mended else _("The folder is not missing."))
    return redirect("app_manager:space_detail", space.id)


@require_POST
def space_delete(request: HttpRequest, space_id: str) -> HttpResponse:
    space = get_space(request, space_id)
    require(request, Role.ADMINISTRATOR)  # of the site: what stands in the way may be another space's
    try:
        trashed = spaces.delete_space(space.id, actor=audit.person(request.user), now=timezone.now())
    except AppError as error:
        return _refused(request, str(error), 409)
    where = trashed or (_("still %(path)s") % {"path": space.path} if not space.is_missing else _("gone"))
    sentence = _("The space %(name)s is deleted. Its folder is %(where)s.")
    messages.success(request, sentence % {"name": space.name, "where": where})
    return redirect("app_manager:space_list")


@require_POST
@on_site(Role.MANAGER)
def space_reorder(request: HttpRequest) -> HttpResponse:
    """Take the whole order, as the page that was looked at would have it."""
    ids = request.POST.get("order", "").split(",")
    try:
        spaces.reorder_spaces(ids, actor=audit.person(request.user), now=timezone.now())
    except AppError as error:
        return _refused(request, str(error), 409)
    return redirect("app_manager:space_list")


@require_POST
@on_site(Role.MANAGER)
def space_recovery_seen(request: HttpRequest) -> HttpResponse:
    """The person has read that the index was made again."""
    if space_index.forget_recovery():
        actor, now = audit.person(request.user), timezone.now()
        audit.record(actor, "recovery_seen", object_type="space", object_id="", now=now)
    return redirect("app_manager:space_list")


def _require_for_folder(request: HttpRequest, space: Space, working_dir: str) -> None:
    """Which folder of the server agents may work in is the site's to decide, not one space's."""
    before = str(space.working_dir) if space.working_dir else ""
    if working_dir.strip() != before:
        require(request, Role.MANAGER)


def _new_page(request: HttpRequest, form: SpaceForm, status: int = 200) -> HttpResponse:
    return render(request, "app_manager/space_new.html", {"form": form}, status=status)


def _page(request: HttpRequest, page: SpacePage, form: SpaceForm, status: int = 200) -> HttpResponse:
    context = {"page": page, "space": page.space, "form": form}
    return render(request, "app_manager/space.html", context, status=status)


def _refused(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    return render(request, "app_manager/space_refused.html", {"reason": reason}, status=status)
