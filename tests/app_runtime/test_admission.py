import pytest

from app_manager.models import App
from app_runtime.admission import refusal_of_state
from tests.factories import make_app, set_status

pytestmark = pytest.mark.django_db
PAGE = {"key": "page", "label": "Page", "type": "url", "required": True}
WORDS = {
    "paused": "it is paused",
    "error": "it was stopped after errors",
    "needs_login": "it needs a login first",
    "uninstalled": "it is uninstalled",
}


@pytest.mark.parametrize("status", ["active", "waiting_user"])
@pytest.mark.parametrize("automatic", [True, False])
def test_an_active_and_a_waiting_app_run_by_themselves_and_by_a_click(
    app: App, status: str, automatic: bool
) -> None:
    set_status(app, status)
    assert refusal_of_state(app, automatic=automatic) is None


@pytest.mark.parametrize("status", ["paused", "error"])
def test_a_paused_and_a_stopped_app_run_by_a_click_only(app: App, status: str) -> None:
    set_status(app, status)
    assert refusal_of_state(app, automatic=False) is None
    refusal = refusal_of_state(app, automatic=True)
    assert refusal
    assert (refusal.reason, refusal.sentence) == ("paused", WORDS[status])


@pytest.mark.parametrize("status", ["needs_login", "uninstalled"])
@pytest.mark.parametrize("automatic", [True, False])
def test_the_other_statuses_refuse_every_run(app: App, status: str, automatic: bool) -> None:
    set_status(app, status)
    refusal = refusal_of_state(app, automatic=automatic)
    assert refusal
    assert refusal.sentence == WORDS[status]


@pytest.mark.parametrize("automatic", [True, False])
def test_an_app_that_lacks_a_value_runs_in_no_way_and_says_which(db: None, automatic: bool) -> None:
    refusal = refusal_of_state(make_app(config_schema=[PAGE]), automatic=automatic)
    assert refusal
    assert refusal.sentence == "it needs configuration: Page"


def test_only_automations_run(db: None) -> None:
    skill = make_app(type="skill", skill_content="# Tea", subscriptions=None, system_prompt=None)
    refusal = refusal_of_state(skill, automatic=False)
    assert refusal
    assert "skill" in refusal.sentence
