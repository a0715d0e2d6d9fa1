"""The pages of an app's thread and what people do there: load, ask, respond."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_manager.models import App
from app_runtime import access
from app_runtime.exceptions import MessageRefused, RuntimeRefusal
from app_runtime.models import Entry, ReadMark
from app_runtime.pages import LONG_STRIP
from app_runtime.strips import bars_of, newest_runs
from app_runtime.thread.items import ThreadEntry, items_of
from app_runtime.thread.page import ThreadPage, live_of
from app_runtime.thread.replies import reply
from app_runtime.thread.rows import Slice, within
from halo_site import audit
from halo_site.access import own_account
from halo_site.fragments import go, respond
from halo_site.paging import parse_before
from halo_site.roles import Role
from halo_site.store.fields import from_ms
from halo_site.unsent import shown_by

QUIET_SHOWN = 200


@require_safe
def app_thread(request: HttpRequest, app_id: str) -> HttpResponse:
    """What an app said and asked: open questions on top, then everything, newest first."""
    return _page(request, access.get_app(request, app_id))


@require_safe
def entry_detail(request: HttpRequest, app_id: str, entry_id: str) -> HttpResponse:
    """The thread around one entry, which is shown to its end."""
    app = access.get_app(request, app_id)
    return _page(request, app, about=_entry(app, entry_id))


@require_safe
def entry_data(request: HttpRequest, app_id: str, entry_id: str) -> HttpResponse:
    """The data that came with one entry."""
    app = access.get_app(request, app_id)
    item = ThreadEntry(_entry(app, entry_id), None)
    context = {"app": app, "item": item}
    return respond(
        request, page="app_runtime/entry_data.html", fragment="app_runtime/entry/_data.html", context=context
    )


@require_safe
def thread_live(request: HttpRequest, app_id: str) -> HttpResponse:
    """What came since the page was loaded; 204 where that is what the page shows already."""
    app = access.get_app(request, app_id)
    live = live_of(request, app)
    if live.token == request.GET.get("token"):
        return HttpResponse(status=204)
    return render(request, "app_runtime/thread/_poll.html", {"app": app, "live": live})


@require_safe
def quiet_list(request: HttpRequest, app_id: str) -> HttpResponse:
    """The quiet runs between two places, which both belong to them; the newest where they are very many."""
    app = access.get_app(request, app_id)
    newest, oldest = (parse_before(request.GET.get(key, "")) for key in ("newest", "oldest"))
    if newest is None or oldest is None:
        raise Http404(_("There are no such runs. The thread leads to those that there are."))
    # "-" after an id is the next one that there could be; an id without its end comes before it
    upper, lower = (from_ms(newest[0]), f"{newest[1]}-"), (from_ms(oldest[0]), oldest[1][:-1])
    rows = within(Entry.objects.filter(app=app).quiet(), "ts", upper, lower).order_by("-ts", "-pk")
    entries = list(rows[: QUIET_SHOWN + 1])
    context = {
        "app": app,
        "items": items_of(Slice(tuple(entries[:QUIET_SHOWN]), False)),
        "has_more": len(entries) > QUIET_SHOWN,
    }
    return respond(
        request,
        page="app_runtime/quiet_list.html",
        fragment="app_runtime/thread/_quiet_rows.html",
        context=context,
    )


@own_account
@require_POST
def thread_read(request: HttpRequest, app_id: str) -> HttpResponse:
    """Move this person's mark on to what the page showed."""
    app = access.get_app(request, app_id)
    place = parse_before(request.POST.get("upto", ""))
    if place is not None:
        ReadMark.advance(request.user, app, min(from_ms(place[0]), timezone.now()), place[1])
    return go(request, reverse("app_runtime:app_thread", args=[app.pk]))


@shown_by("app_runtime:app_thread")
@require_POST
def app_reply(request: HttpRequest, app_id: str) -> HttpResponse:
    """Tell the app something. What is refused comes back with the text."""
    app = access.get_app(request, app_id, needs=Role.OPERATOR)
    text, form = request.POST.get("text", ""), request.POST.get("form", "")
    try:
        sent = reply(app, text, form, audit.person(request.user), timezone.now())
    except MessageRefused as error:
        return _page(request, app, status=422, said=text, problem=str(error))
    except RuntimeRefusal as error:
        return _page(request, app, status=409, said=text, problem=str(error))
    messages.success(request, _("Sent. Its state stands beside it."))
    return go(request, f"{reverse('app_runtime:app_thread', args=[app.pk])}#reply-{sent.pk}")


def _entry(app: App, entry_id: str) -> Entry:
    entry = Entry.objects.filter(app=app, pk=entry_id).first() if access.is_plain(entry_id) else None
    if entry is None:
        raise Http404(_("There is no entry with this id. It may have been removed by retention."))
    return entry


def _page(
    request: HttpRequest, app: App, *, about: Entry | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    runs = newest_runs([app.pk], LONG_STRIP)[app.pk]
    page = ThreadPage(request, app, about)
    context = {"app": app, "page": page, "pager": page, "bars": bars_of(runs), "runs": runs, **more}
    return render(request, "app_runtime/app_thread.html", context, status=status)
