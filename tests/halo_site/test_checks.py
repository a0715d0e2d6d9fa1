"""System checks of the platform."""

import pytest
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from pytest_django import Settings

from halo_site import checks


def with_migration(monkeypatch: pytest.MonkeyPatch, name: str, *, atomic: bool = True) -> None:
    """Let the loader find one more migration of this project."""
    load = MigrationLoader.load_disk

    def load_disk(loader: MigrationLoader) -> None:
        load(loader)
        migration = Migration(name, "halo_site")
        migration.atomic = atomic
        loader.disk_migrations["halo_site", name] = migration

    monkeypatch.setattr(MigrationLoader, "load_disk", load_disk)
    monkeypatch.setattr(MigrationLoader, "build_graph", MigrationLoader.load_disk)


def test_our_migrations_pass() -> None:
    assert checks.migrations_are_atomic(None) == checks.migrations_are_numbered(None) == []


def test_it_refuses_a_migration_that_is_not_atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    with_migration(monkeypatch, "0099_half", atomic=False)
    assert [error.id for error in checks.migrations_are_atomic(None)] == ["halo.E001"]


def test_it_refuses_a_migration_without_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with_migration(monkeypatch, "later")
    assert [error.id for error in checks.migrations_are_numbered(None)] == ["halo.E002"]


def test_an_https_address_without_a_trusted_proxy_is_a_warning(settings: Settings) -> None:
    settings.HALO_URL, settings.HALO_TRUSTED_PROXY = "https://halo.example.org", ()
    assert [warning.id for warning in checks.https_needs_a_trusted_proxy(None)] == ["halo.W001"]


def test_an_https_address_with_a_trusted_proxy_is_fine(settings: Settings) -> None:
    settings.HALO_URL = "https://halo.example.org"
    settings.HALO_TRUSTED_PROXY = ("10.0.0.1/32",)
    assert checks.https_needs_a_trusted_proxy(None) == []
