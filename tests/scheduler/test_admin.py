import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from halo_site.models import AuditEntry
from scheduler.models import Job, Slot
from tests.factories import TESTER, make_app
from tests.scheduler.factories import NINE, put_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("alice"))
    return client


@pytest.fixture
def slot() -> Slot:
    return Slot.objects.create(
        job=put_job(appId="a-1"), due_at=NINE, verdict="error", error="<b>It broke.</b>"
    )


def test_jobs_are_listed_in_words(administrator: Client, slot: Slot) -> None:
    assert "every 1 min" in administrator.get("/admin/scheduler/job/?q=job").content.decode()


def test_a_job_shows_its_metadata(administrator: Client, slot: Slot) -> None:
    page = administrator.get(f"/admin/scheduler/job/{slot.job_id}/change/", follow=True).content.decode()
    assert "&quot;appId&quot;: &quot;a-1&quot;" in page


def test_slots_are_found_by_the_id_of_their_job(administrator: Client, slot: Slot) -> None:
    page = administrator.get(f"/admin/scheduler/slot/?q={slot.job_id}").content.decode()
    assert "&lt;b&gt;It broke.&lt;/b&gt;" in page
    assert "1 slot" in page
    assert "0 slots" in administrator.get("/admin/scheduler/slot/?q=nobody").content.decode()


JOB = "/admin/scheduler/job/{}/change/"


def fill(client: Client, job: Job, **changes: str) -> object:
    """Save the form of a job with some fields written otherwise."""
    data = {"rule": json.dumps(job.schedule), **({"is_on": "on"} if job.enabled else {}), **changes}
    return client.post(JOB.format(job.pk), {key: value for key, value in data.items() if value})


def test_a_job_without_owner_gets_another_schedule(administrator: Client, slot: Slot) -> None:
    job = slot.job
    fill(administrator, job, rule='{"kind": "every", "every": "2h"}')
    job.refresh_from_db()
    assert job.schedule == {"kind": "every", "every": "2h"}
    line = AuditEntry.objects.latest("id")
    assert (line.verb, line.actor, line.after) == ("reschedule", "person:alice", {"schedule": job.schedule})


def test_a_job_is_switched_off_and_on_by_hand(administrator: Client, slot: Slot) -> None:
    job = slot.job
    fill(administrator, job, is_on="")
    job.refresh_from_db()
    assert (job.enabled, job.disabled_reason) == (False, "switched off by alice")
    fill(administrator, job, is_on="on")
    job.refresh_from_db()
    assert job.enabled
    assert AuditEntry.objects.latest("id").verb == "switch_on"


@pytest.mark.parametrize("rule", ["", "{", "3", '{"kind": "every", "every": "1s"}', '{"kind": "cron"}'])
def test_a_schedule_that_cannot_be_is_refused_in_words(administrator: Client, slot: Slot, rule: str) -> None:
    before = slot.job.schedule
    response = administrator.post(JOB.format(slot.job_id), {"rule": rule, "is_on": "on"})
    assert response.context["adminform"].form.errors["rule"]
    slot.job.refresh_from_db()
    assert slot.job.schedule == before


def test_a_job_shows_its_next_times(administrator: Client, slot: Slot) -> None:
    page = administrator.get(JOB.format(slot.job_id)).content.decode()
    assert page.count(" UTC</div>") == 5


def test_nothing_else_can_be_changed(administrator: Client, slot: Slot) -> None:
    for model in ("job", "slot"):
        assert administrator.post(f"/admin/scheduler/{model}/add/").status_code == 403
    assert administrator.post(f"/admin/scheduler/job/{slot.job_id}/delete/").status_code == 403
    assert administrator.post(f"/admin/scheduler/slot/{slot.pk}/change/").status_code == 403
    assert administrator.post(f"/admin/scheduler/slot/{slot.pk}/delete/").status_code == 403
    assert Job.objects.count() == Slot.objects.count() == 1


def test_the_job_of_an_uninstalled_app_stays_off(administrator: Client) -> None:
    app = make_app()
    app.uninstall(actor=TESTER, now=NINE)
    job = Job.objects.get()
    response = fill(administrator, job, is_on="on")
    assert "is uninstalled. Reinstall it first." in response.content.decode()  # type: ignore[attr-defined]
    assert not Job.objects.get().enabled
