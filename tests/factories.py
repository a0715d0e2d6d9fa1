"""Apps, runs and entries with defaults for everything."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone

from app_manager.install import install
from app_manager.models import App, new_id
from app_runtime.models import Entry, Run, UsageDay
from app_runtime.statuses import EntryType, Outcome, Status, Trigger
from halo_site import audit
from halo_site.datadir.files import write_atomically
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import Space, all_spaces
from halo_site.store.fields import to_ms

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
TESTER = audit.system("tests")

SPEC: dict[str, Any] = {
    "name": "Kettle Watch",
    "version": "1.0",
    "author": "someone",
    "description": "Watches the price of a kettle.",
    "type": "automation",
    "system_prompt": "Look at the page and report the price.",
    "subscriptions": [{"id": "often", "source": {"type": "schedule", "config": {"every": "10s"}}}],
}
ASKING = {"escalation": {"enabled": True}}


def make_app(
    name: str = "Kettle Watch", *, now: datetime = NINE, granted: tuple[str, ...] = (), **changes: Any
) -> App:
    """An installed app. ``changes`` are other values of its spec; None takes a key out."""
    spec = {key: value for key, value in {**SPEC, "name": name, **changes}.items() if value is not None}
    return install(
        yaml.safe_dump(spec, allow_unicode=True, sort_keys=False),
        space=all_spaces()[0],
        configuration={},
        permissions={"granted": granted, "denied": ()},
        actor=TESTER,
        now=now,
    )


def make_run(app: App, status: str = Status.OK, *, at: datetime = NINE, **fields: Any) -> Run:
    """A run that began at ``at``; a finished one took a second, a running one is a worker's named "w"."""
    run_id = fields.pop("run_id", None) or new_id()
    values: dict[str, Any] = {
        "session_key": f"app-run-{run_id[:8]}",
        "trigger_type": Trigger.MANUAL,
        "started_at": at,
        "queued_at": at,
        "engine": "rehearsal",
    }
    if status == Status.RUNNING:
        values |= {"worker": "w", "lease_until": at + 30 * SECOND, "heartbeat_at": at, "step_count": 1}
    elif status != Status.QUEUED:
        outcome = {Status.ERROR: Outcome.ERROR, Status.SKIPPED: Outcome.SKIPPED}.get(
            Status(status), Outcome.USEFUL
        )
        values |= {"finished_at": at + SECOND, "duration_ms": 1000, "outcome": outcome, "step_count": 2}
    return Run.objects.create(run_id=run_id, app=app, status=status, **{**values, **fields})


def make_entry(
    app: App,
    type: str = EntryType.RUN_COMPLETE,
    *,
    run: Run | None = None,
    at: datetime = NINE,
    **content: Any,
) -> Entry:
    """One line of the app's thread."""
    return Entry.objects.create(
        app=app,
        run_id=run.run_id if run else new_id(),
        type=type,
        ts=at,
        content={"summary": "The kettle costs 20.", **content},
    )


def make_usage(app: App | str, days: int = 1, *, last: date | None = None, **fields: Any) -> list[UsageDay]:
    """What an app (or the id of a deleted one) used on each of the last days, up to ``last`` or today."""
    app_id, name = (app, "Gone Watch") if isinstance(app, str) else (app.pk, app.name)
    values = {"app_name": name, "model": "m-1", "runs": 1, "turns": 2, "tokens_in": 100, "tokens_out": 10}
    values |= {"tokens_cached": 20, "cost_picousd": 1_500_000, **fields}
    end = last or timezone.localdate()
    rows = [UsageDay(day=end - timedelta(days=ago), app_id=app_id, **values) for ago in range(days)]
    return UsageDay.objects.bulk_create(rows)


def make_question(
    app: App, *, run: Run | None = None, at: datetime = NINE, deadline: datetime | None = None
) -> Entry:
    """An open question; the app does not wait for it unless its status says so."""
    more = {} if deadline is None else {"deadlineAt": to_ms(deadline)}
    return make_entry(
        app, EntryType.ESCALATION, run=run, at=at, question="Order now?", choices=["Yes", "No"], **more
    )


def set_status(app: App, status: str, **fields: Any) -> None:
    """Put the app there past the state machine."""
    App.objects.filter(pk=app.pk).update(status=status, **fields)
    app.refresh_from_db()


def add_space(name: str) -> Space:
    """A further space in the index."""
    space_id = new_id()
    folder = data_dir().spaces / space_id
    (folder / ".halo").mkdir(parents=True)
    index = data_dir().spaces_index
    content = json.loads(index.read_text())
    content["spaces"][space_id] = {"path": str(folder), "name": name, "icon": "folder", "sortOrder": 9}
    write_atomically(index, json.dumps(content).encode())
    return next(space for space in all_spaces() if space.id == space_id)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below with its bytes, but for locks and SQLite's own files; to compare."""
    skipped = ("halo.db", "locks")
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if not any(part.startswith(skipped) for part in path.relative_to(folder).parts)
    }
