"""The pages of the schedule: load, ask, respond. Nothing here changes anything."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from halo_site.fragments import respond
from scheduler.access import get_job
from scheduler.day_page import DayPage
from scheduler.job_page import JobPage
from scheduler.list_page import JobListPage


@require_safe
def schedule_list(request: HttpRequest) -> HttpResponse:
    """Every job that the person may see."""
    page = JobListPage(request, timezone.now())
    context = {"page": page, "pager": page.pager, "tab": "jobs"}
    return respond(
        request,
        page="scheduler/schedule_list.html",
        fragment="scheduler/_schedule_poll.html",
        context=context,
    )


@require_safe
def schedule_day(request: HttpRequest) -> HttpResponse:
    """24 hours of the jobs that the person may see."""
    page = DayPage(request, timezone.now())
    context = {"page": page, "pager": page.pager, "tab": "day"}
    return respond(
        request, page="scheduler/schedule_day.html", fragment="scheduler/_day.html", context=context
    )


@require_safe
def job_detail(request: HttpRequest, job_id: str) -> HttpResponse:
    """One job: its rule, its next times, its ledger, and why it did not run at some time."""
    page = JobPage(request, get_job(request, job_id), timezone.now())
    context = {"page": page, "row": page.row, "job": page.job, "pager": page.pager}
    return respond(
        request, page="scheduler/job_detail.html", fragment="scheduler/_job_poll.html", context=context
    )
