"""`manage.py answer`: what it prints, and one clear line for everything that it refuses."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from app_manager.models import App
from app_runtime.escalations.questions import Answer
from app_runtime.models import Entry
from tests.app_runtime.escalations.asking import TWO, ask, say

pytestmark = pytest.mark.django_db


def answer(entry: Entry, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("answer", entry.pk, *arguments)
    return capsys.readouterr().out.strip()


def test_it_prints_the_run_that_goes_on(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ask(app)
    printed = answer(asked, capsys, "--choice", "Yes", "--text", "but one")
    stored = Entry.objects.get()
    assert printed == stored.followup_run_id
    assert (stored.decided_by, stored.decided_via) == ("command:answer", "command")
    assert answer(asked, capsys, "--choice", "Yes", "--text", "but one") == printed


def test_several_questions_are_answered_in_their_order(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    answer(ask(app, questions=TWO), capsys, "--choice", "Red", "--text", "-", "--text", "three")
    assert Entry.objects.get().user_response["answers"] == [{"choice": "Red"}, {"text": "three"}]


def test_it_dismisses(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(ask(app), capsys, "--dismiss") == "Dismissed."
    assert Entry.objects.get().content["resolution"]["reason"] == "dismissed"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "The answer is empty"),
        (("--choice", "Perhaps"), "is none of the choices"),
        (("--choice", "Yes", "--choice", "No"), "2 answers to 1 questions"),
        (("--text", "x" * 100_000), "at most 20,000"),
        (("--dismiss", "--choice", "Yes"), "--dismiss takes no answer"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(app: App, arguments: tuple[str, ...], words: str) -> None:
    asked = ask(app)
    with pytest.raises(CommandError, match=words) as refused:
        call_command("answer", asked.pk, *arguments)
    assert "\n" not in str(refused.value)
    assert Entry.objects.open().exists()


@pytest.mark.parametrize("entry_id", ["nothing", "a\0b"])
def test_a_question_that_is_not_there_is_named(db: Any, entry_id: str) -> None:
    with pytest.raises(CommandError, match="There is no question with the id"):
        call_command("answer", entry_id)


def test_whoever_comes_second_is_told_who_won(app: App) -> None:
    asked = ask(app)
    say(asked, Answer("Yes"))
    with pytest.raises(CommandError, match=r"^anna answered .*: Yes$"):
        call_command("answer", asked.pk, "--choice", "No")
