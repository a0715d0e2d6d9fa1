"""An update and its restoration, for whatever specs and for every real one beside the repository."""

from itertools import combinations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app_manager.exceptions import SpecRefused
from app_manager.jobs import scheduled
from app_manager.models import App
from app_manager.spec import decode_spec, parse_spec
from app_manager.spec.permission import LABELS, permissions_asked
from scheduler.models import Job
from tests.app_manager.factories import LIMIT, NINE, PAGE, TESTER, install_app, spec_text
from tests.app_manager.test_spec_updates import update
from tests.factories import make_run
from tests.shared import shared_path

pytestmark = pytest.mark.django_db

SOURCES = st.sampled_from(
    [
        {"type": "schedule", "config": {"every": "30m"}},
        {"type": "schedule", "config": {"every": "1d"}},
        {"type": "schedule", "config": {"cron": "0 9 * * 1-5"}},
        {"type": "file", "config": {"pattern": "**/*.csv"}},
        {"type": "webhook", "config": {"path": "kettle"}},
    ]
)
RULES = st.fixed_dictionaries(
    {"source": SOURCES, "missed": st.sampled_from(["skip", "run_once"])},
    optional={"prompt": st.just("Be brief.")},
)
SUBSCRIPTIONS = st.dictionaries(st.sampled_from(["a", "b", "c"]), RULES).map(
    lambda rules: [{"id": key, **rule} for key, rule in rules.items()]
)
NAMES = st.lists(st.sampled_from([*LABELS, "mcp:shop"]), unique=True)
SPECS = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["1.0", "2.0"]),
        "subscriptions": SUBSCRIPTIONS,
        "permissions": NAMES,
        "config_schema": st.sampled_from([[], [LIMIT], [LIMIT, {**PAGE, "required": False}]]),
    }
).map(lambda changes: spec_text(**changes))
OWN = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.just({"kind": "every", "every": "2h"}))


def jobs(app: App) -> dict[str, tuple[Any, ...]]:
    """What the clock would do by itself: every job of the spec in force, and those that are on besides."""
    rows = Job.objects.filter(pk__startswith=app.pk)
    in_force = {f"{app.pk}:{key}" for key in scheduled(app)}
    return {
        row.pk: (row.name, row.schedule, row.enabled, (row.metadata or {}).get("missed"))
        for row in rows
        if row.enabled or row.pk in in_force
    }


def decisions(app: App) -> tuple[set[str], set[str]]:
    """What was granted and denied of what the spec in force asks for."""
    asked = set(permissions_asked(app.parsed_spec))
    return asked & set(app.access.effective), asked & set(app.access.denied)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=SPECS, second=SPECS, own=OWN, granted=NAMES, ticked=NAMES)
def test_what_an_update_dropped_nothing_of_comes_back_as_it_was(db, first, second, own, granted, ticked):
    with transaction.atomic():
        app = install_app(first, granted=tuple(granted))
        for key, schedule in own.items():
            if key in scheduled(app):
                app.override_schedule(key, schedule, actor=TESTER, now=NINE)
        before = jobs(app), app.user_config
        had = {name: app.access.allows(name) for name in (*app.access.granted, *app.access.denied)}
        result = update(app, second, granted=ticked)
        assert set(jobs(app)) == {f"{app.pk}:{key}" for key in scheduled(app)}
        update(app, first)
        if not (result.dropped_overrides or result.dropped_values):
            assert (jobs(app), app.user_config) == before
        assert all(app.access.allows(name) == allowed for name, allowed in had.items())
        transaction.set_rollback(True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=SPECS, second=SPECS, granted=NAMES)
def test_an_update_grants_nothing_by_itself(db, first, second, granted):
    with transaction.atomic():
        app = install_app(first, granted=tuple(granted))
        before = decisions(app), set(app.access.effective)
        update(app, second)
        assert set(app.access.effective) == before[1]
        transaction.set_rollback(True)


def spec_files() -> list[str]:
    try:
        folder = shared_path("specs")
    except pytest.skip.Exception:
        return []
    return sorted(path.name for path in folder.glob("*.yaml"))


def text_of(name: str) -> str:
    return decode_spec(shared_path(f"specs/{name}").read_bytes())


@pytest.mark.parametrize(("first", "second"), list(combinations(spec_files(), 2)) or [("", "")])
def test_every_real_spec_becomes_every_other_and_comes_back(first, second):
    one, other = text_of(first), text_of(second)
    app = install_app(one, granted=permissions_asked(parse_spec(one)))
    before = jobs(app), decisions(app)
    result = update(app, other)
    assert not result.is_same
    assert App.objects.get().parsed_spec == parse_spec(other)
    assert set(jobs(app)) == {f"{app.pk}:{key}" for key in scheduled(app)}
    update(app, one)
    assert App.objects.get().parsed_spec == parse_spec(one)
    assert (jobs(app), decisions(app)) == before


@pytest.mark.parametrize("name", spec_files() or [""])
def test_a_real_spec_that_becomes_itself_is_the_same(name):
    app = install_app(text_of(name), granted=permissions_asked(parse_spec(text_of(name))))
    before = jobs(app), decisions(app)
    assert update(app, text_of(name)).is_same
    assert (jobs(app), decisions(app)) == before


@pytest.mark.parametrize("name", spec_files() or [""])
def test_a_real_automation_with_a_run_under_way_becomes_nothing_else(name):
    app = install_app(text_of(name))
    if app.parsed_spec.type == "automation":
        make_run(app, "queued")
        with pytest.raises(SpecRefused):
            update(app, name=app.spec_id, type="skill", subscriptions=None)
    else:
        assert not update(app, name=app.spec_id).is_same
