"""What every test starts from: a data directory of its own, and somebody who may do everything."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.contrib.auth.models import User
from django.core.cache import cache as site_cache
from django.test import Client
from pytest_django import Settings

from app_runtime.lease import Lease
from halo_site.datadir.paths import DataDir
from tests.blank import Blank
from tests.emptying import Emptying
from tests.processes import manage

BEGINNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


emptying = Emptying()

# No deadline: a busy machine is no failure
hypothesis.settings.register_profile("site", deadline=None, max_examples=30)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=400)
hypothesis.settings.load_profile("site")


def pytest_configure() -> None:
    os.umask(0o077)  # as every command of ours does
    os.fsync = lambda fd: None  # no power cut in a test; processes of their own do sync
    emptying.install()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Django's own, and a note of what a test that commits is to leave behind."""
    with django_db_blocker.unblock():
        emptying.remember()


# Files with long tests, first, so that no core is left alone with one of them at the end
LONG = (
    "benchmarks/", "browser/test_every_page", "test_safe_methods", "archive/", "app_runtime/test_killed",
    "app_runtime/test_processes", "app_runtime/test_escaped", "app_runtime/test_lifecycle_machine",
    "app_runtime/settings/test_pages", "app_runtime/test_bounds", "app_runtime/test_cancelled",
    "memory/test_kills", "store/", "browser/",
)  # fmt: skip


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """Nothing of what is found is thrown away, so it is not looked through for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look through it for garbage again and again takes time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Markers before -m looks at them; our order after pytest-django has made its own."""
    mark_those_of_pages(items)
    leave_out_what_asks_no_database(config, items)
    yield
    items.sort(key=lambda item: how_soon(item.path))


def mark_those_of_pages(items: list[pytest.Item]) -> None:
    for item in items:
        if is_of_a_page(item):
            item.add_marker(pytest.mark.page)


def leave_out_what_asks_no_database(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another database than SQLite: all other tests are the same there."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return
    for item in items:
        if item.get_closest_marker("sqlite_only"):
            item.add_marker(pytest.mark.skip(reason="This is about SQLite files."))
    config.hook.pytest_deselected(items=[item for item in items if not asks_a_database(item)])
    items[:] = [item for item in items if asks_a_database(item)]


@cache
def how_soon(path: Path) -> int:
    name = path.relative_to(Path(__file__).parent).as_posix()
    return next((place for place, beginning in enumerate(LONG) if name.startswith(beginning)), len(LONG))


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


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Blank:
    return Blank(tmp_path_factory.mktemp("blank") / "data", BEGINNING)


@pytest.fixture(autouse=True)
def data_directory(tmp_path: Path, settings: Settings, blank: Blank) -> DataDir:
    """A prepared data directory with the space "Default", and no counts of earlier tests."""
    directory = DataDir(tmp_path / "data")
    settings.HALO_DATA_DIR = directory.root
    blank.copy_to(directory.root)
    site_cache.clear()
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
