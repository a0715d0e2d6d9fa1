"""What an app is shown as, and its strip of runs."""

import json
import re

import pytest
from django.test import Client

from app_manager.models import App
from app_runtime.chips import delivery_chip, outcome_chip
from app_runtime.pages import app_cards, app_chip, display_status
from app_runtime.statuses import Status
from app_runtime.strips import bars_of, newest_runs, tone_of
from tests.factories import MINUTE, NINE, make_app, make_question, make_run, set_status
from tests.shared import shared_path


def test_the_vectors_of_the_display_ladder() -> None:
    vectors = json.loads(shared_path("reference/vectors.json").read_text())["display_status"]
    for vector in vectors:
        shown = display_status(
            vector["app_status"], vector["running"], vector["queued"], vector["pending_decisions"]
        )
        assert shown == vector["shown"], vector


@pytest.mark.parametrize("status", ["paused", "error", "needs_login", "uninstalled"])
def test_an_app_that_does_not_run_by_itself_is_shown_as_what_it_is(status: str) -> None:
    assert display_status(status, False, False, 0) == status


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "words", "tone"),
    [
        ("active", "Idle", "ok"),
        ("paused", "Paused", "quiet"),
        ("error", "Stopped after errors", "bad"),
        ("needs_login", "Needs a login", "wait"),
        ("waiting_user", "Idle", "ok"),
        ("uninstalled", "Uninstalled", "quiet"),
    ],
)
def test_each_status_has_its_chip(app: App, status: str, words: str, tone: str) -> None:
    set_status(app, status)
    chip = app_chip(app, running=False, queued=False, questions=0, newest=None)
    assert (chip.text, chip.tone) == (words, tone)


@pytest.mark.django_db
def test_an_idle_app_whose_last_run_failed_is_shown_as_failed(app: App) -> None:
    make_run(app)
    make_run(app, Status.ERROR, at=NINE + MINUTE)
    assert app_cards([app])[0].chip.text == "Failed"


@pytest.mark.django_db
def test_a_card_shows_a_queued_run_although_another_ended_later(app: App) -> None:
    make_run(app, Status.QUEUED)
    make_run(app, at=NINE + MINUTE)
    assert app_cards([app])[0].chip.text == "Queued"


@pytest.mark.django_db
def test_a_card_shows_the_open_question_of_a_paused_app(app: App) -> None:
    make_question(app)
    set_status(app, "paused")
    assert app_cards([app])[0].chip.text == "Waiting for you"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "words"),
    [("paused", "Paused"), ("error", "Stopped after errors"), ("needs_login", "Needs a login")],
)
def test_an_open_question_does_not_hide_that_an_app_is_held(
    operator_client: Client, app: App, status: str, words: str
) -> None:
    make_question(app)
    set_status(app, status)
    for address in ("/", "/apps/", f"/apps/{app.pk}/", f"/apps/{app.pk}/manage/"):
        page = operator_client.get(address).content.decode()
        assert "Waiting for you" in page, address
        assert re.search(rf'class="chip[^>]*>.*?{words}</', page), address


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["active", "paused"])
def test_what_the_chip_says_is_said_once(app: App, status: str) -> None:
    set_status(app, status)
    assert app_cards([app])[0].held is None


@pytest.mark.django_db
def test_newest_runs_are_those_of_each_app_oldest_first() -> None:
    kettle, toaster = make_app("Kettle"), make_app("Toaster")
    runs = [make_run(kettle, at=NINE + number * MINUTE) for number in range(20)]
    single = make_run(toaster, at=NINE - MINUTE)
    found = newest_runs([kettle.pk, toaster.pk, "none"], 14)
    assert [run.pk for run in found[kettle.pk]] == [run.pk for run in runs[6:]]
    assert [run.pk for run in found[toaster.pk]] == [single.pk]
    assert found["none"] == []


@pytest.mark.django_db
def test_a_bar_says_when_and_what_and_leads_to_its_run(app: App) -> None:
    run = make_run(app, Status.ERROR, engine="model")
    (bar,) = bars_of([run])
    assert (bar.tone, bar.href) == ("bad", f"/runs/{run.pk}/")
    assert bar.title.endswith("Failed")


@pytest.mark.django_db
def test_a_run_with_nothing_to_do_is_a_low_bar(app: App) -> None:
    assert tone_of(make_run(app, outcome="noop", engine="model")) == "skip"
    assert tone_of(make_run(app, engine="model")) == "ok"


@pytest.mark.django_db
def test_a_rehearsal_is_no_success(app: App) -> None:
    run = make_run(app)
    assert (tone_of(run), outcome_chip(run)) == ("quiet", None)
    assert bars_of([run])[0].title.endswith("rehearsal")


@pytest.mark.django_db
def test_outcome_and_delivery_are_told_only_where_they_say_more(app: App) -> None:
    assert outcome_chip(make_run(app, Status.ERROR)) is None
    assert outcome_chip(make_run(app, Status.QUEUED)) is None
    assert delivery_chip(make_run(app)) is None
    failed = delivery_chip(make_run(app, delivery="failed"))
    assert failed
    assert (failed.text, failed.tone) == ("Not delivered", "bad")
