"""How a job's id stands in an address."""

from django.urls import reverse


class JobId:
    """Any text: the owner of a job makes its id, out of what people wrote in a spec."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def job_address(job_id: str) -> str:
    """The page of a job; empty for an id that no address can name, which is none at all."""
    return reverse("scheduler:job_detail", args=[job_id]) if job_id else ""
