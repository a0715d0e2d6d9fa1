"""The settings of notifications: targets, rules, quiet hours, mail server. For managers of the site."""

import asyncio
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_runtime.exceptions import CourierLost, TargetUnknown
from app_runtime.notifications.sending import send
from app_runtime.notifications.testing import TEXT, TITLE, Receipt, send_test
from app_runtime.settings import targets
from app_runtime.settings.notification_page import NotificationsPage
from app_runtime.settings.target_forms import MailForm, MailTestForm, QuietForm, RuleForm, TargetForm
from halo_site import audit
from halo_site.access import require
from halo_site.datadir.config import ConfigDamaged, site_config
from halo_site.datadir.notification_targets import MAIL, NotificationTarget
from halo_site.roles import Role

View = Callable[..., HttpResponse]


def _for_managers(view: View) -> View:
    """Ask for the role on the whole site; say so where nothing is saved because config.json is damaged."""

    @wraps(view)
    def guarded(request: HttpRequest, **named: Any) -> HttpResponse:
        require(request, Role.MANAGER)
        try:
            return view(request, **named)
        except ConfigDamaged as error:
            messages.error(request, str(error))
            return redirect("app_runtime:notification_settings")

    return guarded


@require_safe
@_for_managers
def notification_settings(request: HttpRequest) -> HttpResponse:
    return _page(request, NotificationsPage())


@require_safe
@_for_managers
def target_new(request: HttpRequest) -> HttpResponse:
    return _target_page(request, TargetForm())


@require_POST
@_for_managers
def target_create(request: HttpRequest) -> HttpResponse:
    return _saved(request, None)


@require_safe
@_for_managers
def target_detail(request: HttpRequest, target_id: str) -> HttpResponse:
    target = _target(target_id)
    return _target_page(request, TargetForm.of(target), target)


@require_POST
@_for_managers
def target_save(request: HttpRequest, target_id: str) -> HttpResponse:
    return _saved(request, _target(target_id))


@require_POST
@_for_managers
def target_delete(request: HttpRequest, target_id: str) -> HttpResponse:
    target = _target(target_id)
    targets.delete_target(target, actor=audit.person(request.user), now=timezone.now())
    messages.success(request, _("%(name)s is gone.") % {"name": target.name})
    return redirect("app_runtime:notification_settings")


@require_POST
@_for_managers
def target_test(request: HttpRequest, target_id: str) -> HttpResponse:
    """Send a test message the way that all messages go, and show the receipt; it stands in the log too."""
    target = _target(target_id)
    _show(request, target.name, send_test(target, timezone.now))
    return redirect("app_runtime:notification_settings")


@require_POST
@_for_managers
def rule_create(request: HttpRequest) -> HttpResponse:
    form = RuleForm(request.POST, known=site_config().notifications)
    if not form.is_valid():
        return _page(request, NotificationsPage(rule_form=form), 422)
    targets.add_rule(form.values, actor=audit.person(request.user), now=timezone.now())
    messages.success(request, _("Saved. It counts from the next message on."))
    return redirect("app_runtime:notification_settings")


@require_POST
@_for_managers
def rule_delete(request: HttpRequest, number: int) -> HttpResponse:
    actor, digest = audit.person(request.user), request.POST.get("digest", "")
    if targets.delete_rule(number, digest, actor=actor, now=timezone.now()):
        messages.success(request, _("The rule is gone."))
    else:
        messages.error(request, _("Nothing was changed: the rules were changed meanwhile. Look again."))
    return redirect("app_runtime:notification_settings")


@require_POST
@_for_managers
def quiet_save(request: HttpRequest) -> HttpResponse:
    form = QuietForm(request.POST)
    if not form.is_valid():
        return _page(request, NotificationsPage(quiet_form=form), 422)
    targets.save_quiet(form.values, actor=audit.person(request.user), now=timezone.now())
    messages.success(request, _("Saved. It counts from the next message on."))
    return redirect("app_runtime:notification_settings")


@require_POST
@_for_managers
def mail_save(request: HttpRequest) -> HttpResponse:
    form = MailForm(request.POST, known=site_config().mail)
    if not form.is_valid():
        return _page(request, NotificationsPage(mail_form=form), 422)
    actor, password = audit.person(request.user), form.cleaned_data["password"]
    targets.save_mail(form.values, password, actor=actor, now=timezone.now())
    messages.success(request, _("Saved. Send a test to see whether it arrives."))
    return redirect("app_runtime:notification_settings")


@require_POST
@_for_managers
def mail_test(request: HttpRequest) -> HttpResponse:
    """Send a test e-mail to the address that was given; nothing of it is kept."""
    form = MailTestForm(request.POST)
    if not form.is_valid():
        return _page(request, NotificationsPage(mail_test_form=form), 422)
    to = form.cleaned_data["to"]
    began, at = time.monotonic(), timezone.now()
    try:
        target = NotificationTarget(id="mail-test", name=to, url=f"{MAIL}{to}")
        problem = asyncio.run(send(target, TITLE, TEXT))
    except CourierLost as error:
        problem = str(error)
    _show(request, to, Receipt(problem, at, time.monotonic() - began))
    return redirect("app_runtime:notification_settings")


def _show(request: HttpRequest, name: str, receipt: Receipt) -> None:
    level = messages.ERROR if receipt.problem else messages.SUCCESS
    messages.add_message(request, level, f"{name}: {receipt.words}")


def _target(target_id: str) -> NotificationTarget:
    try:
        return targets.get_target(target_id)
    except TargetUnknown as error:
        raise Http404(str(error)) from error


def _saved(request: HttpRequest, target: NotificationTarget | None) -> HttpResponse:
    form = TargetForm(request.POST, target=target)
    if not form.is_valid():
        return _target_page(request, form, target, 422)
    actor, address = audit.person(request.user), form.cleaned_data["address"]
    targets.save_target(
        target, form.cleaned_data["name"], form.url, address, actor=actor, now=timezone.now()
    )  # fmt: skip
    messages.success(request, _("Saved. Test it to see whether a message arrives."))
    return redirect("app_runtime:notification_settings")


def _target_page(
    request: HttpRequest, form: TargetForm, target: NotificationTarget | None = None, status: int = 200
) -> HttpResponse:
    context = {"form": form, "target": target}
    return render(request, "app_runtime/settings/target.html", context, status=status)


def _page(request: HttpRequest, page: NotificationsPage, status: int = 200) -> HttpResponse:
    return render(request, "app_runtime/settings/notifications.html", {"page": page}, status=status)
