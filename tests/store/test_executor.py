"""A migration, its indexes and its record are one transaction, on every database (DESIGN §3)."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, migrations, models
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from halo_site.store.executor import NamespaceExecutor
from halo_site.store.recorder import NamespaceRecorder

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = {"trial_parent", "trial_child"}


class Trial(migrations.Migration):
    """Two tables with what Django defers to the editor's end: indexes and a foreign key."""

    operations = [
        migrations.CreateModel(
            "TrialParent", [("id", models.BigAutoField(primary_key=True))], {"db_table": "trial_parent"}
        ),
        migrations.CreateModel(
            "TrialChild",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("word", models.TextField(db_index=True)),
                ("parent", models.ForeignKey("halo_site.TrialParent", models.CASCADE)),
            ],
            {"db_table": "trial_child", "indexes": [models.Index(fields=["-word"], name="trial_word")]},
        ),
    ]


@pytest.fixture
def trial() -> Iterator[Trial]:
    """A migration that no other test sees; what it leaves is taken away."""
    migration = Trial("0901_trial", "halo_site")
    yield migration
    if tables() & TABLES:
        NamespaceExecutor(connection).unapply_migration(ProjectState(), migration)
    NamespaceRecorder(connection).record_unapplied("halo_site", migration.name)


def tables() -> set[str]:
    return set(connection.introspection.table_names())


def version() -> int:
    return NamespaceRecorder(connection).versions()["halo_site"][0]


def history() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


def fail(*args: object) -> None:
    raise DatabaseError("the disk is full")


def test_a_migration_makes_tables_indexes_and_its_record(trial: Trial) -> None:
    NamespaceExecutor(connection).apply_migration(ProjectState(), trial)
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "trial_child")
    assert tables() >= TABLES
    assert "trial_word" in constraints
    assert any(facts["foreign_key"] for facts in constraints.values())
    assert (version(), ("halo_site", trial.name) in history()) == (901, True)


def test_no_table_is_left_when_the_record_fails(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    before = version()
    with monkeypatch.context() as patch:
        patch.setattr(NamespaceRecorder, "record_applied", fail)
        with pytest.raises(DatabaseError):
            NamespaceExecutor(connection).apply_migration(ProjectState(), trial)
    assert not tables() & TABLES
    assert (version(), ("halo_site", trial.name) in history()) == (before, False)


def test_no_table_is_left_when_the_namespace_row_fails(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(NamespaceRecorder, "_write_version", fail)
        with pytest.raises(DatabaseError):
            NamespaceExecutor(connection).apply_migration(ProjectState(), trial)
    assert not tables() & TABLES
    assert ("halo_site", trial.name) not in history()


def test_no_record_is_left_when_the_tables_fail(trial: Trial) -> None:
    with connection.schema_editor() as editor:
        editor.execute("CREATE TABLE trial_child (id INTEGER)")
    try:
        with pytest.raises(DatabaseError):
            NamespaceExecutor(connection).apply_migration(ProjectState(), trial)
        assert "trial_parent" not in tables()
        assert ("halo_site", trial.name) not in history()
    finally:
        with connection.schema_editor() as editor:
            editor.execute("DROP TABLE trial_child")


def test_tables_stay_when_forgetting_fails(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    NamespaceExecutor(connection).apply_migration(ProjectState(), trial)
    with monkeypatch.context() as patch:
        patch.setattr(NamespaceRecorder, "record_unapplied", fail)
        with pytest.raises(DatabaseError):
            NamespaceExecutor(connection).unapply_migration(ProjectState(), trial)
    assert tables() >= TABLES
    assert version() == 901


def test_taking_a_migration_back_gives_the_version_before(trial: Trial) -> None:
    before = version()
    NamespaceExecutor(connection).apply_migration(ProjectState(), trial)
    NamespaceExecutor(connection).unapply_migration(ProjectState(), trial)
    assert version() == before
    assert not tables() & TABLES


def test_a_faked_migration_makes_the_record_only(trial: Trial) -> None:
    NamespaceExecutor(connection).apply_migration(ProjectState(), trial, fake=True)
    assert (version(), bool(tables() & TABLES)) == (901, False)


def test_a_faked_return_takes_the_record_only(trial: Trial) -> None:
    before = version()
    NamespaceExecutor(connection).apply_migration(ProjectState(), trial)
    NamespaceExecutor(connection).unapply_migration(ProjectState(), trial, fake=True)
    assert (version(), tables() >= TABLES) == (before, True)


def test_a_foreign_app_gets_no_namespace(trial: Trial) -> None:
    recorder = NamespaceRecorder(connection)
    recorder.record_applied("somebody_else", "0001_initial")
    try:
        assert "somebody_else" not in recorder.versions()
    finally:
        recorder.record_unapplied("somebody_else", "0001_initial")
