"""The schedule and the page of one job: what they show, to whom, and in how many queries."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from halo_site.models import AuditEntry, Heartbeat, SpaceMember
from halo_site.roles import Role
from scheduler.models import Job, Slot
from scheduler.statuses import Verdict
from tests.factories import add_space, make_app, make_run
from tests.scheduler.factories import put_job, put_scheduled

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LIST = "/schedule/"


def page_of(job: Job | str) -> str:
    return reverse("scheduler:job_detail", args=[job if isinstance(job, str) else job.pk])


def shown(client: Client, address: str = LIST) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def fill(job: Job, count: int, **fields: object) -> None:
    now = timezone.now()
    dues = (now - (count - number) * MINUTE for number in range(count))
    Slot.objects.bulk_create(Slot(job=job, due_at=due, **{"verdict": Verdict.RAN, **fields}) for due in dues)


def viewer_of(space_id: str | None) -> Client:
    user = User.objects.create_user("viewer")
    SpaceMember.objects.create(user=user, space_id=space_id or "", role=Role.VIEWER)
    client = Client()
    client.force_login(user)
    return client


def test_a_job_stands_in_the_schedule_with_its_rule_and_who_switched_it_on(operator_client: Client) -> None:
    make_app(now=timezone.now())
    text = shown(operator_client)
    assert "Kettle Watch" in text
    assert "every 10 s" in text
    assert "on by system:tests" in text


@pytest.mark.parametrize(
    ("zone", "told"), [("UTC", "02:30:00 UTC"), ("Asia/Tokyo", "11:30:00 · 02:30:00 UTC")]
)
def test_the_next_time_stands_there_in_utc_too_and_once_where_that_is_the_zone(
    operator_client: Client, zone: str, told: str
) -> None:
    job = put_job()
    Job.objects.update(next_run_at=datetime(2127, 1, 5, 2, 30, tzinfo=UTC))
    with timezone.override(zone):
        text = " ".join(shown(operator_client).split())
    assert f"{job.pk}" in text
    assert f"5 Jan, {told}<" in text


def test_the_newest_switch_counts(operator_client: Client) -> None:
    make_app(now=timezone.now())
    (job,) = Job.objects.all()
    facts = {"object_type": "job", "object_id": job.pk, "verb": "switch_on", "actor": "person:somebody"}
    AuditEntry.objects.create(ts=timezone.now() + MINUTE, **facts)
    assert "on by somebody" in shown(operator_client)


def test_queries_do_not_grow_with_jobs_and_their_ledger(operator_client: Client) -> None:
    make_app("One")
    operator_client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        operator_client.get(LIST)
    for number in range(12):
        make_app(f"More {number}")
    for job in Job.objects.all():
        fill(job, 30)
    with CaptureQueriesContext(connection) as many:
        operator_client.get(LIST)
    assert len(many) <= len(few)


def test_the_title_says_what_is_late(operator_client: Client) -> None:
    put_job(now=timezone.now() - 10 * MINUTE)
    Heartbeat.beat("clock", timezone.now())
    assert "<h1>1 schedule is late</h1>" in shown(operator_client)


def test_the_title_says_that_all_is_well(operator_client: Client) -> None:
    put_job(now=timezone.now())
    Heartbeat.beat("clock", timezone.now())
    assert "<h1>Everything is on time</h1>" in shown(operator_client)


def test_the_title_says_what_the_clock_switched_off(operator_client: Client) -> None:
    put_job(now=timezone.now())
    put_job("job-2", now=timezone.now()).disable("Its rule cannot be read.", timezone.now())
    Heartbeat.beat("clock", timezone.now())
    assert "<h1>1 schedule is off, and nobody switched it off</h1>" in shown(operator_client)


def test_the_banner_tells_the_age_of_the_last_tick(operator_client: Client) -> None:
    put_job(now=timezone.now())
    Heartbeat.beat("clock", timezone.now() - 5 * MINUTE)
    for address in (LIST, page_of("job-1")):
        assert "The clock stands still, last tick 5 min ago" in shown(operator_client, address)


def test_no_banner_while_the_clock_ticks(operator_client: Client) -> None:
    put_job(now=timezone.now())
    Heartbeat.beat("clock", timezone.now())
    for address in (LIST, page_of("job-1")):
        text = shown(operator_client, address)
        assert "banner tone-bad" not in text
        assert "Clock ticked" in text


def test_without_a_job_it_says_how_to_get_one(operator_client: Client) -> None:
    text = shown(operator_client)
    assert "Nothing runs by itself yet" in text
    assert "every: 30m" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=kettle", True),
        ("q=nothing", False),
        ("state=planned", True),
        ("state=off", False),
        ("state=x", False),
    ],
)
def test_the_list_is_filtered(operator_client: Client, query: str, found: bool) -> None:
    make_app(now=timezone.now())
    page = operator_client.get(f"{LIST}?{query}").context["page"]
    assert bool(page.rows) == found


def test_the_list_is_filtered_by_space(operator_client: Client) -> None:
    app = make_app(now=timezone.now())
    other = add_space("Other")
    rows = {
        space: len(operator_client.get(LIST, {"space": space}).context["page"].rows)
        for space in (app.space_id or "", other.id)
    }
    assert list(rows.values()) == [1, 0]


def test_htmx_is_given_the_list_alone_that_polls_itself(operator_client: Client) -> None:
    make_app(now=timezone.now())
    text = operator_client.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in text
    assert text.lstrip().startswith('<div id="job-list" data-live hx-get="/schedule/"')


def test_a_viewer_of_a_space_sees_its_jobs_and_no_others(operator_client: Client) -> None:
    own = make_app("Own", now=timezone.now())
    hidden, space = make_app("Hidden", now=timezone.now()), add_space("Elsewhere")
    type(hidden).objects.filter(pk=hidden.pk).update(space_id=space.id)
    put_job("site-wide", now=timezone.now())
    client = viewer_of(own.space_id)
    page = client.get(LIST).context["page"]
    assert [row.about.name for row in page.rows] == ["Own"]
    assert page.counts["planned"] == 1
    assert client.get(page_of(f"{own.pk}:often")).status_code == 200
    for job_id in (f"{hidden.pk}:often", "site-wide"):
        assert client.get(page_of(job_id)).status_code == 404
        assert operator_client.get(page_of(job_id)).status_code == 200


@pytest.mark.parametrize("job_id", ["nothing", "a/b", "é", "x" * 500, "a%00b"])
def test_a_job_that_is_not_there_is_not_found(operator_client: Client, job_id: str) -> None:
    assert operator_client.get(f"{LIST}{job_id}/").status_code == 404


@pytest.mark.parametrize("job_id", ["app:täglich / nachts?", "app:two\nlines", "app:#1 & more", "day"])
def test_a_job_with_a_strange_id_breaks_no_page(operator_client: Client, job_id: str) -> None:
    job = put_job(job_id, now=timezone.now())
    for address in (page_of(job), LIST, "/schedule/day/"):
        assert operator_client.get(address).status_code == 200


def test_a_line_of_the_audit_log_leads_to_its_job(operator_client: Client) -> None:
    make_app(now=timezone.now())
    (job,) = Job.objects.all()
    facts = {"object_type": "job", "object_id": job.pk, "verb": "switch_off", "actor": "person:somebody"}
    AuditEntry.objects.create(ts=timezone.now(), **facts)
    assert f'href="{page_of(job)}"' in shown(operator_client, "/audit/?object_type=job")


def test_the_ledger_leads_to_the_run(operator_client: Client) -> None:
    app = make_app(now=timezone.now())
    run, (job,) = make_run(app), Job.objects.all()
    fill(job, 1, metadata={"runId": run.pk})
    text = shown(operator_client, page_of(job))
    assert reverse("app_runtime:run_detail", args=[run.pk]) in text


def test_the_ledger_tells_times_in_the_zone_of_the_job(operator_client: Client) -> None:
    job = put_scheduled({"kind": "cron", "cron": "0 9 * * *", "timezone": "Australia/Sydney"})
    Slot.objects.create(job=job, due_at=datetime(2024, 11, 22, 22, tzinfo=UTC), verdict=Verdict.RAN)
    text = shown(operator_client, page_of(job))
    assert "Due in Australia/Sydney" in text
    assert "Sat 23 Nov 2024, 09:00:00</time>" in text


def test_the_ledger_does_not_promise_a_run_that_is_gone(operator_client: Client) -> None:
    make_app(now=timezone.now())
    (job,) = Job.objects.all()
    fill(job, 1, metadata={"runId": "gone"})
    assert operator_client.get(page_of(job)).context["page"].ledger[0].trace is None


def test_the_ledger_is_paged_by_its_due_times(operator_client: Client) -> None:
    job = put_job(now=timezone.now())
    fill(job, 70)
    address, seen = page_of(job), []
    while address:
        page = operator_client.get(address).context["page"]
        seen += [line.slot.pk for line in page.ledger]
        address = page.pager.next_url
    assert seen == list(job.slots.order_by("-due_at").values_list("pk", flat=True))


def test_the_ledger_is_narrowed_to_a_verdict(operator_client: Client) -> None:
    job = put_job(now=timezone.now())
    fill(job, 3)
    Slot.objects.filter(pk=Slot.objects.order_by("pk")[0].pk).update(verdict=Verdict.MISSED)
    assert len(operator_client.get(page_of(job), {"verdict": "missed"}).context["page"].ledger) == 1
    assert len(operator_client.get(page_of(job), {"verdict": "nonsense"}).context["page"].ledger) == 3


def test_queries_of_a_job_do_not_grow_with_its_ledger(operator_client: Client) -> None:
    job = put_job(now=timezone.now())
    operator_client.get(page_of(job))
    with CaptureQueriesContext(connection) as few:
        operator_client.get(page_of(job), {"at": "2026-11-23T09:00"})
    fill(job, 200)
    with CaptureQueriesContext(connection) as many:
        operator_client.get(page_of(job), {"at": "2026-11-23T09:00"})
    assert len(many) <= len(few) + 1  # a merged row asks which run stands for it


def test_ten_next_times_are_shown_with_their_offsets(operator_client: Client) -> None:
    rule = {"kind": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}
    job = Job.objects.put("daily", "Daily", rule, "test", {}, timezone.now())
    rows = operator_client.get(page_of(job)).context["page"].next_times.rows
    assert len(rows) == 10
    assert rows[0].utc == job.next_run_at
    assert {row.offset for row in rows} <= {"+01:00", "+02:00"}


def test_a_time_after_errors_is_told_as_what_it_is(operator_client: Client) -> None:
    job = put_job(now=timezone.now())
    later = job.next_run_at + MINUTE / 2
    Job.objects.update(next_run_at=later, consecutive_errors=1)
    first, second, *_rest = operator_client.get(page_of(job)).context["page"].next_times.rows
    assert first.words == "After errors it waits until then; the regular times follow."
    assert second.utc - first.utc == MINUTE / 2


def test_a_job_that_is_off_says_why_instead_of_times(operator_client: Client) -> None:
    job = put_job(now=timezone.now())
    job.disable("switched off by admin", timezone.now())
    assert operator_client.get(page_of(job)).context["page"].next_times.sentence == "switched off by admin."


def test_a_schedule_that_cannot_be_read_breaks_no_page(operator_client: Client) -> None:
    job = put_job(now=timezone.now())
    for odd in ({"kind": "cron", "cron": "nonsense"}, ["a"], {"kind": "x"}, {"kind": "cron"}, "text", 7):
        Job.objects.update(schedule=odd)
        for address in (LIST, page_of(job), f"{page_of(job)}?at=2026-11-23T09:00"):
            assert operator_client.get(address).status_code == 200, (odd, address)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "at=1971-01-01T00:00",
            "at=9899-12-31T23:59",
            "at=9999-12-31T23:59",
            "at=%00",
            "at=2026-W01-1",
            "at=x",
        ),
        *("before=1-1", "before=%00", "verdict=%00", "verdict=ran&before=9" + "9" * 13 + "-1"),
    ],
)
def test_whatever_is_asked_of_a_job_is_answered(operator_client: Client, query: str) -> None:
    job = put_job(now=timezone.now())
    fill(job, 3)
    assert operator_client.get(f"{page_of(job)}?{query}").status_code == 200


@pytest.mark.parametrize(
    "query", ["q=%00", "state=%00", "space=%00", "after=%00", "after=n5-%00", "q=%25&after=o1-x"]
)
def test_whatever_is_asked_of_the_list_is_answered(operator_client: Client, query: str) -> None:
    put_job(now=timezone.now())
    assert operator_client.get(f"{LIST}?{query}").status_code == 200
    assert operator_client.get(f"{LIST}day/?{query}").status_code == 200
