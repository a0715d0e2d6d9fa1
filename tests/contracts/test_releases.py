"""A database of a release and an empty one end in the same schema, and no row is lost on the way."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from halo_site.store.namespaces import NAMESPACES, versions_in_code
from tests.contracts.databases import RELEASES, Statements, migrate, scratch_database
from tests.contracts.ownership import foreign_touches, owners
from tests.contracts.tables import fill, lost, rows_of, schema_of


@pytest.fixture(scope="module")
def newest(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[tuple[Any, Statements]]:
    """An empty database at the newest version, and what made it."""
    with django_db_blocker.unblock(), scratch_database(tmp_path_factory.mktemp("newest")) as connection:
        yield connection, migrate(connection)


@pytest.fixture
def scratch(tmp_path: Path, django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """An empty database."""
    with django_db_blocker.unblock(), scratch_database(tmp_path) as connection:
        yield connection


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_with_rows_ends_as_an_empty_database_does(release: str, scratch: Any, newest: Any) -> None:
    migrate(scratch, RELEASES[release])
    fill(scratch)
    before = rows_of(scratch)
    migrate(scratch)
    assert schema_of(scratch) == schema_of(newest[0])
    assert lost(before, rows_of(scratch)) == []


@pytest.mark.parametrize("release", RELEASES)
def test_every_table_of_a_release_gets_rows(release: str, scratch: Any) -> None:
    migrate(scratch, RELEASES[release])
    fill(scratch)
    assert {table: len(rows) for table, rows in rows_of(scratch).items() if len(rows) != 3} == {}


def test_the_newest_schema_takes_rows_and_a_second_migrate_changes_none(scratch: Any) -> None:
    migrate(scratch)
    fill(scratch)
    before, schema = rows_of(scratch), schema_of(scratch)
    assert migrate(scratch) == []
    assert (schema_of(scratch), rows_of(scratch)) == (schema, before)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE installed_apps ADD COLUMN colour TEXT",
        "ALTER TABLE installed_apps RENAME COLUMN error_message TO trouble",
        "CREATE INDEX one_more ON installed_apps (spec_id)",
        "DROP INDEX idx_installed_apps_status",
        "CREATE TABLE one_more (id INTEGER)",
    ],
)
def test_a_difference_of_schemas_would_be_seen(change: str, scratch: Any) -> None:
    migrate(scratch)
    before = schema_of(scratch)
    with scratch.cursor() as cursor:
        cursor.execute(change)
    assert schema_of(scratch) != before


def test_a_lost_row_or_value_would_be_seen() -> None:
    before = {
        "a": [{"id": 1, "word": "x"}],
        "b": [{"id": 1}],
        "c": [{"id": 1, "word": "x"}],
        "d": [{"id": 1}],
    }
    after = {"a": [{"id": 1, "word": "y"}], "b": [], "c": [{"id": 1, "new": 2}]}
    assert lost(before, after) == ["a", "b", "d"]


def test_the_releases_name_every_namespace_and_never_go_back() -> None:
    steps = [*RELEASES.values(), versions_in_code()]
    assert all(step.keys() == set(NAMESPACES) for step in steps)
    for earlier, later in pairwise(steps):
        assert [name for name in NAMESPACES if later[name] < earlier[name]] == []


def test_no_migration_touches_a_table_of_another_namespace(newest: tuple[Any, Statements]) -> None:
    assert foreign_touches(newest[1]) == []


def test_the_tables_of_every_model_are_made_by_its_namespace(newest: tuple[Any, Statements]) -> None:
    from django.apps import apps

    made_by = owners(newest[1])
    tables = {model._meta.db_table: model._meta.app_label for model in apps.get_models()}
    ours = {table: label for table, label in tables.items() if label in NAMESPACES}
    assert {table: made_by.get(table) for table in ours} == ours


@pytest.mark.parametrize(
    "sql",
    [
        'ALTER TABLE "installed_apps" ADD COLUMN "x" text',
        'CREATE INDEX "x" ON "installed_apps" ("id")',
        'DROP TABLE "installed_apps"',
        'UPDATE "installed_apps" SET "status" = \'active\'',
        "insert into installed_apps (id) values (1)",
        'DELETE FROM "installed_apps"',
        'CREATE TABLE "new__installed_apps" ("id" text)',
    ],
)
def test_a_touch_of_a_foreign_table_would_be_seen(sql: str) -> None:
    made = [("app_manager", 'CREATE TABLE "installed_apps" ("id" text)')]
    assert foreign_touches([*made, ("scheduler", sql)]) == [f"scheduler: {sql}"]


def test_a_foreign_key_and_the_records_are_no_touch() -> None:
    made = [("app_manager", 'CREATE TABLE "installed_apps" ("id" text)')]
    fine = [
        ("app_runtime", 'CREATE TABLE "automation_runs" ("app_id" text REFERENCES "installed_apps" ("id"))'),
        ("app_runtime", 'INSERT INTO "django_migrations" ("app") VALUES (%s)'),
        ("app_runtime", 'SELECT "id" FROM "installed_apps"'),
    ]
    assert foreign_touches([*made, *fine]) == []
