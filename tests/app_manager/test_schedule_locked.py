"""A database that somebody else holds while a schedule is saved: a sentence, and what was written is kept."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from app_manager.models import App
from halo_site.models import AuditEntry
from scheduler.models import Job
from tests.app_manager.factories import install_app

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]
RULE = {"key": "morning", "kind": "every", "every": "45m", "missed": "skip", "overlap": "skip"}
SINGLE = {"date": "2999-01-01", "time": "09:00", "text": "Say hello.", "overlap": "skip"}


@pytest.fixture
def app(operator_client: Client) -> App:
    return install_app()


@pytest.fixture
def held(app: App) -> Iterator[sqlite3.Connection]:
    """The database, held by another program; ours gives up soon, so that nobody waits for it here."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


@pytest.mark.parametrize(
    ("address", "given", "kept"),
    [
        ("save", RULE, 'value="45m"'),
        ("once", {**SINGLE, "form": str(uuid4())}, "Say hello."),
    ],
)
def test_what_was_written_is_kept_and_saved_when_the_database_is_free_again(
    operator_client: Client,
    app: App,
    held: sqlite3.Connection,
    address: str,
    given: dict[str, str],
    kept: str,
) -> None:
    jobs, lines = list(Job.objects.values()), AuditEntry.objects.count()
    answer = operator_client.post(f"/apps/{app.pk}/schedule/{address}/", given)
    text = answer.content.decode()
    assert (answer.status_code, kept in text) == (503, True)
    assert "Another program has held the database" in text
    assert (list(Job.objects.values()), AuditEntry.objects.count()) == (jobs, lines)
    held.execute("ROLLBACK")
    assert operator_client.post(f"/apps/{app.pk}/schedule/{address}/", given).status_code == 302
    assert AuditEntry.objects.count() == lines + 1
