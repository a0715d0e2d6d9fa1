"""The log of the messages, and sending one again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_runtime.access import is_plain
from app_runtime.models import Notification
from app_runtime.notifications.log_page import LogPage
from app_runtime.notifications.run_delivery import tell_run
from halo_site import audit
from halo_site.access import require
from halo_site.roles import Role


@require_safe
def notification_list(request: HttpRequest) -> HttpResponse:
    page = LogPage(request, timezone.now())
    return render(request, "app_runtime/notification_list.html", {"page": page, "pager": page.pager})


@require_POST
def notification_again(request: HttpRequest, notification_id: str) -> HttpResponse:
    """Have the workers try a failed message anew."""
    found = Notification.objects.visible_to(request.user).select_related("app")
    row = found.filter(pk=notification_id).first() if is_plain(notification_id) else None
    if row is None:
        raise Http404(_("There is no notification with this id."))
    require(request, Role.OPERATOR, row.app.space_id if row.app else None)
    now = timezone.now()
    if row.send_again(now):
        tell_run(row.run_id)
        audit.record(
            audit.person(request.user), "notification.again", object_type="notification", object_id=row.pk,
            now=now, summary=row.title,
        )  # fmt: skip
        messages.success(request, _("It is tried again as soon as a worker is free."))
    else:
        messages.warning(request, _("Nothing was changed: it is not one that has failed."))
    return redirect(f"{reverse('app_runtime:notification_list')}?message={row.pk}")
