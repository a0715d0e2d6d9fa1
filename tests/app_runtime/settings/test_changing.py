"""A change of settings and its line in the audit log: where the line cannot be written, nothing changes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from app_runtime.models import Price
from app_runtime.settings import changing, sources, targets
from halo_site.datadir import files, steps
from halo_site.datadir.config import change_config, site_config, update_config
from halo_site.datadir.notification_targets import NotificationTarget
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secrets import resolve, set_secret
from halo_site.models import AuditEntry
from tests.factories import NINE, TESTER

pytestmark = pytest.mark.django_db
HOW: dict[str, Any] = {"actor": TESTER, "now": NINE}
MAIL = {"host": "127.0.0.1", "port": 25, "security": "none", "user": "", "from": "halo@example.org"}
SOURCE = {"id": "main", "name": "Main", "provider": "openai", "model": "gpt-4o-mini"}


def phone() -> NotificationTarget:
    return targets.get_target("phone")


def drop_rule() -> None:
    [rule] = site_config().notifications.rules or ()
    targets.delete_rule(0, targets.rule_digest(rule.model_dump(mode="json")), **HOW)


CHANGES: list[Callable[[], Any]] = [
    lambda: targets.save_target(None, "Desk", "", "json://127.0.0.1:1/new", **HOW),
    lambda: targets.save_target(phone(), "Phone", "", "json://127.0.0.1:1/new", **HOW),
    lambda: targets.save_target(phone(), "Phone", "mail:a@example.org", "", **HOW),
    lambda: targets.delete_target(phone(), **HOW),
    lambda: targets.add_rule({"types": ["escalation"]}, **HOW),
    drop_rule,
    lambda: targets.save_quiet({"sameFailureMinutes": 5}, **HOW),
    lambda: targets.save_mail(MAIL, "a password", **HOW),
    lambda: sources.save_source({**SOURCE, "name": "Other"}, "another-key-1", **HOW),
    lambda: sources.save_source({"name": "Next", "provider": "openai", "model": "m"}, "another-key-1", **HOW),
    lambda: sources.delete_source("main", **HOW),
    lambda: sources.make_default("main", **HOW),
    lambda: sources.set_fallbacks([], **HOW),
]


@pytest.fixture
def set_up() -> None:
    """A target with a kept address, a rule, a source with a key."""
    targets.save_target(None, "Phone", "", "json://127.0.0.1:1/old", **HOW)
    targets.add_rule({"targets": ["phone"]}, **HOW)
    sources.save_source(SOURCE, "a-key-of-mine", **HOW)


@pytest.fixture
def no_lines(set_up: None) -> None:
    """From now on the database refuses every line of the audit log."""
    words = "BEGIN SELECT RAISE(ABORT, 'full'); END"
    if connection.vendor != "sqlite":
        words = "FOR EACH ROW EXECUTE FUNCTION halo_audit_refuse()"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TRIGGER no_lines BEFORE INSERT ON halo_audit_log {words}")


def everything() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in data_dir().root.iterdir() if file.is_file()}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_without_its_line_is_none(no_lines: None, change: Callable[[], Any]) -> None:
    before, lines = everything(), AuditEntry.objects.count()
    with pytest.raises(DatabaseError), transaction.atomic():
        change()
    assert everything() == before
    assert site_config().notifications.targets[0].name == "Phone"
    assert AuditEntry.objects.count() == lines


@pytest.mark.parametrize("change", CHANGES)
def test_a_line_without_its_change_is_none(
    set_up: None, change: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses the new config.json at its last step."""
    before, lines = everything(), AuditEntry.objects.count()

    def refuse(folder: int, temporary: str, name: str) -> Callable[[], None]:
        if name == "config.json":
            raise OSError(28, "No space left on device")
        return steps.replaced(folder, temporary, name)

    monkeypatch.setattr(files, "replaced", refuse)
    with pytest.raises(OSError, match="No space left"), transaction.atomic():
        change()
    assert everything() == before
    assert AuditEntry.objects.count() == lines


@pytest.mark.parametrize("change", CHANGES)
def test_otherwise_both_are_there(set_up: None, change: Callable[[], Any]) -> None:
    before, lines = everything(), AuditEntry.objects.count()
    change()
    assert everything() != before
    assert AuditEntry.objects.count() > lines
    assert not [name for name in everything() if name.endswith(".tmp")]


def test_a_limit_without_its_line_is_not_saved(no_lines: None, operator_client: Client) -> None:
    before = everything()
    operator_client.raise_request_exception = False
    with transaction.atomic():
        assert operator_client.post("/settings/limits/save/", {"model_turns": "7"}).status_code >= 500
    assert everything() == before


def test_a_price_without_its_line_is_not_saved(no_lines: None, operator_client: Client) -> None:
    operator_client.raise_request_exception = False
    price = {"model": "m", "input_usd": "1", "output_usd": "1", "valid_from": "2026-11-01"}
    assert operator_client.post("/settings/prices/create/", price).status_code >= 500
    assert not Price.objects.exists()


def test_what_came_between_is_kept(set_up: None) -> None:
    """Taking back puts the old file in its place, and never takes away what another program has put there."""
    mine = b'{"version": 1, "mine": true}\n'

    def note() -> None:
        data_dir().config.write_bytes(mine)
        raise KeyError("no line")

    with pytest.raises(KeyError):
        changing.change_settings("runs", lambda section: {**section, "model_turns": 7}, note)
    assert data_dir().config.read_bytes() == mine


def test_a_secret_that_was_replaced_is_put_back(set_up: None) -> None:
    set_secret("other", "stays")

    def note() -> None:
        raise KeyError("no line")

    with pytest.raises(KeyError):
        changing.change_secrets({"target-phone": "new", "other": None}, note)
    assert (resolve("secret:target-phone"), resolve("secret:other")) == ("json://127.0.0.1:1/old", "stays")


def test_the_settings_are_returned_as_they_are_then() -> None:
    update_config("runs", {"model_turns": 7})
    assert change_config("runs", lambda section: {**section, "model_turns": 8}).runs.model_turns == 8
