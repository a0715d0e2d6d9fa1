"""The audit log and the processes in Django's admin: to read, not to change."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from halo_site import audit
from halo_site.models import Heartbeat

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def entry(db: None) -> audit.AuditEntry:
    return audit.record(audit.system("up"), "restart", object_type="process", object_id="web", now=NOW)


def test_the_audit_log_is_a_list(operator_client: Client, entry: audit.AuditEntry) -> None:
    assert (
        "system:up" in operator_client.get(reverse("admin:halo_site_auditentry_changelist")).content.decode()
    )


def test_an_audit_entry_is_a_page(operator_client: Client, entry: audit.AuditEntry) -> None:
    assert (
        operator_client.get(reverse("admin:halo_site_auditentry_change", args=[entry.pk])).status_code == 200
    )


@pytest.mark.parametrize("verb", ["change", "delete"])
def test_an_audit_entry_cannot_be_changed(
    operator_client: Client, entry: audit.AuditEntry, verb: str
) -> None:
    address = reverse(f"admin:halo_site_auditentry_{verb}", args=[entry.pk])
    assert operator_client.post(address, {"post": "yes"}).status_code == 403


def test_an_audit_entry_cannot_be_added(operator_client: Client) -> None:
    assert operator_client.get(reverse("admin:halo_site_auditentry_add")).status_code == 403


def test_the_processes_are_a_list(operator_client: Client) -> None:
    Heartbeat.beat("clock", NOW)
    page = operator_client.get(reverse("admin:halo_site_heartbeat_changelist")).content.decode()
    assert Heartbeat.own_name("clock") in page


def test_a_second_beat_keeps_the_start(db: None) -> None:
    Heartbeat.beat("clock", NOW)
    Heartbeat.beat("clock", NOW.replace(minute=5))
    beat = Heartbeat.objects.get()
    assert (beat.started_at, beat.beat_at) == (NOW, NOW.replace(minute=5))


def test_an_ended_process_is_off_the_list(db: None) -> None:
    Heartbeat.beat("clock", NOW)
    Heartbeat.end("clock")
    assert not Heartbeat.objects.exists()
