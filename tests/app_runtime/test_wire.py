"""Rows as records: oldest first, and nothing is lost of a row that is not as documented."""

from typing import Any

import pytest

from app_manager.models import App
from app_runtime.contracts import OddEntry
from app_runtime.models import Entry, Run
from app_runtime.wire import entry_record, run_record
from tests.factories import MINUTE, NINE, make_entry, make_run

pytestmark = pytest.mark.django_db


def stored(app: App, **fields: Any) -> Entry:
    """An entry as the database has it."""
    values = {"run_id": "chat", "type": "output", "ts": NINE, "content": {"summary": "x"}, **fields}
    return Entry.objects.get(pk=Entry.objects.create(app=app, **values).pk)


def test_the_entries_of_a_record_are_oldest_first(app: App) -> None:
    run = make_run(app)
    make_entry(app, run=run, at=NINE + MINUTE)
    make_entry(app, "milestone", run=run, at=NINE)
    assert [entry.type for entry in run_record(run).entries] == ["milestone", "run_complete"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"content": ["a"]}, "content: "),
        ({"content": "words"}, "content: "),
        ({"content": {}}, "content.summary: "),
        ({"content": {"summary": 5}}, "content.summary: "),
        ({"type": "ofLater"}, "type: "),
        ({"user_response": "yes"}, "user_response: "),
        ({"user_response": {"ts": 1}}, "user_response: "),
    ],
)
def test_an_odd_entry_is_kept_whole_and_says_what_is_wrong(
    app: App, fields: dict[str, Any], problem: str
) -> None:
    record = entry_record(stored(app, **fields))
    assert isinstance(record, OddEntry)
    assert record.problem.startswith(problem)
    assert {name: getattr(record, name) for name in fields} == fields


def test_an_odd_entry_does_not_hide_its_run(app: App) -> None:
    run = make_run(app)
    stored(app, run_id=run.pk, content=[])
    [entry] = run_record(run).entries
    assert isinstance(entry, OddEntry)


def test_a_run_with_a_word_of_nobody_is_refused(app: App) -> None:
    run = make_run(app)
    Run.objects.update(status="asleep")
    with pytest.raises(ValueError, match="status"):
        run_record(Run.objects.get(pk=run.pk))
