"""Loading is authorising: a job that a person may not see is not found."""

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from scheduler.models import Job


def get_job(request: HttpRequest, job_id: str) -> Job:
    """The job of that id; 404 where it is not there or not theirs to see."""
    job = Job.objects.visible_to(request.user).filter(pk=job_id).first() if "\0" not in job_id else None
    if job is None:
        raise Http404(_("There is no schedule with this id. Its app may have been deleted."))
    return job
