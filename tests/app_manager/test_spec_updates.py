"""Another spec in the place of the one in force: what stays, what goes, what is asked."""

from typing import Any

import pytest

from app_manager.exceptions import AppError, NameTaken, SpecRefused, StaleSpec
from app_manager.models import App, SpecVersion
from app_manager.spec import SpecError
from app_manager.spec_updates import SpecUpdate, update_spec
from app_manager.states import Status
from app_manager.versions import KEPT_VERSIONS
from halo_site.models import AuditEntry
from scheduler.models import Job
from tests.app_manager.factories import BROKEN, LIMIT, NINE, PAGE, TESTER, install_app, spec_text, uninstall
from tests.factories import make_run

pytestmark = pytest.mark.django_db
HOURLY = {"kind": "every", "every": "1h"}
ADDRESS = "https://example.org/"


def update(
    app: App, text: str | None = None, /, *, granted=(), denied=(), base=None, **changes
) -> SpecUpdate:
    return update_spec(
        app,
        spec_text(**changes) if text is None else text,
        base=app.spec_digest if base is None else base,
        granted=granted,
        denied=denied,
        actor=TESTER,
        now=NINE,
    )


def subscription(key: str, every: str = "1d") -> dict[str, Any]:
    return {"id": key, "source": {"type": "schedule", "config": {"every": every}}}


def everything() -> list[Any]:
    tables = (App, Job, SpecVersion, AuditEntry)
    return [list(table.objects.order_by("pk").values()) for table in tables]


@pytest.fixture
def app(db):
    return install_app(granted=("web",), denied=("memory.space",))


def jobs(app) -> dict[str, tuple[Any, bool]]:
    rows = Job.objects.filter(pk__startswith=app.pk)
    return {row.pk.partition(":")[2]: (row.schedule, row.enabled) for row in rows}


def test_the_new_spec_is_in_force(app):
    update(app, version="2.0", description="Watches two kettles.")
    stored = App.objects.get()
    assert (stored.parsed_spec.version, stored.spec_text) == (
        "2.0",
        spec_text(version="2.0", description="Watches two kettles."),
    )
    assert (app.description, app.parsed_spec) == ("Watches two kettles.", stored.parsed_spec)


def test_the_outgoing_spec_is_kept(app):
    before = app.spec_text
    update(app, version="2.0")
    kept = SpecVersion.objects.get()
    assert (kept.number, kept.version, kept.spec_text) == (1, "1.0", before)
    assert (kept.replaced_by, kept.replaced_at) == ("system:tests", NINE)


def test_numbers_count_on_and_the_newest_are_kept(app):
    for number in range(KEPT_VERSIONS + 3):
        update(app, version=f"2.{number}")
    numbers = list(app.versions.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(4, KEPT_VERSIONS + 4))


def test_the_change_leaves_a_line_with_before_and_after(app):
    update(app, version="2.0", subscriptions=[subscription("daily")])
    line = AuditEntry.objects.get(verb="update_spec")
    assert line.summary == "1.0 → 2.0"
    assert line.before["schedules"] == {"morning": {"kind": "cron", "cron": "0 9 * * *"}}
    assert line.after["schedules"] == {"daily": {"kind": "every", "every": "1d"}}
    assert line.after["digest"] == app.spec_digest != line.before["digest"]


def test_the_log_names_configured_keys_and_no_values(db):
    app = install_app(config_schema=[PAGE], configuration={"page": "https://example.org/secret"})
    update(app, config_schema=[PAGE], version="2.0")
    line = AuditEntry.objects.get(verb="update_spec")
    assert line.before["configuration"] == ["page"]
    assert "secret" not in f"{line.before}{line.after}"


def test_the_same_text_changes_nothing(app):
    before = everything()
    assert update(app).is_same
    assert update(app, spec_text().replace("\n", "\r\n")).is_same
    assert everything() == before


def test_a_second_click_is_harmless(app):
    base = app.spec_digest
    update(app, version="2.0", base=base)
    assert update(app, version="2.0", base=base).is_same
    assert SpecVersion.objects.count() == 1


def test_a_spec_that_somebody_else_replaced_is_not_overwritten(app):
    base = app.spec_digest
    update(app, version="2.0")
    before = everything()
    with pytest.raises(StaleSpec):
        update(app, version="3.0", base=base)
    assert everything() == before


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_spec_changes_nothing(app, text):
    before = everything()
    with pytest.raises(SpecError):
        update(app, text)
    assert everything() == before


def test_an_uninstalled_app_is_not_updated(app):
    uninstall(app)
    before = everything()
    with pytest.raises(SpecRefused, match="uninstalled"):
        update(app, version="2.0")
    assert everything() == before


# configuration


def test_values_that_fit_stay(db):
    app = install_app(config_schema=[PAGE, LIMIT], configuration={"page": ADDRESS, "limit": 7})
    update(app, config_schema=[LIMIT, PAGE], version="2.0")
    assert App.objects.get().user_config == {"page": ADDRESS, "limit": 7}


def test_a_value_like_the_new_default_is_still_ones_own(db):
    app = install_app(config_schema=[LIMIT], configuration={"limit": 7})
    update(app, config_schema=[{**LIMIT, "default": 7}])
    update(app, config_schema=[LIMIT])
    assert App.objects.get().configuration == {"limit": 7}


@pytest.mark.parametrize(
    "item",
    [
        {"key": "limit", "label": "Limit", "type": "boolean"},
        {"key": "limit", "label": "Limit", "type": "email"},
        {"key": "limit", "label": "Limit", "type": "select", "options": [{"label": "8", "value": 8}]},
        {"key": "most", "label": "Limit", "type": "number"},
    ],
)
def test_a_value_that_does_not_fit_is_dropped_and_named(db, item):
    app = install_app(config_schema=[LIMIT], configuration={"limit": 7})
    assert update(app, config_schema=[item]).dropped_values == ("limit",)
    assert App.objects.get().user_config == {}


def test_a_number_may_become_text_and_come_back(db):
    app = install_app(config_schema=[LIMIT], configuration={"limit": 7})
    update(app, config_schema=[{"key": "limit", "label": "Limit", "type": "string"}])
    assert app.user_config == {"limit": "7"}
    update(app, config_schema=[LIMIT])
    assert app.user_config == {"limit": 7}


@pytest.mark.parametrize("status", ["active", "waiting_user", "error", "needs_login"])
def test_an_app_with_a_value_missing_now_is_paused(app, status):
    App.objects.update(status=status)
    assert update(app, config_schema=[PAGE]).missing == ("Page",)
    stored = App.objects.get()
    assert (stored.status, stored.error_message) == ("paused", "needs configuration: Page")


def test_an_app_that_is_paused_for_a_value_starts_nothing_that_was_queued(app):
    run = make_run(app, "queued")
    update(app, config_schema=[PAGE])
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_an_app_that_a_person_paused_does_not_wake_up_by_its_configuration(app):
    app.change_status(Status.PAUSED, actor=TESTER, now=NINE)
    update(app, config_schema=[PAGE])
    app.configure({"page": ADDRESS}, actor=TESTER, now=NINE)
    assert App.objects.get().status == "paused"


def test_an_app_that_waits_for_another_value_now_says_so(db):
    app = install_app(config_schema=[PAGE])
    update(app, config_schema=[{**PAGE, "key": "shop", "label": "Shop"}])
    assert App.objects.get().error_message == "needs configuration: Shop"


def test_an_app_that_waits_for_nothing_any_more_becomes_active(db):
    app = install_app(config_schema=[PAGE])
    update(app, version="2.0")
    stored = App.objects.get()
    assert (stored.status, stored.error_message) == ("active", None)


# schedules


def test_jobs_follow_the_subscriptions(app):
    update(app, subscriptions=[subscription("daily")])
    morning = {"kind": "cron", "cron": "0 9 * * *"}
    assert jobs(app) == {"morning": (morning, False), "daily": ({"kind": "every", "every": "1d"}, True)}


def test_a_job_whose_schedule_stays_keeps_its_times(app):
    before = Job.objects.values("anchor_at", "next_run_at", "last_run_at").get()
    update(app, version="2.0")
    assert Job.objects.values("anchor_at", "next_run_at", "last_run_at").get() == before


def test_a_subscription_that_comes_back_has_its_job_again(app):
    update(app, subscriptions=[subscription("daily")])
    update(app)
    assert {key: on for key, (_, on) in jobs(app).items()} == {"morning": True, "daily": False}
    lines = AuditEntry.objects.filter(object_type="job").order_by("pk")
    told = [(line.object_id.rpartition(":")[2], line.verb) for line in lines]
    assert told == [("morning", "switch_off"), ("daily", "switch_off"), ("morning", "switch_on")]


def test_a_job_that_somebody_switched_off_stays_off(app):
    Job.objects.get().disable("switched off by hand", NINE)
    update(app, version="2.0")
    update(app, subscriptions=[subscription("morning")])
    job = Job.objects.get()
    assert (job.enabled, job.disabled_reason, job.schedule["kind"]) == (
        False,
        "switched off by hand",
        "every",
    )


def switched_off_by_errors() -> Job:
    job = Job.objects.get()
    for _ in range(5):
        job.record_result("error", NINE, NINE, "no page")
    assert not job.enabled
    return job


def test_a_job_that_errors_switched_off_stays_off_with_its_schedule(app):
    job = switched_off_by_errors()
    update(app, version="2.0")
    job.refresh_from_db()
    assert (job.enabled, job.consecutive_errors) == (False, 5)


def test_a_job_that_errors_switched_off_begins_anew_with_another_schedule(app):
    job = switched_off_by_errors()
    update(app, subscriptions=[subscription("morning")])
    job.refresh_from_db()
    assert (job.enabled, job.consecutive_errors) == (True, 0)
    assert list(AuditEntry.objects.filter(object_id=job.pk).order_by("pk").values_list("actor", "verb")) == [
        ("system:scheduler", "switch_off"),
        (str(TESTER), "switch_on"),
    ]


def test_a_job_whose_schedule_could_not_be_read_begins_anew_with_one_that_can(app):
    App.objects.update(user_overrides={"subscriptions": {"morning": {"kind": "moon"}}})
    Job.objects.update(schedule={"kind": "moon"})
    Job.objects.get().disable("the schedule kind is not known", NINE)
    update(App.objects.get(), version="2.0")
    assert jobs(app)["morning"] == ({"kind": "cron", "cron": "0 9 * * *"}, True)


def test_an_own_schedule_stays_with_its_subscription(app):
    app.override_schedule("morning", HOURLY, actor=TESTER, now=NINE)
    update(app, subscriptions=[subscription("morning", "2d")])
    assert jobs(app)["morning"] == (HOURLY, True)


def test_an_own_schedule_goes_with_its_subscription_and_is_named(app):
    app.override_schedule("morning", HOURLY, actor=TESTER, now=NINE)
    assert update(app, subscriptions=[subscription("daily")]).dropped_overrides == ("morning",)
    assert App.objects.get().user_overrides == {}


@pytest.mark.parametrize("odd", [{"kind": "moon"}, "often", None, 7])
def test_an_own_schedule_that_cannot_be_read_goes(app, odd):
    App.objects.update(user_overrides={"subscriptions": {"morning": odd}})
    assert update(App.objects.get(), version="2.0").dropped_overrides == ("morning",)
    assert jobs(app)["morning"] == ({"kind": "cron", "cron": "0 9 * * *"}, True)


def test_a_paused_apps_jobs_are_on(app):
    app.change_status(Status.PAUSED, actor=TESTER, now=NINE)
    update(app, subscriptions=[subscription("daily")])
    assert jobs(app)["daily"][1]


# permissions


def test_what_is_asked_anew_is_off_until_somebody_decides(app):
    result = update(app, permissions=["web", "memory.space", "email"])
    assert [row.name for row in result.undecided] == ["email"]
    assert App.objects.get().permissions == {"granted": ["web"], "denied": ["memory.space"]}


def test_what_is_asked_anew_is_decided_by_the_person(app):
    update(app, permissions=["web", "email", "ai-terminal"], granted=["email"], denied=["ai-terminal"])
    assert App.objects.get().permissions == {
        "granted": ["web", "email"],
        "denied": ["memory.space", "ai-terminal"],
    }


def test_an_update_decides_nothing_that_was_decided_and_nothing_that_is_not_asked(app):
    update(app, version="2.0", granted=["memory.space", "email"], denied=["web"])
    assert App.objects.get().permissions == {"granted": ["web"], "denied": ["memory.space"]}


def test_another_name_of_a_decided_permission_is_not_new(app):
    assert update(app, permissions=["web_fetch"]).undecided == []


# name and type


def test_the_name_of_the_app_follows_the_spec(app):
    update(app, name="Teapot Watch")
    assert App.objects.get().spec_id == "Teapot Watch"
    assert Job.objects.get().name == "Teapot Watch - morning"


@pytest.mark.parametrize("gone", [False, True])
def test_a_name_that_is_taken_is_refused(app, gone):
    other = install_app(name="Teapot Watch")
    if gone:
        uninstall(other)
    before = everything()
    with pytest.raises(NameTaken, match="An uninstalled app" if gone else "Another app"):
        update(app, name="Teapot Watch")
    assert everything() == before


@pytest.mark.parametrize("status", ["queued", "running"])
def test_an_automation_with_a_run_under_way_stays_one(app, status):
    make_run(app, status)
    before = everything()
    with pytest.raises(SpecRefused, match="has not ended"):
        update(app, type="skill", subscriptions=None)
    assert everything() == before


def test_an_automation_without_runs_under_way_may_become_a_skill(app):
    make_run(app)
    update(app, type="skill", subscriptions=None)
    assert not Job.objects.filter(enabled=True).exists()


@pytest.mark.parametrize("column", ["spec", "user_config", "user_overrides", "permissions"])
@pytest.mark.parametrize("value", [[1], {"subscriptions": [1], "granted": 7, "denied": [[1], None]}])
def test_a_row_that_cannot_be_read_is_mended_by_an_update(app, column, value):
    App.objects.update(**{column: value}, spec_text="")
    damaged = App.objects.get()
    update(damaged, version="2.0")
    stored = App.objects.get()
    assert (stored.problem, stored.parsed_spec.version) == ("", "2.0")
    assert set(stored.permissions) == {"granted", "denied"}


def test_a_refusal_is_one_that_pages_and_commands_know():
    assert all(issubclass(error, AppError) for error in (StaleSpec, SpecRefused, NameTaken))
