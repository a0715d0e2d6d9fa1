import re
from typing import Any

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.models import Entry, Run
from app_runtime.transcript import Transcript
from tests.factories import ASKING, NINE, SECOND, make_app, make_question, make_run

pytestmark = pytest.mark.django_db


def rehearse(app: App) -> Run:
    run = worker.execute(make_run(app, "queued", at=NINE).pk, lambda: NINE + SECOND)
    assert run
    return run


def test_a_rehearsal_is_marked_and_ends_well(app: App) -> None:
    run = rehearse(app)
    assert (run.engine, run.status, run.outcome, run.tokens_used) == ("rehearsal", "ok", "useful", None)
    assert run.is_rehearsal


def test_it_says_in_each_word_that_it_is_one(app: App) -> None:
    run = rehearse(app)
    said = [line["text"] for line in Transcript(app, run.run_id).lines() if line["type"] == "model"]
    assert len(said) == 3
    assert all(text.startswith("Rehearsal: ") for text in said)
    assert Entry.objects.get().summary.startswith("Rehearsal: ")


def test_it_names_the_tools_and_the_configuration(db: None) -> None:
    app = make_app(config_schema=[{"key": "limit", "label": "Limit", "type": "number", "default": 20}])
    rehearse(app)
    summary = Entry.objects.get().summary
    assert "Configuration: limit." in summary
    assert "Tools it would have: report_to_user, memory_read, memory_write, memory_list." in summary


def test_it_leaves_its_heading_and_one_marked_line_in_the_memory(app: App) -> None:
    run = rehearse(app)
    memory = (app.folder / "memory.md").read_text()
    assert memory.count(f"[by: run#{run.short_id}]") == 1
    assert memory.count(f"- rehearsal of run {run.short_id}: nothing was fetched, sent or decided") == 1


def test_the_same_inputs_give_the_same_transcript_but_for_ids_and_times(db: None) -> None:
    def told(name: str) -> Any:
        app = make_app(name)
        run = rehearse(app)
        text = Transcript(app, run.run_id).raw().decode()
        for own in (app.pk, run.run_id, run.short_id, name):
            text = text.replace(own, "…")
        return re.sub(r'"(_ts|ms)": \d+', "", text)

    assert told("Kettle A") == told("Kettle B")


def test_it_asks_once_when_the_spec_has_escalation_on(db: None) -> None:
    app = make_app(**ASKING)
    assert rehearse(app).status == "waiting_user"
    assert rehearse(app).status == "ok"
    assert Entry.objects.questions().count() == 1


@pytest.mark.parametrize("escalation", [None, {"enabled": False}])
def test_it_does_not_ask_when_escalation_is_off(db: None, escalation: object) -> None:
    assert rehearse(make_app(escalation=escalation)).status == "ok"


@pytest.mark.parametrize("ended", [{"user_response": {"ts": 1, "choice": "Yes"}}, {"closed_at": NINE}, {}])
def test_it_does_not_ask_again_whatever_became_of_the_question(db: None, ended: dict[str, Any]) -> None:
    app = make_app(**ASKING)
    question = make_question(app)
    Entry.objects.filter(pk=question.pk).update(**ended)
    assert rehearse(app).status == "ok"
