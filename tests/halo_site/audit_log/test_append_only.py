"""Lines of the audit log are only ever added, whoever asks for something else."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from halo_site import append_only, audit
from halo_site.doctor import audit_log
from halo_site.doctor.findings import Finding
from halo_site.models import AppendOnly, AuditEntry

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def line() -> AuditEntry:
    return audit.record(
        audit.system("tests"), "pause", object_type="app", object_id="one", now=NINE, summary="Kettle Watch"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.save(),
        lambda line: line.save(update_fields=["summary"]),
        lambda line: line.delete(),
        lambda line: AuditEntry.objects.filter(pk=line.pk).update(actor="person:nobody"),
        lambda line: AuditEntry.objects.filter(pk=line.pk).delete(),
        lambda line: AuditEntry.objects.bulk_update([line], ["summary"]),
        lambda line: AuditEntry._base_manager.filter(pk=line.pk).update(actor="person:nobody"),
        lambda line: AuditEntry._base_manager.all()._raw_delete("default"),
    ],
)
def test_python_refuses_to_change_a_line(change, line):
    line.summary = "another"
    with pytest.raises(AppendOnly, match="only ever added"), transaction.atomic():
        change(line)
    assert AuditEntry.objects.get().summary == "Kettle Watch"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE halo_audit_log SET actor = 'person:nobody'",
        "DELETE FROM halo_audit_log",
        *([] if connection.vendor == "sqlite" else ["TRUNCATE halo_audit_log"]),
    ],
)
def test_the_database_refuses_to_change_a_line(sql, line):
    refused = pytest.raises(DatabaseError, match="only ever added")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEntry.objects.get().actor == "system:tests"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("word", ["REPLACE", "INSERT OR REPLACE"])
def test_no_line_is_replaced(word, line):
    refused = pytest.raises(DatabaseError, match="only ever added")
    columns = "(id, ts, actor, verb, object_type, object_id) VALUES (%s, 1, 'x', 'y', 'z', 'a')"
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{word} INTO halo_audit_log {columns}", [line.pk])
    assert AuditEntry.objects.get().actor == "system:tests"


def test_a_line_with_the_number_of_another_is_refused(line):
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry(pk=line.pk, ts=NINE, actor="a", verb="b", object_type="c", object_id="d").save()


def test_the_doctor_is_content_with_what_migrations_make():
    assert append_only.missing(connection) == []
    assert not any(isinstance(each, Finding) for each in audit_log.look(timezone.now()))


def test_the_doctor_names_a_trigger_that_is_gone():
    on = "" if connection.vendor == "sqlite" else f" ON {append_only.TABLE}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER halo_audit_kept_delete{on}")
    found = [each for each in audit_log.look(timezone.now()) if isinstance(each, Finding)]
    assert "halo_audit_kept_delete" in found[0].what
    assert found[0].is_problem
    assert "migrate halo_site 0" in found[0].advice


@pytest.mark.django_db(transaction=True)
def test_tests_can_empty_the_table_and_leave_the_triggers(line):
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)
    assert (AuditEntry.objects.count(), append_only.missing(connection)) == (0, [])
