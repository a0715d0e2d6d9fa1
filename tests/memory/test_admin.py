"""Revisions in the admin: to look at, without their content."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from memory import documents
from memory.models import Revision
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING

pytestmark = pytest.mark.django_db


@pytest.fixture
def revision(app: Caller, place: Place) -> Revision:
    found = documents.replace(app, place, "# now\n", now=BEGINNING, run_id="8f3c12aa").revision
    assert found
    return found


def test_the_list_never_asks_for_content(operator_client: Client, revision: Revision) -> None:
    with CaptureQueriesContext(connection) as captured:
        page = operator_client.get(reverse("admin:memory_revision_changelist"), {"q": "8f3c12aa"})
    asked = [query["sql"] for query in captured if "memory_revisions" in query["sql"]]
    assert b"memory.md" in page.content
    assert asked
    assert not any('"content"' in sql for sql in asked)


def test_one_revision_can_be_looked_at(operator_client: Client, revision: Revision) -> None:
    page = operator_client.get(reverse("admin:memory_revision_change", args=[revision.pk]))
    assert revision.sha256 in page.content.decode()


def test_nothing_can_be_added_changed_or_deleted(operator_client: Client, revision: Revision) -> None:
    addresses = [
        reverse("admin:memory_revision_add"),
        reverse("admin:memory_revision_change", args=[revision.pk]),
        reverse("admin:memory_revision_delete", args=[revision.pk]),
    ]
    assert [operator_client.post(address).status_code for address in addresses] == [403, 403, 403]
