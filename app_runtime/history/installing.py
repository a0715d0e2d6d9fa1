"""Puts the synthetic apps there: rows, jobs, folders and audit lines as an installation would."""

from collections.abc import Sequence
from datetime import datetime
from random import Random

from django.db import transaction

from app_manager.folders import new_folders
from app_manager.jobs import put_jobs
from app_manager.models import App
from app_manager.spaces import create_space
from app_manager.spec import parse_spec
from app_manager.states import Status
from app_runtime.history.happenings import SUBSCRIPTION, AppHistory, uuid_of
from app_runtime.history.outline import PREFIX, Outline
from halo_site import audit
from halo_site.datadir.spaces import Space, all_spaces, default_space, ensure_default_space
from halo_site.store.fields import from_ms
from scheduler.models import Job
from scheduler.statuses import JobStatus

SPACES = 3  # besides Default
ACTOR = audit.command("make_history")
MESSAGES = {
    Status.ERROR: "Stopped after 5 failed runs in a row.",
    Status.NEEDS_LOGIN: "The session at shop.example.com has ended.",
}

SPEC = """name: {name}
version: "1.0"
author: make_history
description: Synthetic. Nothing of what its history tells ever happened.
type: automation
system_prompt: Look at the page and report what is new.
permissions: [web, memory.space]
config_schema:
  - {{key: page, label: Page, type: url, default: "https://shop.example.com/"}}
  - {{key: limit, label: Limit, type: number, default: 20}}
escalation: {{enabled: true}}
subscriptions:
  - id: {subscription}
    source: {{type: {type}, config: {{{config}}}}}
"""


def spec_text(outline: Outline) -> str:
    """A legal ``spec.yaml`` with the schedule that the app's history has, or with a webhook."""
    kind = "schedule" if outline.is_scheduled else "webhook"
    config = f"every: {outline.every}" if outline.is_scheduled else f"path: synthetic-{outline.number:04}"
    return SPEC.format(name=outline.name, subscription=SUBSCRIPTION, type=kind, config=config)


def put_spaces(now: datetime) -> list[Space]:
    """The space "Default" and the synthetic ones, made where they are not there yet."""
    ensure_default_space(now)
    for number in range(1, SPACES + 1):
        name = f"{PREFIX}{number}"
        if name not in {space.name for space in all_spaces()}:
            create_space(name, actor=ACTOR, now=now)
    made = [space for space in all_spaces() if space.name.startswith(PREFIX)]
    first = default_space()
    return [*([first] if first else []), *sorted(made, key=lambda space: space.name)]


def put_apps(parts: Sequence[Outline], spaces: Sequence[Space], random: Random) -> list[App]:
    """Install the apps, over the spaces in turn; all of them or none.

    Rows as `app_manager.install` writes them, but under ids that the seed decides.
    """
    apps = [_app(part, spaces[place % len(spaces)], random) for place, part in enumerate(parts)]
    with new_folders() as folders, transaction.atomic():
        App.objects.bulk_create(apps)
        for app in apps:
            put_jobs(app, app.installed_at)
            audit.record(
                ACTOR,
                "install",
                object_type="app",
                object_id=app.pk,
                now=app.installed_at,
                summary=app.spec_id,
            )
        for place, app in enumerate(apps):
            space = spaces[place % len(spaces)]
            folders.make_base(space)
            folders.make(app.folder / "memory", below=space.path)
    return apps


def settle_apps(apps: Sequence[App], histories: Sequence[AppHistory]) -> None:
    """Leave apps and jobs as their last runs left them, and the next times in the future."""
    jobs = Job.objects.in_bulk([history.job_id for history in histories])
    for app, history in zip(apps, histories, strict=True):
        _settle_app(app, history)
        if history.job_id in jobs:
            _settle_job(jobs[history.job_id], history)
    fields = ["status", "error_message", "uninstalled_at", "pending_escalation_id"]
    with transaction.atomic():
        App.objects.bulk_update(apps, [*fields, "last_run_at", "last_run_outcome"], batch_size=200)
        times = ["next_run_at", "last_run_at", "consecutive_errors", "enabled", "status"]
        Job.objects.bulk_update(jobs.values(), times, batch_size=200)


def _app(part: Outline, space: Space, random: Random) -> App:
    text = spec_text(part)
    spec = parse_spec(text)
    return App(
        id=uuid_of(random),
        spec_id=spec.spec_id,
        space_id=space.id,
        spec=spec.model_dump(mode="json", exclude_unset=True),
        spec_text=text,
        permissions={"granted": ["web"], "denied": []},
        installed_at=from_ms(part.anchor_ms),
    )


def _settle_app(app: App, history: AppHistory) -> None:
    app.status = history.outline.status
    app.error_message = MESSAGES.get(history.outline.status)
    app.pending_escalation_id = history.open_question or None
    if app.status == Status.UNINSTALLED:
        app.uninstalled_at = from_ms(history.outline.next_due_ms - history.outline.interval_ms // 2)
    if history.last is not None:
        app.last_run_at, app.last_run_outcome = from_ms(history.last[6]), history.last[13]


def _settle_job(job: Job, history: AppHistory) -> None:
    status = history.outline.status
    if history.last is not None:
        job.last_run_at = from_ms(history.last[6])
    if status in {Status.ERROR, Status.UNINSTALLED}:
        job.enabled, job.status, job.next_run_at = False, JobStatus.DISABLED, None
        job.consecutive_errors = 5 if status == Status.ERROR else 0
    else:
        job.next_run_at = from_ms(history.outline.next_due_ms)
