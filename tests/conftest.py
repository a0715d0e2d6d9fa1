"""What every test starts from: a data directory of its own, and somebody who may do everything."""

import gc
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from app_runtime.lease import Lease
from halo_site import append_only
from halo_site.datadir.paths import DataDir
from halo_site.datadir.spaces import ensure_default_space
from tests.processes import manage

BEGINNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


# No deadline: a busy machine is no failure
hypothesis.settings.register_profile("site", deadline=None, max_examples=30)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=400)
hypothesis.settings.load_profile("site")


def pytest_configure() -> None:
    os.umask(0o077)  # as every command of ours does
    os.fsync = lambda fd: None  # no power cut in a test; processes of their own do sync
    let_tests_empty_the_audit_log()


def let_tests_empty_the_audit_log() -> None:
    """Between tests Django empties all tables, which the triggers of the audit log refuse.

    They step aside in the transaction that empties them, in tests only: `manage.py flush` is refused.
    """
    from django.db import connection

    table, truncate = append_only.TABLE, append_only.TRUNCATE
    before, after = append_only.dropping("sqlite"), append_only.making("sqlite")
    if connection.vendor != "sqlite":
        before, after = ([f"ALTER TABLE {table} {word} TRIGGER {truncate}"] for word in ("DISABLE", "ENABLE"))
    operations: Any = type(connection.ops)
    flush = operations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        statements = flush(self, style, tables, **options)
        return [*before, *statements, *after] if table in tables else statements

    operations.sql_flush = sql_flush


# Files with long tests, first, so that no core is left alone with one of them at the end
LONG = (
    "browser/test_every_page", "archive/", "benchmarks/", "app_runtime/test_killed",
    "app_runtime/test_processes", "app_runtime/test_escaped", "app_runtime/test_lifecycle_machine",
    "app_runtime/settings/test_pages", "app_runtime/test_bounds", "app_runtime/test_cancelled",
    "memory/test_kills", "store/", "browser/",
)  # fmt: skip


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look through it for garbage again and again takes time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(tryfirst=True)  # before -m looks at the markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    from django.db import connection

    items.sort(key=how_soon)
    for item in items:
        if is_of_a_page(item):
            item.add_marker(pytest.mark.page)
    if connection.vendor == "sqlite":
        return
    for item in items:
        if item.get_closest_marker("sqlite_only"):
            item.add_marker(pytest.mark.skip(reason="This is about SQLite files."))
    config.hook.pytest_deselected(items=[item for item in items if not asks_a_database(item)])
    items[:] = [item for item in items if asks_a_database(item)]


def how_soon(item: pytest.Item) -> int:
    path = item.path.relative_to(Path(__file__).parent).as_posix()
    return next((place for place, beginning in enumerate(LONG) if path.startswith(beginning)), len(LONG))


def is_of_a_page(item: pytest.Item) -> bool:
    """Whether the test looks at one page or a few, in a transaction of its own."""
    names = getattr(item, "fixturenames", ())
    marker = item.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction", False)
    is_of_all = item.path.name == "test_urltable.py"
    return any("client" in name for name in names) and not commits and not is_of_all


def asks_a_database(item: pytest.Item) -> bool:
    """Whether the test uses the database of the suite; all others are the same on both.

    A process that a test starts has an SQLite file of its own, unless a `tests.archive.sites.Site` starts it.
    """
    of_module = vars(item.module).values() if isinstance(item, pytest.Function) else ()
    has_sites = any(getattr(value, "__module__", "") == "tests.archive.sites" for value in of_module)
    uses = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return has_sites or bool(uses) or item.get_closest_marker("django_db") is not None


@pytest.fixture(autouse=True)
def data_directory(tmp_path: Path, settings: Settings) -> DataDir:
    """A prepared data directory with the space "Default", and no counts of earlier tests."""
    directory = DataDir(tmp_path / "data")
    settings.HALO_DATA_DIR = directory.root
    directory.prepare()
    ensure_default_space(BEGINNING)
    cache.clear()
    return directory


@pytest.fixture(autouse=True)
def leases_look_only_where_they_can_see(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease's thread has its own connection, and would take for lost what a test has not committed."""
    marker = request.node.get_closest_marker("django_db")
    is_committed = marker is not None and (marker.kwargs.get("transaction") or True in marker.args)
    if not is_committed and not {"transactional_db", "live_server"} & set(request.fixturenames):
        monkeypatch.setattr(Lease, "_renew", lambda lease: None)


@pytest.fixture
def operator(db: None) -> User:
    """An administrator."""
    return User.objects.create_superuser("operator", password="correct horse battery")


@pytest.fixture
def operator_client(operator: User) -> Client:
    """A browser in which the operator is signed in."""
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory made by the real `migrate`; not to be changed: use `copy_of_migrated`."""
    folder = tmp_path_factory.mktemp("migrated") / "data"
    result = manage(folder, "migrate")
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def copy_of_migrated(migrated: Path, tmp_path: Path) -> Callable[[], Path]:
    """Makes copies of that directory."""
    numbers = iter(range(100))
    return lambda: Path(shutil.copytree(migrated, tmp_path / f"installation-{next(numbers)}"))
