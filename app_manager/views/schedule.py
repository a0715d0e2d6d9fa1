"""The page of when an app runs, and the verbs of it: one place to edit a schedule."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.contrib import messages
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_manager.access import get_app
from app_manager.exceptions import AppError, ScheduleMoved, ScheduleRefused, SingleMade
from app_manager.models import App
from app_manager.schedule_form import SingleForm
from app_manager.schedule_page import RuleRow, SchedulePage, rule_form, rule_rows
from app_manager.scheduling import Single
from app_manager.wording import moment
from app_manager.zone_names import zone_options
from halo_site import audit
from halo_site.errors import is_busy
from halo_site.fragments import respond, wants_fragment
from halo_site.roles import Role
from halo_site.unsent import shown_by

BUSY = 503


@require_safe
def app_schedule(request: HttpRequest, app_id: str) -> HttpResponse:
    """When the app runs. For htmx, its single runs: their page looks again and again."""
    return _page(request, SchedulePage(get_app(request, app_id), timezone.now()))


@require_POST
def app_schedule_preview(request: HttpRequest, app_id: str) -> HttpResponse:
    """What a rule comes to that is not stored yet: beside its form, or on the whole page without htmx."""
    app = get_app(request, app_id, needs=Role.MANAGER)
    row = _sent(request, app, timezone.now())
    if wants_fragment(request):
        return render(request, "app_manager/schedule/_preview.html", {"preview": row.preview, "row": row})
    return _page(request, SchedulePage(app, row.now, row=row))


@require_POST
def app_schedule_save(request: HttpRequest, app_id: str) -> HttpResponse:
    """Store one rule and prove it by its next time; 422 with what is wrong, 409 where another was faster."""
    app = get_app(request, app_id, needs=Role.MANAGER)
    row = _sent(request, app, timezone.now())
    form = row.form
    if form.is_valid() and form.is_unsure:
        form.add_error(
            "sure", _("Its next time is %(when)s. Confirm that, then save.") % {"when": form.distance}
        )
    if not form.is_valid():
        return _page(request, SchedulePage(app, row.now, row=row), 422)
    actor, base = audit.person(request.user), form.cleaned_data["base"] or None
    try:
        changed = app.change_schedule(row.key, form.plan, actor=actor, now=row.now, base=base)
    except ScheduleMoved as error:
        moved = replace(_sent(request, get_app(request, app_id), row.now), problem=str(error), is_moved=True)
        return _page(request, SchedulePage(moved.app, row.now, row=moved), 409)
    except ScheduleRefused as error:
        return _page(request, SchedulePage(app, row.now, row=replace(row, problem=str(error))), 422)
    except OperationalError as error:
        return _page(request, SchedulePage(app, row.now, row=replace(row, problem=_busy(error))), BUSY)
    return _proven(request, app, row.key, _("Saved.") if changed else _("Nothing was changed."))


@require_POST
def app_schedule_reset(request: HttpRequest, app_id: str) -> HttpResponse:
    """Give a schedule, or the ``part`` of it that is posted, back to the spec."""
    app, key, part = _asked(request, app_id), request.POST.get("key", ""), request.POST.get("part", "")
    changed = app.reset_schedule(key, actor=audit.person(request.user), now=timezone.now(), part=part)
    return _proven(request, app, key, _("It is the spec's again.") if changed else _("Nothing was changed."))


@require_POST
def app_schedule_switch(request: HttpRequest, app_id: str) -> HttpResponse:
    """Switch one schedule on or off, and prove the one by its next time."""
    app, key, on = _asked(request, app_id), request.POST.get("key", ""), request.POST.get("on") == "yes"

    def switch(actor: audit.Actor, now: datetime) -> str:
        done = app.switch_schedule(key, on, actor=actor, now=now)
        if not done:
            return _("Nothing was changed.")
        return _("Switched on.") if on else _("Switched off. It does not come due any more.")

    words = _tried(request, switch)
    return _proven(request, app, key, words, warns=on) if words else _back(app, key)


@shown_by("app_manager:app_schedule")
@require_POST
def app_single_create(request: HttpRequest, app_id: str) -> HttpResponse:
    """Have the app run once at a time to come; 422 with what is wrong, and with what was written.

    409 where the form was sent before and asked for something else then, or that was cancelled.
    """
    app, now = get_app(request, app_id, needs=Role.MANAGER), timezone.now()
    form, problem, status = SingleForm(request.POST, now=now), "", 422
    if form.is_valid() and form.at is not None:
        given = form.cleaned_data
        single = Single(form.at, form.zone.key, given["text"], given["overlap"])
        try:
            app.run_once_at(given["form"], single, actor=audit.person(request.user), now=now)
        except SingleMade as error:
            problem, status = str(error), 409
            form = form.with_new_id()
        except AppError as error:
            problem = str(error)
        except OperationalError as error:
            problem, status = _busy(error), BUSY
        else:
            _say_when(request, app, form, now)
            return redirect(reverse("app_manager:app_schedule", args=[app.pk]) + "#singles")
    return _page(request, SchedulePage(app, now, single=form, problem=problem), status)


@require_POST
def app_single_cancel(request: HttpRequest, app_id: str) -> HttpResponse:
    """Have a single run, named by its ``single`` id, not take place."""
    app, wanted = _asked(request, app_id), request.POST.get("single", "")

    def cancel(actor: audit.Actor, now: datetime) -> str:
        done = app.cancel_single(wanted, actor=actor, now=now)
        return _("Cancelled. It does not run.") if done else _("Nothing was changed.")

    words = _tried(request, cancel)
    if words:
        messages.success(request, words)
    return redirect(reverse("app_manager:app_schedule", args=[app.pk]) + "#singles")


def _asked(request: HttpRequest, app_id: str) -> App:
    return get_app(request, app_id, needs=Role.MANAGER)


def _say_when(request: HttpRequest, app: App, form: SingleForm, now: datetime) -> None:
    """That a single run is asked for, and what would keep it from taking place."""
    words = _("It runs once, %(when)s.") % {"when": moment(form.at, now) if form.at else ""}
    messages.success(request, " ".join(filter(None, (words, form.twice))))
    if not app.runs_by_itself:
        sentence = _("The app is %(status)s: this run is skipped unless it is resumed by then.")
        messages.warning(request, sentence % {"status": app.get_status_display().lower()})


def _tried(request: HttpRequest, verb: Callable[[audit.Actor, datetime], str]) -> str:
    """What the verb says; empty where it was refused, which a message says then."""
    try:
        return verb(audit.person(request.user), timezone.now())
    except AppError as error:
        messages.error(request, str(error))
    except OperationalError as error:
        messages.error(request, _busy(error))
    return ""


def _busy(error: OperationalError) -> str:
    """That nothing was stored; another failure of the database goes on its way."""
    if not is_busy(error):
        raise error
    return _(
        "Another program has held the database for more than 5 seconds, so nothing was saved. Save again; if "
        "this stays, end that program."
    )


def _sent(request: HttpRequest, app: App, now: datetime) -> RuleRow:
    """The row of the schedule that the posted form is about, with that form; 404 where the app has none."""
    row = next((each for each in rule_rows(app, now) if each.key == request.POST.get("key", "")), None)
    if row is None:
        raise Http404(_("This app has no schedule of this name."))
    return replace(row, sent=rule_form(app, row.key, now, row.job, row.number, request.POST))


def _proven(request: HttpRequest, app: App, key: str, words: str, *, warns: bool = True) -> HttpResponse:
    """Back on the page, with what is stored now: the next time, and what keeps it from coming to anything."""
    now = timezone.now()
    row = next((each for each in rule_rows(get_app(request, app.pk), now) if each.key == key), None)
    if row is not None and row.job is not None and row.job.enabled and row.job.next_run_at:
        words = _("%(words)s Next time: %(when)s.") % {
            "words": words,
            "when": moment(row.job.next_run_at, now),
        }
    messages.success(request, words)
    for sentence in row.shadows if row and warns else ():
        messages.warning(request, sentence)
    return _back(app, key, row)


def _back(app: App, key: str, row: RuleRow | None = None) -> HttpResponse:
    address = reverse("app_manager:app_schedule", args=[app.pk])
    return redirect(f"{address}#rule-{row.number}" if row else address)


def _page(request: HttpRequest, page: SchedulePage, status: int = 200) -> HttpResponse:
    context = {"app": page.app, "page": page, "tab": "schedule", "zones": zone_options()}
    whole, part = "app_manager/schedule.html", "app_manager/schedule/_singles.html"
    return respond(request, page=whole, fragment=part, context=context, status=status)
