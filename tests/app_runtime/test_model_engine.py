"""Whole runs against a provider on loopback: each answer ends in the right status and sentence."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.models import Entry, Run, UsageDay
from app_runtime.transcript import Transcript
from halo_site.datadir.config import update_config
from halo_site.datadir.secrets import set_secret
from tests.factories import NINE, TESTER, make_app
from tests.wire import BrokenArguments, Cuts, Empty, Hangs, Provider, Raw, Says, Status
from tests.wire.answers import Answer
from tests.wire.sources import KEY, WAYS, source, use

pytestmark = pytest.mark.django_db
DONE = Says(calls=(("report_to_user", {"type": "run_complete", "message": "The kettle costs 20."}),))
Ask = Callable[..., Run]


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{'stream' if way[1] else 'whole'}")
def way(request: pytest.FixtureRequest) -> tuple[str, bool]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def providers() -> Iterator[list[Provider]]:
    started: list[Provider] = []
    yield started
    for provider in started:
        provider.__exit__(None, None, None)


@pytest.fixture
def ask(app: App, way: tuple[str, bool], providers: list[Provider]) -> Ask:
    """Runs the app once against a provider with this script, in each wire format, streamed and whole."""

    def run(*script: Answer, **more: Any) -> Run:
        provider = Provider(*script).__enter__()
        providers.append(provider)
        use(source(provider, *way, **more))
        ended = worker.execute(trigger(app, TESTER, NINE).run_id)
        assert ended
        return ended

    return run


def lines(run: Run, kind: str) -> list[dict[str, Any]]:
    return [line for line in Transcript(run.app, run.run_id).lines() if line["type"] == kind]


def test_a_run_that_reports_is_ok(ask: Ask) -> None:
    run = ask(Says("I look.", (("memory_list", {"scope": "app"}),)), DONE)
    assert (run.status, run.outcome, run.engine, run.step_count) == ("ok", "useful", "model", 4)
    assert Entry.objects.get().summary == "The kettle costs 20."
    assert [line["text"] for line in lines(run, "model")] == ["I look.", ""]


def test_the_prompt_that_is_shown_is_what_the_provider_received(ask: Ask, providers: list[Provider]) -> None:
    run = ask(Says("I look.", (("memory_list", {"scope": "app"}),)), DONE)
    first, second = providers[0].asked
    prompt = lines(run, "prompt")[0]
    assert first.instructions == prompt["instructions"]
    assert first.messages == [("user", prompt["message"])]
    assert first.tools == [tool["name"] for tool in prompt["tools"]]
    said = [("assistant", "I look."), ("tool", lines(run, "tool")[0]["result"])]
    assert second.messages == [("user", prompt["message"]), *said]


def test_tokens_are_counted_with_those_from_a_cache(ask: Ask) -> None:
    run = ask(Says(calls=(("memory_list", {"scope": "app"}),), cached=40), DONE)
    assert (run.tokens_in, run.tokens_out, run.tokens_cached, run.tokens_used) == (200, 20, 40, 220)
    assert UsageDay.objects.get().tokens_cached == 40


def test_money_is_known_for_models_of_the_list_and_unknown_for_others(
    ask: Ask, way: tuple[str, bool]
) -> None:
    run = ask(DONE)
    expected = {"openai": 100 * 0.15 + 10 * 0.6, "anthropic": 100 * 5 + 10 * 25}
    assert run.cost_microusd == expected.get(way[0])


def test_a_run_that_says_it_is_done_without_a_report_is_told_to_go_on_and_then_an_error(ask: Ask) -> None:
    run = ask(Says("Done! I have reported everything."))
    assert run.status == "error"
    assert run.error_message == "The run ended without a report, although it was told 3 times to go on."


def test_an_empty_answer_is_no_end(ask: Ask) -> None:
    assert ask(Empty(), DONE).status == "ok"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (
            Status(401, "bad key", "authentication_error"),
            "auth",
            "My provider refuses the key (401): bad key.",
        ),
        (
            Status(404, "no such model", "not_found_error"),
            "unknown_model",
            "does not know the model (404): no",
        ),
        (Status(400, "odd", "invalid_request_error"), "bad_request", "refuses the request (400): odd."),
    ],
)
def test_an_error_that_stays_ends_the_run_at_once(ask: Ask, status: Status, kind: str, words: str) -> None:
    run = ask(status)
    assert run.status == "error"
    assert words in str(run.error_message)
    assert [(line["kind"], line["retryInMs"]) for line in lines(run, "provider_error")] == [(kind, None)]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Status(429, "slow down", "rate_limit_error", retry_after="0.02"), "rate_limit"),
        (Status(500, "oh", "api_error"), "server"),
        (Status(503, "later", "overloaded_error"), "server"),
        (Cuts(), "network"),
    ],
)
def test_an_error_that_may_pass_is_tried_again_and_shown(ask: Ask, answer: Answer, kind: str) -> None:
    run = ask(answer, DONE)
    assert run.status == "ok"
    (error,) = lines(run, "provider_error")
    assert (error["kind"], error["attempt"], error["step"]) == (kind, 1, 1)
    assert error["retryInMs"] > 0
    assert lines(run, "model")[0]["attempt"] == 2


def test_tries_are_bounded(ask: Ask, providers: list[Provider]) -> None:
    run = ask(Status(500, "oh", "api_error"))
    assert run.status == "error"
    assert run.error_message == "My provider failed on its side (500): oh."
    assert len(providers[0].asked) == 3


def test_a_wait_that_is_asked_for_and_too_long_ends_the_run(ask: Ask, providers: list[Provider]) -> None:
    run = ask(Status(429, "slow down", "rate_limit_error", retry_after="3600"))
    assert "limits how often it may be asked (429)" in str(run.error_message)
    assert len(providers[0].asked) == 1


def test_an_error_after_a_report_on_the_way_is_an_error(ask: Ask) -> None:
    news = Says(calls=(("report_to_user", {"type": "milestone", "message": "Lowest price"}),))
    run = ask(news, Status(401, "bad key", "authentication_error"))
    assert (run.status, run.outcome) == ("error", "error")


@pytest.mark.parametrize(
    "answer", [Raw(), Raw("[]"), Raw("{}"), Raw('{"error": "no"}'), Raw("null"), Raw("")]
)
def test_an_answer_of_another_shape_is_an_error_with_a_sentence(ask: Ask, answer: Answer) -> None:
    run = ask(answer)
    assert run.status == "error"
    assert str(run.error_message).startswith("My provider ")
    assert "Traceback" not in str(run.error_message)


@pytest.mark.django_db(transaction=True)  # the lease's thread looks at the run meanwhile
def test_a_provider_that_does_not_answer_is_given_up(ask: Ask) -> None:
    run = ask(Hangs(), quietSeconds=0.2)
    assert run.error_message == "My provider did not answer in time."
    assert {line["kind"] for line in lines(run, "provider_error")} == {"timeout"}


@pytest.mark.django_db(transaction=True)
def test_a_provider_that_stops_in_the_middle_is_given_up(ask: Ask) -> None:
    run = ask(Hangs(midway=True), quietSeconds=0.2)
    assert run.status == "error"
    assert str(run.error_message).startswith("My provider did not answer in time")


def test_a_loop_of_tool_calls_ends_at_the_cap(ask: Ask, providers: list[Provider]) -> None:
    update_config("runs", {"model_turns": 5})
    run = ask(Says(calls=(("memory_list", {"scope": "app"}),)))
    assert run.error_message == "The run reached its cap of 5 model turns."
    assert len(providers[0].asked) == 5


@pytest.mark.parametrize(
    "arguments", [{"type": "victory"}, {}, {"type": "run_complete", "message": 5, "x": []}]
)
def test_arguments_of_the_wrong_shape_are_told_to_the_model(ask: Ask, arguments: dict[str, Any]) -> None:
    run = ask(Says(calls=(("report_to_user", arguments),)), DONE)
    assert run.status == "ok"
    first = lines(run, "tool")[0]
    assert first["refused"] is True
    assert "report_to_user was not called" in first["result"]


def test_a_tool_that_there_is_not_is_told_to_the_model(ask: Ask) -> None:
    run = ask(Says(calls=(("order_kettle", {}),)), DONE)
    assert (run.status, lines(run, "tool")[0]["refused"]) == ("ok", True)


def test_the_key_goes_to_the_provider_and_nowhere_else(ask: Ask, providers: list[Provider]) -> None:
    run = ask(Status(401, f"the key {KEY} is wrong", "authentication_error"))
    sent = providers[0].asked[0].headers
    assert any(KEY in value for value in sent.values())
    assert KEY not in str(run.error_message)
    assert KEY.encode() not in Transcript(run.app, run.run_id).raw()
    assert KEY not in str(Entry.objects.get().content)


def test_what_a_model_is_told_of_a_secret_is_masked(app: App, ask: Ask, providers: list[Provider]) -> None:
    write = {"scope": "app", "content": "plain", "mode": "append"}
    set_secret("mine", "correct-horse-battery")
    run = ask(Says("It is correct-horse-battery", (("memory_write", write),)), DONE)
    assert lines(run, "model")[0]["text"] == "It is •••"


@pytest.mark.parametrize("provider_kind", ["openai", "openai-compatible"])
def test_broken_arguments_are_told_to_the_model(
    app: App, providers: list[Provider], provider_kind: str
) -> None:
    provider = Provider(BrokenArguments(), DONE).__enter__()
    providers.append(provider)
    use(source(provider, provider_kind))
    run = worker.execute(trigger(app, TESTER, NINE).run_id)
    assert run
    assert run.status == "ok"
    assert "its arguments were no JSON object" in lines(run, "tool")[0]["result"]


def test_the_next_source_takes_over_and_the_step_says_so(app: App, providers: list[Provider]) -> None:
    first, second = (
        Provider(Status(401, "bad key", "authentication_error")).__enter__(),
        Provider(DONE).__enter__(),
    )
    providers += [first, second]
    use(source(first, "openai"), source(second, "anthropic", id="other", name="Another"))
    run = worker.execute(trigger(app, TESTER, NINE).run_id)
    assert run
    assert (run.status, len(first.asked), len(second.asked)) == ("ok", 1, 1)
    assert [(line["source"], line["next"]) for line in lines(run, "provider_error")] == [("main", "other")]
    assert lines(run, "model")[0]["source"] == "other"


def test_where_every_source_fails_the_last_sentence_counts(app: App, providers: list[Provider]) -> None:
    for _number in range(2):
        providers.append(Provider(Status(401, "bad key", "authentication_error")).__enter__())
    use(source(providers[0], "openai"), source(providers[1], "openai", id="other", name="Another"))
    run = worker.execute(trigger(app, TESTER, NINE).run_id)
    assert run
    assert run.error_message == "Another refuses the key (401): bad key."


def test_the_apps_own_choice_of_a_source_counts(providers: list[Provider]) -> None:
    app = make_app()
    app.user_overrides = {"model": "other"}
    app.save()
    providers += [Provider(DONE).__enter__(), Provider(DONE).__enter__()]
    use(source(providers[0], "openai"), source(providers[1], "openai", id="other"))
    worker.execute(trigger(app, TESTER, NINE).run_id)
    assert [len(provider.asked) for provider in providers] == [0, 1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"apiKey": "secret:gone"}, "The key of My provider is missing: secret:gone is not set."),
        ({"apiKey": ""}, "My provider has no key. Give it one in the settings"),
        ({"allowPrivate": False}, "My provider was not asked: 127.0.0.1 is a private address"),
    ],
)
def test_a_source_that_cannot_be_asked_says_why(
    app: App, providers: list[Provider], changes: dict[str, Any], words: str
) -> None:
    providers.append(Provider(DONE).__enter__())
    use(source(providers[0], "openai", **changes))
    run = worker.execute(trigger(app, TESTER, NINE).run_id)
    assert run
    assert str(run.error_message).startswith(words)
    assert not providers[0].asked


def test_sources_without_a_default_are_an_error_that_says_what_to_do(
    app: App, providers: list[Provider]
) -> None:
    providers.append(Provider(DONE).__enter__())
    use(source(providers[0], "openai"))
    update_config("aiSources", {"currentId": None})
    run = worker.execute(trigger(app, TESTER, NINE).run_id)
    assert run
    assert (
        run.error_message == "No model is chosen: make one of the model sources in the settings the default."
    )
