import pytest
from django.contrib.auth.models import User
from django.test import Client

from scheduler.models import Job, Slot
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


def test_nothing_can_be_changed(administrator: Client, slot: Slot) -> None:
    for model in ("job", "slot"):
        assert administrator.post(f"/admin/scheduler/{model}/add/").status_code == 403
    assert administrator.post(f"/admin/scheduler/slot/{slot.pk}/change/").status_code == 403
    assert administrator.post(f"/admin/scheduler/slot/{slot.pk}/delete/").status_code == 403
    assert Job.objects.count() == Slot.objects.count() == 1
