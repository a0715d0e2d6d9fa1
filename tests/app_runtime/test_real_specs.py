"""Specs that others wrote, installed and run by real processes against a provider on loopback."""

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.models import Entry, Run
from tests.app_runtime.installation import Installation
from tests.factories import NINE, TESTER
from tests.shared import shared_path
from tests.wire import Provider, Says
from tests.wire.pages import Shop
from tests.wire.sources import MODELS, reports, source, use

SPEC = "specs/wechat-group-assistant-http.yaml"
VALUES = ("--set", "owner_name=Li Wei", "--set", "owner_wxid=wx-1", "--set", "group_id=42")
NOW = "# now\n\n## State\n\n- the kettle costs 17.20\n\n# History\n"
LINE = "- seen 3 messages, none for the owner"
MICRO = Decimal("0.000001")

# Tokens of each turn: in, of these out of a cache, out
SIZES = [
    (101, 13, 7),
    (1009, 0, 17),
    (2003, 1999, 1),
    (3001, 3001, 333),
    (17, 0, 0),
    (99991, 7, 3),
    (1, 1, 1),
]
KEYS = {"tokens_in": "tokensIn", "tokens_cached": "tokensCached", "tokens_out": "tokensOut"}
# What a million tokens cost: fresh in, out of a cache, out. Ours is awkward; the other is the list's
OWN = (Decimal("0.123457"), Decimal("0.012349"), Decimal("9.876543"))
LISTED = (Decimal(5), Decimal("0.5"), Decimal(25))


def script(page: str) -> list[Says]:
    write = {"scope": "app", "mode": "replace", "content": NOW}
    calls: list[tuple[tuple[str, dict[str, Any]], ...]] = [
        (("memory_read", {"scope": "app", "mode": "headers"}), ("memory_list", {"scope": "app"})),
        (("memory_write", write),),
        (("memory_write", {"scope": "app", "mode": "append", "content": LINE}),),
        (("web_fetch", {"url": page}),),
        (("report_to_user", {"type": "milestone", "message": "3 messages", "data": {"unread": 3}}),),
        (("report_to_user", {"type": "output", "message": "The list", "data_path": "out/list.csv"}),),
        reports("Nothing for the owner today.").calls,
    ]
    return [
        Says(f"Step {number}.", each, tokens_in=incoming, cached=cached, tokens_out=out)
        for number, (each, (incoming, cached, out)) in enumerate(zip(calls, SIZES, strict=True))
    ]


@pytest.fixture(params=["openai", "anthropic"])
def ran(request: pytest.FixtureRequest, copy_of_migrated: Callable[[], Path], shop: Shop) -> Iterator["Ran"]:
    page = shop.page("The kettle costs 17.20.", "text/plain")
    with Provider(*script(page)) as provider:
        yield Ran(request.param, provider, Installation(copy_of_migrated(), shared_path(SPEC), *VALUES), shop)


class Ran:
    """One run of the spec in a process of its own, with everything that can be seen of it from outside."""

    def __init__(self, kind: str, provider: Provider, installation: Installation, shop: Shop) -> None:
        self.kind, self.provider, self.installation = kind, provider, installation
        installation.ask_of(provider, kind)
        installation.set("network", private_hosts=[shop.host])
        if kind == "openai":
            self._price(installation)
        self.printed = json.loads(installation.run("trigger_app", installation.app_id, "--wait"))
        self.row = installation.row
        self.run_id = self.row["run_id"]

    def _price(self, installation: Installation) -> None:
        fresh, cached, out = map(str, OWN)
        with closing(installation.connect()) as database:
            database.execute(
                "INSERT INTO model_prices (model, valid_from, input_usd, cached_usd, output_usd) "
                "VALUES (?, '2020-01-01', ?, ?, ?)",
                (MODELS["openai"], fresh, cached, out),
            )
            database.commit()

    def lines(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.installation.transcript if line["type"] == kind]


@pytest.mark.sqlite_only
def test_a_spec_that_others_wrote_runs_and_leaves_the_truth(ran: Ran) -> None:
    """One run, looked at from every side: a process costs more than all of this."""
    assert (ran.row["status"], ran.row["outcome"], ran.row["engine"]) == ("ok", "useful", "model")
    assert ran.provider.refused == []
    check_prompt(ran)
    check_tools(ran)
    check_memory(ran)
    check_entries(ran)
    check_money(ran)


def check_prompt(ran: Ran) -> None:
    (prompt,) = ran.lines("prompt")
    first = ran.provider.asked[0]
    assert first.instructions == prompt["instructions"]
    assert first.messages == [("user", prompt["message"])]
    assert first.tools == [tool["name"] for tool in prompt["tools"]]
    wanted = ["report_to_user", "memory_read", "memory_write", "memory_list", "web_fetch"]
    assert first.tools == wanted
    spec = yaml.safe_load(shared_path(SPEC).read_text())
    assert spec["system_prompt"].strip() in first.instructions
    assert '"owner_name": "Li Wei"' in prompt["message"]


def check_tools(ran: Ran) -> None:
    """Each call in its order with its result; the provider heard exactly what the transcript has."""
    tools = ran.lines("tool")
    called = [call for says in script(ran.lines("tool")[4]["arguments"]["url"]) for call in says.calls]
    assert [(line["name"], line["arguments"]) for line in tools] == called
    assert not any(line["refused"] for line in tools)
    heard = [text for role, text in ran.provider.asked[-1].messages if role == "tool"]
    assert heard == [line["result"] for line in tools[:-1]]
    assert tools[4]["result"].endswith("\n\nThe kettle costs 17.20.")
    steps = [line["step"] for line in ran.installation.transcript if "step" in line]
    assert steps == list(range(1, ran.row["step_count"] + 1))
    assert ran.installation.transcript[-1]["type"] == "end"


def check_memory(ran: Ran) -> None:
    text = ran.installation.memory
    assert text.startswith(NOW)
    assert text.endswith(f" by app:{ran.installation.app_id} -->\n{LINE}\n")
    rows = ran.installation.ask("SELECT * FROM memory_revisions ORDER BY id")
    main = [row for row in rows if row["path"] == "memory.md"]
    assert [row["operation"] for row in main] == ["heading", "replace", "append"]
    assert {row["run_id"] for row in rows} == {ran.run_id}
    assert zlib.decompress(main[-1]["content"]).decode() == text
    heading = zlib.decompress(main[0]["content"]).decode()
    assert f"[by: run#{ran.run_id[:8]}]" in heading
    records = [row for row in rows if row["operation"] == "record"]
    assert len(records) == 1
    assert "Nothing for the owner today." in zlib.decompress(records[0]["content"]).decode()


def check_entries(ran: Ran) -> None:
    rows = ran.installation.ask("SELECT * FROM activity_entries ORDER BY ts, id")
    steps = [line["step"] for line in ran.lines("tool") if line["name"] == "report_to_user"]
    origins = [
        {"kind": "automation", "appId": ran.installation.app_id, "runId": ran.run_id, "step": step}
        for step in steps
    ]
    assert {row["run_id"] for row in rows} == {ran.run_id}
    assert [(row["type"], json.loads(row["content_json"])) for row in rows] == [
        ("milestone", {"summary": "3 messages", "source": origins[0], "data": {"unread": 3}}),
        ("output", {"summary": "The list", "source": origins[1], "dataPath": "out/list.csv"}),
        ("run_complete", {"summary": "Nothing for the owner today.", "source": origins[2], "status": "ok"}),
    ]
    assert [entry["id"] for entry in ran.printed["entries"]] == [row["id"] for row in rows]


def check_money(ran: Ran) -> None:
    """To the last digit, worked out here on paper."""
    fresh, cached, out = OWN if ran.kind == "openai" else LISTED
    dollars = [((i - c) * fresh + c * cached + o * out) / 10**6 for i, c, o in SIZES]
    models = ran.lines("model")
    assert [line["costPicousd"] for line in models] == [int(each * 10**12) for each in dollars]
    price = "own price of 2020-01-01" if ran.kind == "openai" else "genai-prices "
    assert all(line["price"].startswith(price) for line in models)
    total = sum(dollars, Decimal(0))
    micro = int((total / MICRO).quantize(Decimal(1), ROUND_HALF_EVEN))
    assert ran.row["cost_microusd"] == micro
    sums = {name: sum(size[at] for size in SIZES) for at, name in enumerate(KEYS)}
    assert {name: ran.row[name] for name in sums} == sums
    assert {name: sum(line[key] for line in models) for name, key in KEYS.items()} == sums
    assert ran.row["tokens_used"] == sums["tokens_in"] + sums["tokens_out"]
    (day,) = ran.installation.ask("SELECT * FROM usage_days")
    assert {name: day[name] for name in sums} == sums
    assert (day["cost_picousd"], day["turns"], day["runs"]) == (int(total * 10**12), len(SIZES), 1)
    assert (day["turns_unknown"], day["turns_unpriced"]) == (0, 0)


def specs() -> list[Path]:
    folder = shared_path("specs")
    return [path for path in sorted(folder.glob("*.yaml")) if "\ntype: automation" in path.read_text()]


def values(spec: dict[str, Any]) -> Iterator[str]:
    """Something for every field that has to be filled in."""
    for item in spec.get("config_schema") or []:
        if item.get("required") and item.get("default") is None:
            kinds = {"number": "17", "url": "https://kettles.example/1"}
            yield f"--set={item['key']}={kinds.get(item['type'], 'kettles')}"


@pytest.mark.django_db(transaction=True)
def test_every_automation_that_others_wrote_installs_and_runs(capsys: pytest.CaptureFixture[str]) -> None:
    known = specs()
    assert len(known) >= 10
    with Provider(reports("Looked.")) as provider:
        use(source(provider, "openai", stream=False))
        for path in known:
            call_command("install_app", str(path), *values(yaml.safe_load(path.read_text())))
            app = App.objects.get(pk=capsys.readouterr().out.splitlines()[-1])
            run = worker.execute(trigger(app, TESTER, NINE).run_id)
            assert run
            assert (run.status, run.outcome, run.error_message) == ("ok", "useful", None), path.name
            assert str(app.parsed_spec.system_prompt).strip() in provider.asked[-1].instructions
    assert Run.objects.filter(status="ok").count() == Entry.objects.count() == len(known)
    assert provider.refused == []
