"""MCP servers as real processes: their tools, their failures, and that nothing of them is left."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from types import SimpleNamespace

import pytest

from app_runtime.exceptions import RunStopped, ToolRefused
from app_runtime.models import ServerHealth
from app_runtime.servers import connection
from app_runtime.servers.health import _facts as facts_of_tool
from app_runtime.servers.health import difference, health_of
from halo_site import keeper
from halo_site.datadir.config import update_config
from halo_site.datadir.secrets import set_secret
from halo_site.masking import Masker
from tests.app_runtime.installation import is_gone
from tests.app_runtime.servers.conftest import HERE, SHOP, Bench, configure
from tests.factories import NINE, SECOND, add_space, make_app, set_status
from tests.processes import ROOT, eventually, free_port

RUBBISH = str(HERE / "rubbish_server.py")


def test_the_tools_of_a_granted_server_are_offered_and_work(bench: Bench) -> None:
    configure(shop=SHOP)
    (facts,) = bench.start()
    assert (facts["name"], facts["state"], facts["sentence"]) == ("shop", "works", "")
    tool = bench.servers.tools()[0]
    assert (tool.name, tool.why) == ("shop__price", "granted: mcp:shop")
    assert tool.schema["required"] == ["article"]
    assert bench.call("shop__price", article="kettle") == "kettle: 17.20"


def test_a_failed_call_is_told_to_the_model(bench: Bench) -> None:
    configure(shop=SHOP)
    bench.start()
    with pytest.raises(ToolRefused, match="Error executing tool fails"):
        bench.call("shop__fails")
    with pytest.raises(ToolRefused):
        bench.call("shop__price", kettle=1)


def test_a_result_of_50_mb_arrives_whole(bench: Bench) -> None:
    configure(shop=SHOP)
    bench.start()
    assert len(bench.call("shop__long", characters=50_000_000)) == 50_000_000


def test_a_server_that_crashes_is_told_and_then_gone(bench: Bench) -> None:
    configure(shop=SHOP)
    bench.start()
    with pytest.raises(ToolRefused):
        bench.call("shop__crashes")
    with pytest.raises(ToolRefused):
        bench.call("shop__price", article="kettle")


def test_a_call_that_hangs_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(shop=SHOP)
    bench.start()
    monkeypatch.setattr(connection, "CALL_SECONDS", 0.2)
    with pytest.raises(ToolRefused, match=r"shop did not answer within 0\.2 s"):
        bench.call("shop__hangs")
    monkeypatch.setattr(connection, "CALL_SECONDS", 20)
    assert bench.call("shop__price", article="kettle") == "kettle: 17.20"


def test_a_call_that_hangs_ends_with_the_run(bench: Bench) -> None:
    configure(shop=SHOP)
    bench.start()

    def stop() -> None:
        raise RunStopped("cancelled")

    tool = next(tool for tool in bench.servers.tools() if tool.name == "shop__hangs")
    with pytest.raises(RunStopped):
        bench.waiter.wait(tool.call({}), stop)  # type: ignore[arg-type]


def test_nothing_that_a_server_started_is_left(bench: Bench) -> None:
    configure(shop=SHOP)
    bench.start()
    child = int(bench.call("shop__child"))
    assert not is_gone(child)
    bench.stop()
    assert eventually(lambda: is_gone(child))


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ([RUBBISH, "exit"], "It said: no such shop"),
        ({"command": "halo-no-such-program"}, "halo-no-such-program could not be started: No such file"),
        ({"command": sys.executable, "cwd": "/nowhere/at/all"}, "The MCP server shop failed"),
        ({}, "cannot start: it has no command"),
        ({"type": "http", "url": "http://127.0.0.1:9/mcp"}, "The MCP server shop failed"),
        ({"command": "x", "disabled": True}, "is disabled in config.json"),
        ({"command": "x", "env": {"A": "secret:nobody"}}, "secret:nobody is not set"),
    ],
)
def test_a_server_that_does_not_start_says_why_and_offers_nothing(
    bench: Bench, server: object, words: str
) -> None:
    configure(shop=server)
    (facts,) = bench.start()
    assert facts["state"] == "failed"
    assert words in facts["sentence"]
    assert bench.servers.tools() == []


def test_a_server_that_says_nothing_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 0.5)
    configure(shop=[RUBBISH, "silent"])
    (facts,) = bench.start()
    assert facts["sentence"] == "The MCP server shop failed: did not answer within 0.5 s."


def test_a_server_that_prints_rubbish_is_given_up_at_once_and_the_rubbish_is_told(bench: Bench) -> None:
    configure(shop=[RUBBISH, "lines"])
    began = time.monotonic()
    (facts,) = bench.start()
    assert time.monotonic() - began < connection.START_SECONDS
    assert "; it printed what is no message: “Welcome to the shop”." in facts["sentence"]
    assert "did not answer" not in facts["sentence"]


def test_a_server_that_prints_a_little_rubbish_gets_its_time_and_is_told_it_masked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 2)
    configure(shop=[RUBBISH, "banner"])
    bench.start()
    bench.servers.record(Masker(["hush-hush-hush"]), NINE)
    assert ServerHealth.objects.get().sentence == (
        "The MCP server shop failed: did not answer within 2 s; "
        "it printed what is no message: “Welcome to the shop, •••”."
    )


def test_rubbish_before_the_first_message_does_not_spoil_a_server(bench: Bench) -> None:
    greeting = (
        "import runpy, sys; print('Hello'); sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    configure(shop={"command": sys.executable, "args": ["-c", greeting, *SHOP]})
    (facts,) = bench.start()
    assert (facts["state"], facts["sentence"]) == ("works", "")


def test_long_names_of_a_servers_tools_are_cut_where_they_are_kept() -> None:
    tool = SimpleNamespace(name="t" * 5000, description="", input_schema={})
    assert len(facts_of_tool(tool, Masker(()))["name"]) == 200


def test_a_line_without_end_is_cut_off_before_it_fills_the_memory(bench: Bench) -> None:
    configure(shop=[RUBBISH, "endless"])
    (facts,) = bench.start()
    assert facts["state"] == "failed"
    assert "it printed a line without end" in facts["sentence"]


def test_a_server_knows_of_our_environment_what_its_definition_gives_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALO_SECRET_KEY", "hush-hush-hush")
    set_secret("shop", "the-key-of-the-shop")
    configure(shop={"command": sys.executable, "args": SHOP, "env": {"SHOP_KEY": "secret:shop"}})
    bench.start()
    assert bench.call("shop__variable", name="SHOP_KEY") == "the-key-of-the-shop"
    assert bench.call("shop__variable", name="HALO_SECRET_KEY") == "not set"
    assert bench.call("shop__variable", name="HALO_DATA_DIR") == "not set"


def test_a_server_by_http_works_and_a_private_address_needs_to_be_allowed(bench: Bench) -> None:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, *SHOP, "http", str(port)], stderr=subprocess.PIPE, text=True
    ) as shop:
        try:
            eventually(lambda: "running on" in str(shop.stderr and shop.stderr.readline()))
            configure(shop={"type": "http", "url": f"http://127.0.0.1:{port}/mcp"})
            bench.start()
            assert bench.call("shop__price", article="kettle") == "kettle: 17.20"
            bench.stop()
            bench.servers.private_hosts = []
            (facts,) = bench.start()
            assert facts["state"] == "failed"
            assert "is a private address" in facts["sentence"]
        finally:
            shop.terminate()


def test_a_server_is_ended_with_its_worker_even_by_kill_9() -> None:
    program = textwrap.dedent(
        """
        import os, subprocess, sys
        from halo_site import keeper
        inner = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, str(os.getpid()), sys.executable, "-c", inner],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )
        print(child.stdout.readline(), flush=True)
        sys.stdin.read()
        """
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with worker:
        assert worker.stdout
        server = int(worker.stdout.readline())
        assert not is_gone(server)
        os.kill(worker.pid, signal.SIGKILL)
        assert eventually(lambda: is_gone(server))


def test_what_is_not_granted_is_not_started(db: None) -> None:
    configure(shop=SHOP)
    app = make_app("Other", requires={"mcps": ["shop"]})
    assert health_of(app) == []


def test_an_app_of_the_type_mcp_in_the_space_comes_before_the_sites_servers(bench: Bench) -> None:
    configure(shop=[RUBBISH, "exit"])
    server = {"command": sys.executable, "args": SHOP, "env": {"COLOUR": "${colour}"}}
    config = [{"key": "colour", "label": "Colour", "type": "text", "default": "copper"}]
    make_app(
        "shop", type="mcp", mcp_server=server, config_schema=config, subscriptions=None, system_prompt=None
    )
    assert bench.start()[0]["state"] == "works"
    assert bench.call("shop__variable", name="COLOUR") == "copper"


def test_a_paused_server_and_one_of_another_space_are_told(bench: Bench) -> None:
    server = {"command": sys.executable, "args": SHOP}
    shop = make_app("shop", type="mcp", mcp_server=server, subscriptions=None, system_prompt=None)
    set_status(shop, "paused")
    assert "The MCP server shop is paused." in bench.start()[0]["sentence"]
    set_status(shop, "active", space_id=add_space("Elsewhere").id)
    assert "There is no MCP server “shop”" in bench.start()[0]["sentence"]


def test_the_health_of_a_server_is_kept_and_shown_without_secrets(bench: Bench) -> None:
    configure(shop=[RUBBISH, "exit"])
    bench.start()
    bench.servers.record(Masker(["no such shop"]), NINE)
    ((definition, row),) = health_of(bench.run.app)
    assert (definition.name, row and row.state) == ("shop", "failed")
    assert "It said: •••" in str(row and row.sentence)


def test_a_change_of_its_tools_is_told(bench: Bench) -> None:
    configure(shop=SHOP)
    bench.start()
    bench.servers.record(Masker(()), NINE)
    row = ServerHealth.objects.get()
    assert (len(row.tools), row.changes, row.changed_at) == (7, {}, None)
    row.tools = [*row.tools[1:], {"name": "old", "description": "", "digest": "0"}]
    row.save()
    bench.servers.record(Masker(()), NINE + SECOND)
    row.refresh_from_db()
    assert (row.changes, row.changed_at) == ({"added": ["price"], "removed": ["old"]}, NINE + SECOND)


def test_a_tool_that_says_something_else_now_is_changed() -> None:
    before, after = ([{"name": "a", "description": "", "digest": digest}] for digest in "12")
    assert difference(before, after) == {"changed": ["a"]}


def test_names_of_tools_are_plain_short_and_unique(bench: Bench) -> None:
    from app_runtime.servers import _unique

    taken: set[str] = set()
    names = [_unique("shop__" + "é" * 100, taken) for _number in range(3)] + [_unique("a b" * 50, taken)]
    assert len(set(names)) == 4
    assert all(len(name) <= 64 and name.isascii() for name in names)


def test_servers_of_config_json_may_be_written_as_other_clients_do(db: None) -> None:
    update_config("mcpServers", {"a": {"url": "https://example.org/mcp"}, "b": {"type": "sse", "url": "x"}})
    from halo_site.datadir.config import site_config

    transports = {name: server.transport for name, server in site_config().mcp_servers.items()}
    assert transports == {"a": "streamable-http", "b": "sse"}


def test_a_server_whose_worker_was_gone_before_it_began_is_ended_at_once() -> None:
    """Its parent is somebody else by then, and would never change again."""
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    keeper_process = subprocess.Popen(
        [sys.executable, "-I", "-S", keeper.__file__, "999999999", sys.executable, "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    with keeper_process:
        assert keeper_process.wait(timeout=10) == -signal.SIGKILL
