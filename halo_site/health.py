"""Whether this process answers, and whether the installation can do its work: for proxies and supervisors."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from halo_site.datadir.config import config_state, site_config
from halo_site.datadir.paths import data_dir
from halo_site.models import Heartbeat
from halo_site.store.databases import BUSY_SECONDS
from halo_site.store.namespaces import versions_in_code
from halo_site.store.recorder import NamespaceRecorder

SILENCE = timedelta(seconds=10)
PATIENCE_MS = 25  # for a database that somebody writes to: the answer must come at once
LEAST_BYTES = 16 * 1024 * 1024
OK = "ok"


@csrf_exempt  # a POST changes nothing: it is refused as such
@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Nothing else is asked, so that a slow database does not get it killed."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@csrf_exempt
@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where the site can do its work, else 503: ``{"ready": bool, "checks": {name: "ok" or words}}``.

    Anybody can ask, so the words tell states and nothing of names, paths or versions.
    """
    checks = readiness(timezone.now())
    ready = all(words == OK for words in checks.values())
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def readiness(now: datetime) -> dict[str, str]:
    """Check → "ok", or what is wrong in a few words. Writes nothing."""
    asked: dict[str, Callable[[], str]] = {
        "migrations": _migrations,
        "clock": lambda: _living("clock", now),
        "worker": lambda: _living("worker", now),
    }
    database = _asked(_database)
    rest = {name: _asked(ask) if database == OK else "unknown" for name, ask in asked.items()}
    return {"database": database, "data_directory": _data_directory(), "settings": _settings(), **rest}


def longest_silence() -> timedelta:
    """How long a process that lives may not have said so: a worker at work says it with its run's lease."""
    return SILENCE + timedelta(seconds=site_config().runs.heartbeat_seconds)


def _asked(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except DatabaseError as error:
        text = str(error)
        return "locked" if "locked" in text or "timeout" in text else "cannot be used"


def _database() -> str:
    """Ask for the right to write, and give it back: a database that nobody can write to is of no use."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return "missing"  # to ask it would make an empty one
    with _impatient(), connection.cursor() as cursor:
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        else:
            cursor.execute("SELECT 1 FROM _migrations")
    return OK


@contextmanager
def _impatient() -> Iterator[None]:
    """Have the database wait no longer than `PATIENCE_MS` for others."""
    less, usual = {
        "sqlite": (f"PRAGMA busy_timeout = {PATIENCE_MS}", f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}"),
        "postgresql": (f"SET statement_timeout = {PATIENCE_MS}", "RESET statement_timeout"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(less)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(usual)


def is_behind() -> bool:
    """Whether the database lacks a migration that this code has. Raises `DatabaseError`."""
    recorder = NamespaceRecorder(connection)
    in_code, versions = _in_code()
    stored = recorder.versions()
    behind = any(stored.get(namespace, (0, 0))[0] < version for namespace, version in versions.items())
    return behind or bool(in_code - recorder.applied_migrations().keys())


def _migrations() -> str:
    return "pending" if is_behind() else OK


@cache
def _in_code() -> tuple[frozenset[tuple[str, str]], dict[str, int]]:
    """Every migration, and the version of each namespace; read once, since a process keeps its code."""
    nodes = MigrationLoader(None, ignore_no_migrations=True).graph.nodes
    return frozenset((key[0], key[1]) for key in nodes), versions_in_code()


def _living(kind: str, now: datetime) -> str:
    """By the heartbeats."""
    beats = Heartbeat.objects.kind(kind)
    if beats.younger_than(longest_silence(), now).exists():
        return OK
    return "stands still" if beats.exists() else "not running"


def _settings() -> str:
    """Of config.json; a wrong value that has a safe default does not count."""
    state = config_state()
    if state.damage:
        return "cannot be read"
    return "no run can start" if state.obstacle else OK


def _data_directory() -> str:
    root = data_dir().root
    try:
        room = os.statvfs(root)
    except OSError:
        return "missing"
    if room.f_flag & os.ST_RDONLY or not os.access(root, os.W_OK | os.X_OK):
        return "not writable"
    return OK if room.f_bavail * room.f_frsize >= LEAST_BYTES else "full"
