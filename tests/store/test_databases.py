"""Database settings from a path or a URL."""

from pathlib import Path

import pytest
from django.db import connection

from halo_site.env import EnvironmentRefused
from halo_site.store.databases import database_from, sqlite_database


def test_a_url_is_taken_apart() -> None:
    found = database_from("postgresql://me:p%40ss@db.example.org:5433/halo?sslmode=require")
    assert [found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "halo", "me", "p@ss", "db.example.org", 5433,
    ]  # fmt: skip
    assert found["OPTIONS"] == {"sslmode": "require"}


def test_a_socket_directory_may_be_the_host() -> None:
    assert database_from("postgresql://me@%2Frun%2Fpostgresql/halo")["HOST"] == "/run/postgresql"


def test_an_sqlite_file_can_be_named() -> None:
    assert database_from("sqlite:////srv/halo.db") == sqlite_database(Path("/srv/halo.db"))


@pytest.mark.parametrize(
    "url", ["halo", "mysql://me:hush@db/halo", "postgresql://me:hush@db", "postgresql://me:hush@db:x/halo"]
)
def test_it_refuses_other_urls_and_repeats_no_password(url: str) -> None:
    with pytest.raises(EnvironmentRefused, match=r"^DATABASE_URL=") as refusal:
        database_from(url)
    assert "hush" not in str(refusal.value)


@pytest.mark.sqlite_only
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 1)]
)
def test_an_sqlite_connection_is_set_up(pragma: str, value: object) -> None:
    with connection.cursor() as cursor:
        assert cursor.execute(f"PRAGMA {pragma}").fetchone() == (value,)
