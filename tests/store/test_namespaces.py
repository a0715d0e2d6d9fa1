"""Which version each namespace is at."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from halo_site.store.namespaces import NAMESPACES, number_of, versions_in_code
from halo_site.store.recorder import NamespaceRecorder


def test_the_number_of_a_migration_leads_its_name() -> None:
    assert number_of("0012_more") == 12


def test_it_refuses_a_name_without_a_number() -> None:
    with pytest.raises(ValueError, match="does not begin with a number"):
        number_of("more")


@pytest.mark.django_db
def test_migrate_leaves_one_row_for_each_namespace() -> None:
    assert set(NamespaceRecorder(connection).versions()) == set(NAMESPACES)


@pytest.mark.django_db
def test_the_rows_are_at_the_versions_of_the_code() -> None:
    stored = NamespaceRecorder(connection).versions()
    assert {name: version for name, (version, _applied) in stored.items()} == versions_in_code()


@pytest.mark.django_db
def test_the_command_lists_them_as_json() -> None:
    out = StringIO()
    call_command("namespaces", "--json", stdout=out)
    rows = json.loads(out.getvalue())
    assert [row["namespace"] for row in rows] == list(NAMESPACES)
    assert all(row["database"] == row["code"] and row["applied_at"] for row in rows)


@pytest.mark.django_db
def test_the_command_lists_them_as_a_table() -> None:
    out = StringIO()
    call_command("namespaces", stdout=out)
    assert [line.split()[0] for line in out.getvalue().splitlines()] == ["namespace", *NAMESPACES]
