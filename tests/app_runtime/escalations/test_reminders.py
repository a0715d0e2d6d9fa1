"""Reminders at 50 % and 90 % of the time to a deadline, each once."""

from datetime import datetime

import pytest

from app_manager.models import App
from app_runtime.escalations import reminders
from app_runtime.escalations.questions import Answer
from app_runtime.escalations.reminders import due_reminders, remind
from app_runtime.models import Entry
from app_runtime.notifications import events
from halo_site.store.fields import to_ms
from tests.app_runtime.escalations.asking import ask, say
from tests.factories import MINUTE, NINE, SECOND, set_status

pytestmark = pytest.mark.django_db
HALF, NINE_TENTHS = NINE + 50 * MINUTE, NINE + 90 * MINUTE


@pytest.fixture
def asked(app: App) -> Entry:
    return ask(app, deadline=NINE + 100 * MINUTE)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The percentages that messengers were told."""
    heard: list[int] = []

    def hear(entry: Entry, percent: int, now: datetime) -> None:
        heard.append(percent)

    monkeypatch.setattr(events, "question_reminder", hear)
    return heard


def test_each_stage_is_told_once(asked: Entry, told: list[int]) -> None:
    for moment in (
        HALF - SECOND,
        HALF,
        HALF + SECOND,
        NINE_TENTHS - SECOND,
        NINE_TENTHS,
        NINE_TENTHS + SECOND,
    ):
        remind(moment)
    assert told == [50, 90]
    assert Entry.objects.get().reminded_percent == 90


def test_of_stages_that_passed_unseen_only_the_last_is_told(asked: Entry) -> None:
    assert [(entry.pk, stage) for entry, stage in due_reminders(NINE_TENTHS)] == [(asked.pk, 90)]


def test_nobody_is_reminded_after_the_deadline_or_an_answer(app: App, asked: Entry, told: list[int]) -> None:
    remind(NINE + 100 * MINUTE)
    say(asked, Answer("Yes"))
    remind(HALF)
    assert told == []


def test_a_question_without_a_deadline_reminds_nobody(app: App, told: list[int]) -> None:
    ask(app)
    remind(NINE + 10_000 * MINUTE)
    assert told == []


@pytest.mark.parametrize("value", ["soon", [1], 10**30])
def test_a_deadline_that_is_no_moment_reminds_nobody(app: App, told: list[int], value: object) -> None:
    ask(app, question="Order?", deadlineAt=value)
    remind(HALF)
    assert told == []


def test_an_uninstalled_app_reminds_nobody(app: App, asked: Entry, told: list[int]) -> None:
    set_status(app, "uninstalled")
    remind(HALF)
    assert told == []


def test_a_messenger_that_fails_leaves_the_reminder_for_the_next_sweep(
    asked: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(entry: Entry, percent: int, now: datetime) -> None:
        raise RuntimeError("no messenger")

    with monkeypatch.context() as patched:
        patched.setattr(events, "question_reminder", fail)
        assert remind(HALF) == 0
    assert remind(HALF) == 1


def test_deadlines_that_are_none_take_the_place_of_no_other(
    app: App, asked: Entry, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "REMINDED_AT_ONCE", 1)
    soon = to_ms(NINE + 100 * MINUTE)
    for value in (None, "soon", str(soon), soon + 0.5, True):
        ask(app, at=NINE - MINUTE, question="Odd?", deadlineAt=value)
    remind(HALF)
    assert told == [50]
    asked.refresh_from_db()
    assert asked.reminded_percent == 50
