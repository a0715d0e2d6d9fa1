"""What every migration of ours must be, whatever it does (CONTRIBUTING, Changing the schema)."""

from collections.abc import Iterable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import migrations
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from halo_site.store.namespaces import NAMESPACES, number_of


def of(namespace: str) -> list[Migration]:
    """The migrations of a namespace, by name."""
    disk = MigrationLoader(None).disk_migrations
    return [disk[key] for key in sorted(disk) if key[0] == namespace]


def operations(listed: Iterable[Any]) -> Iterable[Any]:
    """Every operation, those within others included."""
    for operation in listed:
        yield operation
        inner = [*getattr(operation, "database_operations", ()), *getattr(operation, "state_operations", ())]
        yield from operations(inner)


def complaints(migration: Migration) -> list[str]:
    """What is wrong with one migration by itself."""
    wrong = []
    if not migration.atomic:
        wrong.append("atomic = False")
    if migration.replaces:
        wrong.append("it replaces others")
    for operation in operations(migration.operations):
        if not operation.reversible:
            wrong.append(f"{type(operation).__name__} has no way back")
        if getattr(operation, "atomic", None) is False and isinstance(operation, migrations.RunPython):
            wrong.append("RunPython with atomic=False")
    return wrong


def out_of_line(namespace: str, listed: list[Migration]) -> list[str]:
    """Migrations that do not follow the one before them, from 0001 without a gap."""
    wrong = []
    before: list[tuple[str, str]] = []
    for number, migration in enumerate(listed, start=1):
        own = [dependency for dependency in migration.dependencies if dependency[0] == namespace]
        if number_of(migration.name) != number or own != before:
            wrong.append(migration.name)
        before = [(namespace, migration.name)]
    return wrong


def made(name: str, *operations: Any, **attributes: Any) -> Migration:
    """A migration for tests of these tests."""
    kind = type("Made", (Migration,), {"operations": list(operations), **attributes})
    return kind(name, "scheduler")


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_numbers_have_no_gap_and_each_follows_the_one_before(namespace: str) -> None:
    assert (out_of_line(namespace, of(namespace)), bool(of(namespace))) == ([], True)


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_there_is_one_newest_migration(namespace: str) -> None:
    leaves = MigrationLoader(None).graph.leaf_nodes(namespace)
    assert leaves == [(namespace, of(namespace)[-1].name)]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_migration_is_one_transaction_with_a_way_back(namespace: str) -> None:
    assert {migration.name: found for migration in of(namespace) if (found := complaints(migration))} == {}


@pytest.mark.django_db
def test_models_are_what_the_migrations_make() -> None:
    said = StringIO()
    try:
        call_command("makemigrations", check_changes=True, dry_run=True, stdout=said, verbosity=1)
    except SystemExit:
        pytest.fail(f"A migration is missing:\n{said.getvalue()}")


FIRST = made("0001_initial")
SECOND = made("0002_more", dependencies=[("scheduler", "0001_initial")])


@pytest.mark.parametrize(
    "listed",
    [
        [SECOND],
        [FIRST, made("0003_more", dependencies=[("scheduler", "0001_initial")])],
        [FIRST, made("0002_more")],
        [FIRST, SECOND, made("0003_more", dependencies=[("scheduler", "0001_initial")])],
        [FIRST, SECOND, made("0002_other", dependencies=[("scheduler", "0001_initial")])],
    ],
)
def test_a_gap_or_a_fork_would_be_seen(listed: list[Migration]) -> None:
    assert out_of_line("scheduler", listed)


def nothing(apps: Any, editor: Any) -> None:
    """A way back."""


@pytest.mark.parametrize(
    "migration",
    [
        made("0002_x", atomic=False),
        made("0002_x", replaces=[("scheduler", "0001_initial")]),
        made("0002_x", migrations.RunPython(nothing)),
        made("0002_x", migrations.RunSQL("SELECT 1")),
        made("0002_x", migrations.RunPython(nothing, nothing, atomic=False)),
        made("0002_x", migrations.SeparateDatabaseAndState([migrations.RunPython(nothing)])),
    ],
)
def test_a_migration_that_may_not_be_would_be_seen(migration: Migration) -> None:
    assert complaints(migration)


def test_a_data_migration_with_a_way_back_is_fine() -> None:
    assert complaints(made("0002_x", migrations.RunPython(nothing, nothing))) == []
