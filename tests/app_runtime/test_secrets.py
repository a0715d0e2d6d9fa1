"""Secrets that a model or the world says: masked before anything of them is stored."""

import base64
from collections.abc import Callable
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from app_manager.models import App
from app_runtime import worker
from app_runtime.continuing import continue_run, send_message
from app_runtime.dispatch import trigger
from app_runtime.models import Entry, Run, RunMessage, ServerHealth
from app_runtime.servers.health import record_health
from app_runtime.tools import web
from halo_site.datadir.config import update_config
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secrets import set_secret
from halo_site.masking import Masker
from memory.models import Revision
from tests.app_runtime.engines import ScriptedEngine, call, look, report, says
from tests.factories import NINE, TESTER, make_app
from tests.wire.pages import Shop

pytestmark = pytest.mark.django_db
SECRET = "correct horse/battery+staple"
DISGUISES = {
    "plain": SECRET,
    "address": quote(SECRET, safe=""),
    "address, lower case": quote(SECRET, safe="").lower(),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 of user and password": base64.b64encode(f"anna:{SECRET}:x".encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(f"a{SECRET}".encode()).decode(),
    "hexadecimal": SECRET.encode().hex(),
}
Scripted = Callable[..., ScriptedEngine]


@pytest.fixture(params=DISGUISES.values(), ids=DISGUISES)
def disguised(request: pytest.FixtureRequest) -> str:
    set_secret("mine", SECRET)
    return str(request.param)


def kernel(disguised: str) -> str:
    """The middle of it, which is in no other text."""
    return disguised[8:-8]


def stored() -> str:
    """Everything that is on disk and in the tables by now, the secrets' own file aside."""
    kinds = (".jsonl", ".md", ".txt")
    texts = [path.read_text() for path in data_dir().root.rglob("*") if path.name.endswith(kinds)]
    texts += [str(row) for row in Entry.objects.values_list("content", flat=True)]
    texts += [str(row) for row in Run.objects.values()]
    texts += [revision.data().decode() for revision in Revision.objects.all()]
    return "\n".join(texts)


def test_what_a_model_writes_of_a_secret_is_masked_in_memory_entries_and_transcript(
    app: App, run_once: Callable[..., Run], disguised: str
) -> None:
    run = run_once(
        says(call("memory_write", scope="app", content=f"The key is {disguised}.", mode="append")),
        says(
            call("memory_write", scope="app", content=f"# now\n{disguised}", mode="replace"), text=disguised
        ),
        report("milestone", f"It is {disguised}", data={disguised: [disguised]}),
        report("run_complete", f"Done with {disguised}"),
    )
    assert run.status == "ok"
    assert kernel(disguised) not in stored()
    assert "•••" in (app.folder / "memory.md").read_text()


def test_a_model_is_told_that_what_it_wrote_was_masked(app: App, scripted: Scripted, disguised: str) -> None:
    engine = scripted(says(call("memory_write", scope="app", content=disguised, mode="append")), report())
    worker.execute(trigger(app, TESTER, NINE).run_id)
    assert engine.heard[1][-1].text.endswith("What it held of secrets was replaced before it was written.")


def test_a_secret_on_a_page_is_masked_and_so_is_what_is_kept_aside(
    shop: Shop, scripted: Scripted, disguised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "PIECE_CHARACTERS", 100_000)
    app = make_app("Shopper", granted=("web",))
    update_config("network", {"private_hosts": [shop.host]})
    page = shop.page("x" * 65_530 + disguised + "x" * 20_000 + disguised, "text/plain")
    engine = scripted(says(call("web_fetch", url=page)), report())
    run = worker.execute(trigger(app, TESTER, NINE).run_id)
    assert run
    assert run.status == "ok"
    kept = list(app.folder.rglob("step-*.txt"))
    assert len(kept) == 1
    assert kept[0].read_text().count("•••") == 2
    assert kernel(disguised) not in stored()
    assert kernel(disguised) not in engine.heard[1][-1].text


def test_an_error_that_holds_a_secret_is_masked(run_once: Callable[..., Run], disguised: str) -> None:
    run = run_once(look(), RuntimeError(f"cannot sign in with {disguised}"))
    assert run.status == "error"
    assert kernel(disguised) not in stored()
    assert "•••" in str(run.error_message)


def test_what_a_person_tells_a_run_is_masked_before_it_is_stored(app: App, disguised: str) -> None:
    run = trigger(app, TESTER, NINE)
    send_message(run, f"Use {disguised}.", TESTER, NINE)
    assert kernel(disguised) not in RunMessage.objects.get().text


def test_what_a_person_goes_on_with_is_masked_before_it_is_stored(
    run_once: Callable[..., Run], disguised: str
) -> None:
    following = continue_run(run_once(report()), f"Use {disguised}.", TESTER, NINE)
    assert kernel(disguised) not in str(following.trigger_data)


def test_what_a_server_says_of_its_tools_is_masked(app: App, disguised: str) -> None:
    tool = SimpleNamespace(
        name=f"look_{disguised}", description=f"{'x' * 480} {disguised}", input_schema={"default": disguised}
    )
    server = SimpleNamespace(
        definition=SimpleNamespace(key="site:s"),
        name="s",
        works=True,
        sentence="",
        started_ms=1,
        tools=[tool],
    )
    record_health(server, trigger(app, TESTER, NINE), Masker([SECRET]), NINE)
    [facts] = ServerHealth.objects.get().tools
    assert kernel(disguised) not in facts["name"]
    assert disguised[10:16] not in facts["description"]  # not even of one that the cut goes through
