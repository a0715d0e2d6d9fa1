"""The pages of one run and what can be done there: load, ask, respond."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_runtime import access
from app_runtime.continuing import continue_run, run_again, send_message
from app_runtime.exceptions import MessageRefused, RuntimeRefusal
from app_runtime.models import Run
from app_runtime.runs.page import TABS, RunPage, offered
from app_runtime.stopping import force_stop, request_cancel
from app_runtime.transcript import Transcript
from halo_site import audit
from halo_site.audit import Actor
from halo_site.fragments import go, poll
from halo_site.roles import Role
from halo_site.unsent import shown_by

Verb = Callable[[Run, str, Actor, datetime], Any]


@require_safe
def run_detail(request: HttpRequest, run_id: str, tab: str = "timeline") -> HttpResponse:
    """One run; ``tab`` is one of `run_page.TABS`."""
    if tab not in TABS:
        raise Http404(_("A run has no such page."))
    return _page(request, access.get_run(request, run_id), tab)


@require_safe
def run_progress(request: HttpRequest, run_id: str) -> HttpResponse:
    """The part of a run's page that changes while it lives; the last answer stops the polling."""
    tab = request.GET.get("tab", "")
    page = RunPage(access.get_run(request, run_id), timezone.now(), tab if tab in TABS else "timeline")
    context = {"page": page, "app": page.run.app, "is_polled": True}
    return poll(
        request, fragment="app_runtime/_run_poll.html", context=context, finished=not page.run.is_unfinished
    )


@require_safe
def run_transcript(request: HttpRequest, run_id: str) -> HttpResponse:
    """The transcript as it lies on disk, as a download."""
    run = access.get_run(request, run_id)
    return _download(run, lambda kept: kept.raw(), f"run-{run.short_id}.jsonl", "application/x-ndjson")


@require_safe
def run_result(request: HttpRequest, run_id: str, name: str) -> HttpResponse:
    """A long result that is kept beside the transcript, as a download; only one that a step names."""
    run = access.get_run(request, run_id)
    known = {step.kept for step in RunPage(run, timezone.now()).timeline.steps}
    if name not in known:
        raise Http404(_("No step of this run kept such a result."))
    return _download(run, lambda kept: kept.kept(name), f"run-{run.short_id}-{name}", "text/plain")


def _download(run: Run, read: Callable[[Transcript], bytes], name: str, kind: str) -> HttpResponse:
    try:
        content = read(Transcript(run.app, run.run_id))
    except (OSError, LookupError, ValueError):
        raise Http404(_("The file is not there any more, or cannot be read.")) from None
    response = HttpResponse(content, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def run_cancel(request: HttpRequest, run_id: str) -> HttpResponse:
    """Ask for the run's end; a queued one has ended when this returns."""
    run = access.get_run(request, run_id, needs=Role.OPERATOR)
    if not request_cancel(run, audit.person(request.user), timezone.now()):
        return _refused(request, run, _("It has ended already."))
    return _to(request, run)


@require_POST
def run_stop(request: HttpRequest, run_id: str) -> HttpResponse:
    """End the record of a run whose worker does not confirm its cancel."""
    run = access.get_run(request, run_id, needs=Role.OPERATOR)
    try:
        ended = force_stop(run, audit.person(request.user), timezone.now())
    except RuntimeRefusal as error:
        return _refused(request, run, str(error))
    return _to(request, run) if ended else _refused(request, run, _("It has ended already."))


@require_POST
def run_repeat(request: HttpRequest, run_id: str) -> HttpResponse:
    """Run it again: the same input, the spec of today."""
    run = access.get_run(request, run_id, needs=Role.OPERATOR)
    try:
        again = run_again(run, audit.person(request.user), timezone.now())
    except RuntimeRefusal as error:
        return _refused(request, run, str(error), getattr(error, "run", None))
    messages.success(request, _("Queued. It starts as soon as a worker is free."))
    return _to(request, again)


@shown_by("app_runtime:run_detail")
@require_POST
def run_continue(request: HttpRequest, run_id: str) -> HttpResponse:
    """Go on with its conversation in a new run."""
    return _told(request, access.get_run(request, run_id, needs=Role.OPERATOR), continue_run)


@shown_by("app_runtime:run_detail")
@require_POST
def run_message(request: HttpRequest, run_id: str) -> HttpResponse:
    """Tell a live run something; it arrives before its next step."""
    return _told(request, access.get_run(request, run_id, needs=Role.OPERATOR), send_message)


def _told(request: HttpRequest, run: Run, verb: Verb) -> HttpResponse:
    """Carry out a verb with the text of the form. What is refused comes back with the text."""
    text = request.POST.get("text", "")
    try:
        made = verb(run, text, audit.person(request.user), timezone.now())
    except MessageRefused as error:
        return _page(request, run, "timeline", status=422, said=text, problem=str(error))
    except RuntimeRefusal as error:
        return _page(request, run, "timeline", status=409, said=text, problem=str(error))
    return _to(request, made if isinstance(made, Run) else run)


def _page(request: HttpRequest, run: Run, tab: str, status: int = 200, **more: Any) -> HttpResponse:
    page = RunPage(run, timezone.now(), tab)
    prompt = page.timeline.prompt
    context = {
        "page": page,
        "app": run.app,
        "prompt": prompt,
        "tools": offered(prompt, "tools"),
        "servers": offered(prompt, "servers"),
        **more,
    }
    return render(request, "app_runtime/run_detail.html", context, status=status)


def _refused(request: HttpRequest, run: Run, reason: str, busy: Run | None = None) -> HttpResponse:
    context = {"app": run.app, "run": run, "reason": reason, "busy": busy}
    return render(request, "app_runtime/run_refused.html", context, status=409)


def _to(request: HttpRequest, run: Run) -> HttpResponse:
    return go(request, reverse("app_runtime:run_detail", args=[run.pk]))
