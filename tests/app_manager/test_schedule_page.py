"""The page of when an app runs: one place to edit, previewed before and proven after."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from app_manager.models import App
from app_manager.scheduling import schedule_digest
from halo_site.models import AuditEntry
from scheduler.models import Job, Slot
from tests.app_manager.factories import NINE, TESTER, install_app, uninstall
from tests.app_manager.test_decisions import HOURLY

pytestmark = pytest.mark.django_db
BY = {"actor": TESTER, "now": NINE}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def now(time_machine):
    time_machine.move_to(NINE, tick=False)
    return NINE


@pytest.fixture
def app(db, now):
    return install_app()


def job():
    return Job.objects.get(pk__endswith=":morning")


def body(answer):
    return answer.content.decode()


def page(browser, app):
    return body(browser.get(f"/apps/{app.pk}/schedule/"))


def form(**changes):
    given = {"key": "morning", "kind": "every", "every": "1h", "missed": "run_once", "overlap": "skip"}
    return {**given, **changes}


def preview(browser, app, **changes):
    return body(browser.post(f"/apps/{app.pk}/schedule/preview/", form(**changes), headers=HTMX))


def save(browser, app, **changes):
    return browser.post(f"/apps/{app.pk}/schedule/save/", form(**changes), follow=True)


def cron(rule, zone=""):
    return {"kind": "cron", "cron": rule, "timezone": zone}


def once(day, at="10:00", zone="UTC"):
    return {"kind": "once", "date": day, "time": at, "timezone": zone}


def test_each_part_has_its_source_and_the_next_five_times_stand_beside(operator_client, app):
    app.override_schedule("morning", {**HOURLY}, **BY)
    text = page(operator_client, app)
    for words in ("every 1 h", "changed here", "The spec says: daily at 09:00.", "server default"):
        assert words in text
    for hour in range(10, 15):
        assert f"Mon 23 Nov 2026, {hour}:00:00" in text


def test_a_preview_tells_the_rule_and_its_times_and_stores_nothing(operator_client, app):
    before = list(App.objects.values()), list(Job.objects.values())
    text = preview(operator_client, app, **cron("30 7 * * 1-5", "Asia/Shanghai"))
    assert "Monday to Friday at 07:30 (Asia/Shanghai)" in text
    assert text.count("07:30:00 <span") == 5
    assert "+08:00" in text
    assert (list(App.objects.values()), list(Job.objects.values())) == before


def test_a_preview_without_a_script_is_the_whole_page_with_what_was_written(operator_client, app):
    answer = operator_client.post(f"/apps/{app.pk}/schedule/preview/", form(every="45m"))
    assert 'value="45m"' in body(answer)
    assert "every 45 min" in body(answer)
    assert "<html" in body(answer)


@pytest.mark.parametrize(
    ("moment", "rule", "words"),
    [
        ("2027-03-27", cron("30 2 * * *", "Europe/Berlin"), "02:30 does not exist that day, so it runs once"),
        ("2027-10-30", cron("30 2 * * *", "Europe/Berlin"), "02:30 happens twice, and it runs once"),
    ],
)
def test_a_preview_marks_where_the_clocks_change(operator_client, app, time_machine, moment, rule, words):
    time_machine.move_to(f"{moment}T12:00Z", tick=False)
    operator_client.force_login(User.objects.get())
    assert words in preview(operator_client, app, **rule)


REFUSED = [
    (form(every="0s"), "The interval &quot;0s&quot; is under 10 s; the shortest interval is 10 s."),
    (form(every="9s"), "the shortest interval is 10 s."),
    (form(every="soon"), "cannot be read"),
    (form(every=""), "cannot be read"),
    (form(**cron("0 0 31 2 *")), "never"),
    (form(**cron("* * *")), "5 fields"),
    (form(**cron("*/5 * * * * *")), "at least 10 s between two times"),
    (form(**cron("0 9 * * *", "Mars/Base")), "The time zone &quot;Mars/Base&quot; is not known"),
    (form(**cron("0 9 * * *", "../../etc/passwd")), "is not known"),
    (form(**once("2026-11-22")), "This time has passed already."),
    (form(**once("")), "Choose a date."),
    (form(**once("2027-03-28", "02:30", "Europe/Berlin")), "there is no 02:30 on that day in Europe/Berlin"),
    (form(**once("9999-12-31", "23:59:59", "America/Los_Angeles")), "outside the years"),
    (form(kind="moon"), "moon"),
    (form(missed="perhaps"), "perhaps"),
]


@pytest.mark.parametrize(("given", "words"), REFUSED, ids=[words[:30] for _given, words in REFUSED])
def test_what_cannot_be_is_said_while_editing_and_refused_when_saved(operator_client, app, given, words):
    before = list(App.objects.values()), list(Job.objects.values()), AuditEntry.objects.count()
    seen = body(operator_client.post(f"/apps/{app.pk}/schedule/preview/", given, headers=HTMX))
    answer = operator_client.post(f"/apps/{app.pk}/schedule/save/", given)
    assert "This cannot be saved" in seen
    assert (words in seen, words in body(answer), answer.status_code) == (True, True, 422)
    assert (list(App.objects.values()), list(Job.objects.values()), AuditEntry.objects.count()) == before


def test_a_refused_form_keeps_what_was_written(operator_client, app):
    text = body(operator_client.post(f"/apps/{app.pk}/schedule/save/", form(every="3 hours", missed="skip")))
    assert 'value="3 hours"' in text
    assert '<option value="skip" selected>skip them' in text


def test_saving_stores_and_proves_it_by_the_next_time(operator_client, app):
    text = body(save(operator_client, app, missed="skip"))
    assert "Saved. Next time: 23 Nov 2026, 10:00:00 UTC (in 1 h)." in text
    assert (job().schedule, job().skips_missed) == (HOURLY, True)
    line = AuditEntry.objects.get(verb="override_schedule")
    assert (line.actor, line.after) == ("person:operator", {"schedule": HOURLY, "missed": "skip"})


def test_saving_the_same_twice_has_no_double_effect(operator_client, app):
    save(operator_client, app)
    assert "Nothing was changed." in body(save(operator_client, app))
    assert AuditEntry.objects.filter(verb="override_schedule").count() == 1


def test_one_time_can_be_a_schedule_too(operator_client, app):
    save(operator_client, app, **once("2026-11-24", "09:00", "Asia/Shanghai"))
    assert job().next_run_at == datetime(2026, 11, 24, 1, tzinfo=UTC)


def test_a_time_that_happens_twice_is_the_first_and_says_so(operator_client, app):
    rule = once("2027-10-31", "02:30", "Europe/Berlin")
    assert "this time happens twice, and the first one is meant" in preview(operator_client, app, **rule)
    save(operator_client, app, **rule, sure="on")
    assert job().next_run_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("rule", [cron("0 0 29 2 *"), once("9998-01-01")], ids=["29 February", "9998"])
def test_a_next_time_that_is_years_away_is_asked_about(operator_client, app, rule):
    assert "Is that what you mean?" in preview(operator_client, app, **rule)
    unsure = body(save(operator_client, app, **rule))
    assert "Confirm that, then save." in unsure
    assert "This cannot be saved" not in unsure, "its times stay in sight"
    assert job().schedule["cron"] == "0 9 * * *"
    assert save(operator_client, app, **rule, sure="on").redirect_chain
    assert job().next_run_at.year in {2028, 9998}


def test_of_two_who_edit_the_second_is_told_and_keeps_what_was_written(operator_client, app):
    seen = schedule_digest(app, "morning")
    save(operator_client, app, base=seen)
    answer = operator_client.post(f"/apps/{app.pk}/schedule/save/", form(every="2h", base=seen))
    assert answer.status_code == 409
    assert "changed by somebody else meanwhile" in body(answer)
    assert "It was operator" in body(answer)
    assert 'value="2h"' in body(answer)
    assert job().schedule == HOURLY
    again = schedule_digest(App.objects.get(), "morning")
    assert f'name="base" value="{again}"' in body(answer)


def test_what_keeps_the_times_from_coming_is_said_when_saving(operator_client, app):
    app.pause(**BY)
    assert "The app is paused: its times are skipped" in body(save(operator_client, app))


def test_the_page_of_a_paused_app_says_what_becomes_of_its_times(operator_client, app):
    app.pause(**BY)
    text = page(operator_client, app)
    assert "On, but skipped" in text
    assert "The app is paused: its times are skipped until it is resumed." in text


def test_a_schedule_that_is_off_stays_off_and_saving_says_so(operator_client, app):
    app.switch_schedule("morning", False, **BY)
    text = body(save(operator_client, app))
    assert "It is switched off, so it does not come due" in text
    assert "Next time:" not in text


def test_an_interval_that_the_spec_does_not_ask_for_is_noted(operator_client, now):
    source = {"type": "schedule", "config": {"every": "2h"}}
    bounds = {"default": "2h", "min": "90m", "max": "1d"}
    app = install_app(subscriptions=[{"id": "morning", "source": source, "frequency": bounds}])
    assert "asks for at least 90m" in preview(operator_client, app)
    assert "asks for at most 1d" in preview(operator_client, app, every="2d")
    assert "asks for at least 90m" in body(save(operator_client, app))
    assert job().schedule == HOURLY


def test_an_update_whose_schedule_is_beaten_by_ones_own_says_so(operator_client, app):
    app.override_schedule("morning", HOURLY, **BY)
    text = app.written_spec.replace("0 9 * * *", "0 8 * * *")
    answer = operator_client.post(
        f"/apps/{app.pk}/spec/update/confirm/",
        {"spec_text": text, "base": app.spec_digest, "confirmed": "yes"},
        follow=True,
    )
    assert "another schedule for morning now, and what you set there still counts" in body(answer)


def test_one_part_goes_back_to_the_spec(operator_client, app):
    save(operator_client, app, missed="skip")
    given = {"key": "morning", "part": "missed"}
    text = body(operator_client.post(f"/apps/{app.pk}/schedule/reset/", given, follow=True))
    assert "It is the spec&#x27;s again. Next time: 23 Nov 2026, 10:00:00" in text
    assert App.objects.get().user_overrides == {"subscriptions": {"morning": HOURLY}}


def switch(browser, app, on):
    data = {"key": "morning"} | ({"on": "yes"} if on else {})
    return body(browser.post(f"/apps/{app.pk}/schedule/switch/", data, follow=True))


def test_switching_off_and_on_proves_itself(operator_client, app):
    text = switch(operator_client, app, on=False)
    assert "Switched off. It does not come due any more." in text
    assert "switched off by operator".capitalize() in text
    assert not job().enabled
    assert "Switched on. Next time: 24 Nov 2026, 09:00:00 UTC" in switch(operator_client, app, on=True)
    assert AuditEntry.objects.filter(verb__in=("switch_on", "switch_off")).count() == 2


def test_a_schedule_that_errors_switched_off_says_why_and_since_when(operator_client, app):
    for minute in range(5):
        moment = NINE - timedelta(minutes=10 - minute)
        Slot.objects.create(job=job(), due_at=moment, verdict="ran")
        job().record_result("error", moment, moment, "The shop is closed.", moment)
    text = page(operator_client, app)
    assert "Nothing starts it: it was switched off" in text
    assert "5 errors in a row. The last one: The shop is closed." in text
    assert "6 min ago" in text
    assert "Off after errors" in text
    assert "Switched on. Next time: 24 Nov 2026, 09:00:00 UTC" in switch(operator_client, app, on=True)
    assert job().consecutive_errors == 0


def test_a_time_that_errors_held_back_says_so(operator_client, app):
    Job.objects.update(consecutive_errors=2, next_run_at=NINE + timedelta(minutes=1))
    assert "Held back after 2 errors: it tries again" in page(operator_client, app)


def test_a_job_that_somebody_deleted_is_said_and_made_again(operator_client, app):
    Job.objects.all().delete()
    assert "Its job is gone" in page(operator_client, app)
    assert "Switched on. Next time: 24 Nov 2026" in switch(operator_client, app, on=True)
    assert job().enabled


def test_what_comes_by_events_is_listed_without_a_form(operator_client, now):
    hook = {"id": "hook", "source": {"type": "webhook", "config": {"path": "kettle"}}}
    text = page(operator_client, install_app(subscriptions=[hook]))
    assert "when something is sent to /hooks/kettle" in text
    assert "Nothing comes by the clock" in text


def test_a_schedule_that_a_stranger_wrote_does_not_stop_the_page(operator_client, app):
    for odd in ({"kind": "moon"}, {"kind": "once", "once": "soon"}, {"kind": "once", "once": 10**18}, {}):
        App.objects.update(user_overrides={"subscriptions": {"morning": odd}})
        assert "When it runs" in page(operator_client, app)


def test_an_uninstalled_app_is_shown_without_verbs(operator_client, app):
    uninstall(app)
    text = page(operator_client, app)
    assert "/schedule/save/" not in text
    assert "/schedule/switch/" not in text


def test_the_zones_of_the_world_are_offered(operator_client, app):
    text = page(operator_client, app)
    for name in ("UTC", "Asia/Shanghai", "Europe/Berlin"):
        assert f'<option value="{name}"></option>' in text


def test_no_schedule_of_that_name_is_not_found(operator_client, app):
    assert save(operator_client, app, key="evening").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_does_not_manage_sees_the_page_without_its_verbs(app, role):
    user = User.objects.create_user("vera")
    user.groups.add(Group.objects.get(name=role))
    browser = Client()
    browser.force_login(user)
    text = page(browser, app)
    assert "daily at 09:00" in text
    for verb in ("save", "preview", "reset", "switch", "once"):
        assert f"/schedule/{verb}/" not in text
    assert save(browser, app).status_code == 403
    assert job().schedule["kind"] == "cron"


def test_the_configuration_leads_to_the_one_place_and_has_no_reset_of_its_own(operator_client, app):
    app.override_schedule("morning", HOURLY, **BY)
    text = body(operator_client.get(f"/apps/{app.pk}/config/"))
    assert f'href="/apps/{app.pk}/schedule/">Change when it runs' in text
    assert "/schedule/reset/" not in text
