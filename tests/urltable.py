"""Every address of the site out of the URL table, with sample arguments and the things that they name.

`every_url` walks the resolver, Django's admin included. `plant` makes what the arguments name, in one space,
with one word in every name and text. A parameter without a sample is a `KeyError` in the test that uses it,
so that a new address cannot be forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from app_manager.install import install
from app_manager.models import App
from app_manager.spec_updates import update_spec
from app_runtime.models import Entry, Notification, Price, Reply, Run, RunMessage, ServerHealth
from app_runtime.runs.batches import CANCEL, carry_out
from app_runtime.statuses import EntryType, Status
from app_runtime.transcript import Transcript
from halo_site import audit
from halo_site.datadir.config import update_config
from halo_site.datadir.spaces import Space
from halo_site.models import Heartbeat
from memory import editing
from memory.models import Revision
from memory.places import Place, find_place
from scheduler.models import Job, Slot
from tests.factories import NINE, SPEC, make_entry, make_question, make_run, make_usage

PLANTER = audit.system("planter")
LATER = datetime(2026, 11, 23, 10, tzinfo=UTC)
DOCUMENT = "notes.md"
SOURCE = {"id": "main", "name": "A model", "provider": "openai", "model": "m-1", "apiKey": "env:NO_SUCH_KEY"}
TARGET = {"id": "chat", "name": "Chat", "url": "env:NO_SUCH_ADDRESS"}
RULE = {"targets": ["chat"], "types": ["milestone"]}
LITERALS = {
    "target_id": TARGET["id"],
    "kind": "csv",
    "tab": "conversation",
    "name": "result.txt",
    "token": "no-token",
}
# URL name → what its parameters are given instead of the samples of `Planted.named`
OWN: dict[str, dict[str, str]] = {
    "app_manager:spec_version": {"number": "1"},
    "app_manager:spec_version_restore": {"number": "1"},
    "app_runtime:rule_delete": {"number": "0"},
}


@dataclass(frozen=True)
class Url:
    """One address: its name (empty: it has none), its parameters, and its route as it is written."""

    name: str
    parameters: tuple[str, ...]
    route: str

    @property
    def label(self) -> str:
        """The name with the parameters: an address may have two shapes."""
        return f"{self.name or self.route} {' '.join(self.parameters)}".strip()

    def path(self, planted: "Planted") -> str:
        """The address with its samples; `KeyError` for a parameter that has none."""
        named = planted.arguments(self)
        if self.name:
            return reverse(self.name, kwargs=named)
        return "/" + self.route.replace("<path:object_id>", str(named.get("object_id", "")))


def every_url() -> list[Url]:
    """Every address but the catch-all ones of the admin's resolver, in the order of the URL table."""
    return list(_walk(get_resolver().url_patterns, "", "", ()))


def _walk(patterns: list[Any], namespace: str, before: str, known: tuple[str, ...]) -> Iterator[Url]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        parameters = (*known, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, route, parameters)
        elif isinstance(pattern, URLPattern) and "(" not in route.removeprefix("^"):
            name = namespace + pattern.name if pattern.name else ""
            yield Url(name, parameters, route)


@dataclass(frozen=True)
class Planted:
    """An app of one space with a history; ``word`` stands in every name and text of it."""

    word: str
    space: Space
    app: App
    run: Run  # it has ended, with a transcript and a result that is kept beside it
    live: Run  # it waits to start
    question: Entry
    place: Place
    revision: Revision  # of `DOCUMENT`
    main_revision: Revision
    batch: str
    price: Price
    notification: Notification

    def arguments(self, url: Url) -> dict[str, Any]:
        """The samples for the address's parameters."""
        own = OWN.get(url.name, {})
        if url.parameters == ("place_key", "number"):
            own = {"number": str(self.main_revision.pk)}
        return {
            key: self._row_of(url) if key == "object_id" else own.get(key) or self.named[key]
            for key in url.parameters
        }

    @property
    def named(self) -> dict[str, Any]:
        """Parameter → sample."""
        return {
            **LITERALS,
            "app_id": self.app.pk,
            "space_id": self.space.id,
            "run_id": self.run.pk,
            "entry_id": self.question.pk,
            "question_id": self.question.pk,
            "batch_id": self.batch,
            "job_id": f"{self.app.pk}:often",
            "notification_id": self.notification.pk,
            "price_id": self.price.pk,
            "source_id": SOURCE["id"],
            "target_id": TARGET["id"],
            "place_key": self.place.key,
            "relative": DOCUMENT,
            "number": self.revision.pk,
            "id": User.objects.order_by("pk").values_list("pk", flat=True).first() or 1,
            "content_type_id": ContentType.objects.get_for_model(App).pk,
        }

    def _row_of(self, url: Url) -> str:
        """The key of a row for the admin's pages of one row, as the admin writes it in addresses."""
        model = model_of(url)
        row = model._default_manager.order_by("pk").first() if model else self.app
        return str(quote(row.pk)) if row else "1"


def model_of(url: Url) -> type[Model] | None:
    """The model whose admin the address belongs to; None for every other address."""
    parts = url.route.split("/")
    for model in admin.site._registry:
        if parts[:3] == ["admin", model._meta.app_label, model._meta.model_name]:
            return model
    return None


def plant(space: Space, word: str = "Canary") -> Planted:
    """Everything that an address can name, in this space and on the site."""
    app = install(
        _spec(word), space=space, configuration={}, permissions={"granted": ["memory.space"], "denied": []},
        actor=PLANTER, now=NINE,
    )  # fmt: skip
    changed = _spec(word, version="2.0")
    update_spec(app, changed, base=app.spec_digest, granted=(), denied=(), actor=PLANTER, now=LATER)
    run, live = make_run(app, Status.OK, error_message=f"{word} said"), make_run(app, Status.QUEUED)
    make_run(app, Status.ERROR, error_message=f"{word} failed")
    make_entry(app, EntryType.RUN_COMPLETE, run=run, summary=f"{word} is done")
    question = make_question(app, run=run)
    question.content = {**question.content, "question": f"{word}?", "summary": f"{word} asks"}
    question.save()
    _keep_transcript(app, run, word)
    place = find_place(f"app:{app.pk}")
    assert place is not None
    revision, main_revision = _remember(place, word)
    carry_out(CANCEL, batch := str(uuid5(NAMESPACE_URL, word)), [run.pk], PLANTER, NINE)
    price, _made = Price.objects.get_or_create(
        model="m-1", valid_from=NINE.date(), defaults={"input_usd": 1, "output_usd": 2}
    )
    update_config("aiSources", {"currentId": SOURCE["id"], "fallbackIds": [], "sources": [SOURCE]})
    update_config("notifications", {"targets": [TARGET], "rules": [RULE]})
    make_usage(app, 3)
    _rows_of_the_admin(app, run)
    message = _message(app, run)
    return Planted(
        word, space, app, run, live, question, place, revision, main_revision, batch, price, message
    )


def again(planted: Planted) -> Planted:
    """The same with its rows as they are now."""
    return replace(planted, app=App.objects.get(pk=planted.app.pk), run=Run.objects.get(pk=planted.run.pk))


def _spec(word: str, **changes: Any) -> str:
    values = {
        **SPEC, "name": f"{word} Watch", "description": f"{word} says", "system_prompt": f"Find {word}.",
        "author": f"{word} author", "escalation": {"enabled": True}, "permissions": ["memory.space"],
        **changes,
    }  # fmt: skip
    return yaml.safe_dump(values, sort_keys=False)


def _keep_transcript(app: App, run: Run, word: str) -> None:
    kept = Transcript(app, run.run_id)
    kept.append("text", NINE, text=f"{word} thinks")
    kept.keep(LITERALS["name"], f"{word} found")
    kept.append("tool", NINE, step=1, ms=1, id="1", name="web", result="…", resultFile=LITERALS["name"])


def _remember(place: Place, word: str) -> tuple[Revision, Revision]:
    """The app's memory: its main file, `DOCUMENT` with a link to that, and one that was deleted."""
    main = editing.save(place, "", f"# {word}\n\nSee [[notes]].\n", base="", by="planter", now=NINE)
    text = f"# {word}\n\nAbout {word}: [[memory]], [[{word} is missing]].\n"
    made = editing.create(place, DOCUMENT, text, by="planter", now=NINE)
    gone = editing.create(place, "gone.md", f"{word} was here\n", by="planter", now=NINE)
    assert main.revision is not None
    assert made.revision is not None
    assert gone.revision is not None
    editing.remove(place, "gone.md", base=gone.revision.sha256, by="planter", now=LATER)
    return made.revision, main.revision


def _message(app: App, run: Run) -> Notification:
    """One that did not arrive, so that it can be sent again."""
    return Notification.objects.create(
        app=app, run_id=run.pk, target_id="chat", target_name="Chat", title="…", text="…", created_at=NINE,
        state="failed",
    )  # fmt: skip


def _rows_of_the_admin(app: App, run: Run) -> None:
    """A row in each table that the admin shows and that nothing above has filled."""
    Heartbeat.beat("clock", NINE)
    Group.objects.get_or_create(name="viewer")
    job = Job.objects.with_next().first() or Job.objects.first()
    if job is not None and not Slot.objects.exists():
        Slot.objects.create(job=job, due_at=NINE, started_at=NINE)
    RunMessage.objects.create(run=run, text="…", sent_by="planter", sent_at=NINE)
    Reply.objects.create(app=app, run_id=run.pk, text="…", sent_by="planter", sent_at=NINE)
    ServerHealth.objects.get_or_create(key="one", defaults={"name": "one", "state": "ok", "checked_at": NINE})
