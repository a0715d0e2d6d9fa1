"""What the world hands to a run: too much, nothing, rubbish. The run says so and stays within its bounds."""

import gc
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app_runtime import worker
from app_runtime.bounds import SHOWN_CHARACTERS
from app_runtime.dispatch import trigger
from app_runtime.models import Run
from app_runtime.servers import connection
from app_runtime.transcript import Transcript
from halo_site.datadir.config import update_config
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secrets import set_secret
from tests.app_runtime.engines import ScriptedEngine, call, report, says
from tests.app_runtime.servers.conftest import HERE, SHOP, configure
from tests.factories import NINE, TESTER, make_app
from tests.wire import Provider
from tests.wire.pages import Shop
from tests.wire.sources import reports, source, use

pytestmark = pytest.mark.django_db(transaction=True)
Scripted = Callable[..., ScriptedEngine]
RUBBISH = str(HERE / "rubbish_server.py")
FIFTY_MB = 50_000_000
MOST_SECONDS = 40  # on a machine that does other things too; alone it takes 6
MOST_MEMORY = 12 * FIFTY_MB


@pytest.fixture
def shopper(db: None) -> Any:
    return make_app("Shopper", granted=("mcp:shop", "web"))


def work(app: Any) -> Run:
    run = worker.execute(trigger(app, TESTER, NINE).run_id)
    assert run
    return run


def results(run: Run) -> list[dict[str, Any]]:
    return [line for line in Transcript(run.app, run.pk).lines() if line["type"] == "tool"]


def peak() -> int:
    """The most memory that this process has had since `forget_peak`, in bytes."""
    return next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )


def forget_peak() -> int:
    """Begin to measure; returns what it has now."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def test_a_result_of_50_mb_is_kept_aside_within_bounds_of_time_and_memory(
    shopper: Any, scripted: Scripted
) -> None:
    for number in range(10):
        set_secret(f"s{number}", secrets.token_urlsafe(24))
    configure(shop=SHOP)
    engine = scripted(says(call("shop__long", characters=FIFTY_MB)), report())
    before, began = forget_peak(), time.monotonic()
    run = work(shopper)
    assert time.monotonic() - began < MOST_SECONDS
    assert peak() - before < MOST_MEMORY
    assert run.status == "ok"
    (line, _report) = results(run)
    assert line["resultCharacters"] == FIFTY_MB
    assert len(Transcript(run.app, run.pk).kept(line["resultFile"])) == FIFTY_MB
    assert len(Transcript(run.app, run.pk).raw()) < 4 * SHOWN_CHARACTERS
    assert len(engine.heard[1][-1].text) < SHOWN_CHARACTERS + 200


def test_a_page_of_50_mb_is_refused_before_it_is_here(shopper: Any, scripted: Scripted, shop: Shop) -> None:
    update_config("network", {"private_hosts": [shop.host]})
    page = shop.page(b"x" * FIFTY_MB, "text/plain")
    scripted(says(call("web_fetch", url=page)), report())
    before = forget_peak()
    run = work(shopper)
    assert peak() - before < FIFTY_MB
    assert (run.status, results(run)[0]["refused"]) == ("ok", True)
    assert "is larger than 5 MB" in results(run)[0]["result"]


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ([RUBBISH, "exit"], "It said: no such shop"),
        ([RUBBISH, "silent"], "did not answer within 2 s"),
        ([RUBBISH, "lines"], "it printed what is no message: “Welcome to the shop”"),
        ({"command": "halo-no-such-program"}, "could not be started"),
    ],
)
def test_a_server_that_does_not_start_is_told_and_the_run_goes_on(
    shopper: Any, scripted: Scripted, monkeypatch: pytest.MonkeyPatch, server: Any, words: str
) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 2)
    configure(shop=server)
    engine = scripted(says(call("shop__price", article="kettle")), report())
    run = work(shopper)
    assert (run.status, results(run)[0]["refused"]) == ("ok", True)
    assert "There is no tool" in engine.heard[1][-1].text
    (facts,) = Transcript(run.app, run.pk).lines()[0]["servers"]
    assert facts["state"] == "failed"
    assert words in facts["sentence"]


@pytest.mark.parametrize(
    ("called", "words"),
    [
        (call("shop__hangs"), "shop did not answer within 0.5 s."),
        (call("shop__crashes"), "shop could not carry out the call"),
        (call("shop__fails"), "Error executing tool fails"),
        (call("shop__price", kettle=17), "article"),
    ],
)
def test_a_call_that_goes_wrong_is_told_to_the_model_and_the_run_goes_on(
    shopper: Any, scripted: Scripted, monkeypatch: pytest.MonkeyPatch, called: Any, words: str
) -> None:
    monkeypatch.setattr(connection, "CALL_SECONDS", 0.5)
    configure(shop=SHOP)
    scripted(says(called), report())
    run = work(shopper)
    assert (run.status, results(run)[0]["refused"]) == ("ok", True)
    assert words in results(run)[0]["result"]


@pytest.mark.parametrize(
    "address", ["nonsense", "ftp://models.example", "http://", "http://a:b@models.example"]
)
def test_an_address_that_is_none_is_an_error_that_says_so(shopper: Any, address: str) -> None:
    with Provider(reports()) as provider:
        use(source(provider, "openai"))
        config = data_dir().config
        config.write_text(config.read_text().replace(provider.url, address))
        run = work(shopper)
        assert run.status == "error"
        assert str(run.error_message).startswith("No model source can be used as it stands in config.json:")
        assert "is no address such as" in str(run.error_message)
        assert provider.asked == []


@pytest.mark.parametrize("address", ["http://models.invalid/v1", "http://127.0.0.1:9/v1"])
def test_an_address_where_nobody_answers_is_an_error_that_says_so(shopper: Any, address: str) -> None:
    with Provider(reports()) as provider:
        use(source(provider, "openai", baseUrl=address))
        run = work(shopper)
    assert run.status == "error"
    assert str(run.error_message).startswith("My provider could not be reached, or broke off")
    errors = [line for line in Transcript(run.app, run.pk).lines() if line["type"] == "provider_error"]
    assert [line["kind"] for line in errors] == ["network"] * 3
