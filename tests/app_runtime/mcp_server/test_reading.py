"""What the tools answer, without a process: the same code in the test's own transaction."""

from datetime import timedelta
from typing import Any

import pytest

from app_manager.models import App
from app_manager.places import place_of
from app_runtime.exceptions import ToolRefused
from app_runtime.mcp_server.asker import Asker
from app_runtime.mcp_server.toolbox import Toolbox
from app_runtime.models import Entry
from app_runtime.transcript import Transcript
from halo_site.datadir.secrets import set_secret
from memory.exceptions import MemoryRefused
from tests.factories import NINE, SECOND, make_app, make_entry, make_question, make_run, set_status

pytestmark = pytest.mark.django_db
SECRET = "a-long-secret-value"


def ask(name: str, asker: str = "user", **arguments: Any) -> Any:
    """What the tool answers, as an object where it is one."""
    answer = Toolbox(Asker(asker), is_read_only=False).answer(name, arguments)
    return answer.text if answer.data is None else answer.data


def remember(app: App, text: str) -> None:
    place = place_of(app)
    assert place
    (place.base / place.file).write_text(text)


def test_apps_are_listed_without_their_configuration(app: App) -> None:
    App.objects.update(user_config={"token": SECRET})
    (shown,) = ask("apps_list")["apps"]
    assert (shown["id"], shown["name"], shown["status"]) == (app.pk, "Kettle Watch", "active")
    assert SECRET not in str(shown)


def test_uninstalled_apps_are_listed_when_asked_for(app: App) -> None:
    set_status(app, "uninstalled", uninstalled_at=NINE)
    assert ask("apps_list")["apps"] == []
    assert [each["id"] for each in ask("apps_list", status="uninstalled")["apps"]] == [app.pk]


def test_apps_beyond_the_limit_are_said_to_be_there(app: App) -> None:
    make_app("Lamp Watch", now=NINE + SECOND)
    found = ask("apps_list", limit=1)
    assert ([each["name"] for each in found["apps"]], found["more"]) == (["Lamp Watch"], True)


def test_apps_of_another_space_are_left_out(app: App) -> None:
    assert ask("apps_list", space="none")["apps"] == []
    assert len(ask("apps_list", space=app.space_id)["apps"]) == 1


def test_runs_are_paged_newest_first_by_the_place_that_the_answer_names(app: App) -> None:
    runs = [make_run(app, at=NINE + each * SECOND) for each in range(3)]
    first = ask("runs_list", limit=2)
    last = ask("runs_list", limit=2, before=first["next"])
    told = [run["run_id"] for run in (*first["runs"], *last["runs"])]
    assert told == [run.run_id for run in reversed(runs)]
    assert last["next"] is None


def test_runs_are_filtered_by_app_and_status(app: App) -> None:
    wanted = make_run(app, "error", error_message="x" * 9_000)
    make_run(app)
    make_run(make_app("Lamp Watch"), "error")
    (shown,) = ask("runs_list", app=app.pk, status="error")["runs"]
    assert shown["run_id"] == wanted.run_id
    assert len(shown["error_message"]) == 2_000


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("runs_list", {"app": "none"}, "There is no app none"),
        ("runs_list", {"app": "a\0b"}, "There is no app"),
        ("runs_list", {"before": "yesterday"}, "“yesterday” is no place in the list"),
        ("run_get", {"run_id": "none"}, "There is no run none"),
        ("run_get", {"run_id": "\0"}, "There is no run"),
        ("questions_list", {"before": ""}, "is no place in the list"),
        ("runs_delete", {}, "There is no tool “runs_delete”"),
    ],
)
def test_what_is_not_there_is_a_sentence(name: str, arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ToolRefused, match=sentence):
        ask(name, **arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"status": "gone"}, "status: input should be"),
        ({"limit": 101}, "limit: input should be less"),
        ({"newest": True}, "there is no argument “newest”"),
    ],
)
def test_arguments_that_are_wrong_are_named(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MemoryRefused, match=sentence):
        ask("runs_list", **arguments)


def test_a_run_is_its_record_with_its_entries_and_newest_steps(app: App) -> None:
    run = make_run(app)
    make_entry(app, run=run)
    transcript = Transcript(app, run.run_id)
    for step in range(1, 4):
        transcript.append(
            "model", NINE + step * SECOND, step=step, ms=5, text=f"thought {step}" + "x" * 9_000
        )
    shown = ask("run_get", run_id=run.run_id, steps=2)
    assert shown["run"]["entries"][0]["content"]["summary"] == "The kettle costs 20."
    assert [step["number"] for step in shown["steps"]] == [2, 3]
    assert shown["earlier_steps"] == 1
    assert max(len(step["said"]) for step in shown["steps"]) == 2_000


def test_a_run_can_be_asked_for_without_steps(app: App) -> None:
    run = make_run(app)
    Transcript(app, run.run_id).append("model", NINE, step=1, ms=5, text="thought")
    shown = ask("run_get", run_id=run.run_id, steps=0)
    assert (shown["steps"], shown["earlier_steps"]) == ([], 1)


def test_a_transcript_that_cannot_be_read_is_said(app: App) -> None:
    run = make_run(app)
    App.objects.update(space_id="gone")
    assert "gone" in ask("run_get", run_id=run.run_id)["steps_problem"]


def test_an_apps_memory_is_not_told_by_way_of_its_runs(app: App) -> None:
    run = make_run(app)
    arguments = {"scope": "app", "mode": "replace", "content": "the kettle is hidden"}
    Transcript(app, run.run_id).append(
        "tool", NINE, step=1, ms=5, name="memory_write", arguments=arguments, result="the kettle is hidden"
    )
    told = ask("run_get", run_id=run.run_id)
    assert "hidden" not in str(told)
    assert told["steps"][0]["what"] == "memory_write(app, replace)"
    assert "hidden" in str(ask("run_get", f"app:{app.pk}", run_id=run.run_id))


def test_a_secret_that_was_stored_before_it_was_one_is_masked(app: App) -> None:
    run = make_run(app, "error", error_message=f"401 for {SECRET}")
    assert SECRET in str(ask("run_get", run_id=run.run_id))
    set_secret("key", SECRET)
    assert SECRET not in str(ask("run_get", run_id=run.run_id))


def test_open_questions_are_listed_with_their_choices(app: App) -> None:
    question = make_question(app, deadline=NINE + timedelta(hours=1))
    answered = make_question(app)
    Entry.objects.filter(pk=answered.pk).update(user_response={"choice": "Yes"})
    (shown,) = ask("questions_list")["questions"]
    assert (shown["id"], shown["app_name"]) == (question.pk, "Kettle Watch")
    assert shown["questions"] == [{"question": "Order now?", "choices": ["Yes", "No"]}]
    assert shown["deadline_at"] == 1_795_428_000_000


def test_an_app_sees_itself_alone(app: App) -> None:
    other = make_app("Lamp Watch")
    foreign = make_run(other)
    make_question(other)
    me = f"app:{app.pk}"
    assert [each["id"] for each in ask("apps_list", me)["apps"]] == [app.pk]
    assert ask("runs_list", me)["runs"] == []
    assert ask("questions_list", me)["questions"] == []
    for name, arguments in (("runs_list", {"app": other.pk}), ("run_get", {"run_id": foreign.run_id})):
        with pytest.raises(ToolRefused, match="There is no"):
            ask(name, me, **arguments)


def test_an_app_reads_its_own_memory_and_the_user_does_not(app: App) -> None:
    remember(app, "# now\n")
    remember(make_app("Lamp Watch"), "# other\n")
    with pytest.raises(MemoryRefused, match="Only an app has memory of its own"):
        ask("memory_list", scope="app")
    assert ask("memory_list", f"app:{app.pk}", scope="app") == "memory.md (main file, 6 bytes)"


def test_an_app_that_was_uninstalled_is_refused(app: App) -> None:
    set_status(app, "uninstalled")
    for name, arguments in (("memory_list", {"scope": "app"}), ("apps_list", {}), ("runs_list", {})):
        with pytest.raises(MemoryRefused, match="was uninstalled"):
            ask(name, f"app:{app.pk}", **arguments)


def test_an_app_that_was_deleted_is_refused() -> None:
    with pytest.raises(MemoryRefused, match="not installed"):
        ask("apps_list", "app:gone")


def test_a_server_that_only_reads_does_not_write() -> None:
    box = Toolbox(Asker("user"), is_read_only=True)
    assert "memory_write" not in box.offers
    with pytest.raises(ToolRefused, match="--read-only"):
        box.answer("memory_write", {"scope": "user", "mode": "append", "content": "x"})


def test_lists_ask_the_database_no_more_as_they_grow(app: App, django_assert_max_num_queries: Any) -> None:
    for each in range(12):
        make_run(app, at=NINE + each * SECOND)
        make_question(app, at=NINE + each * SECOND)
    for name in ("runs_list", "questions_list", "apps_list"):
        with django_assert_max_num_queries(6):
            ask(name)
