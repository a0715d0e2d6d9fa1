"""Denied beats granted; what is neither is off."""

from app_manager.permissions import Permissions, choices, decided
from app_manager.spec import parse_spec
from tests.app_manager.factories import spec_text


def permissions(granted=(), denied=()):
    return Permissions.of(parse_spec(spec_text()), {"granted": granted, "denied": denied})


def test_denied_beats_granted():
    assert not permissions(["web"], ["web"]).allows("web")
    assert permissions(["web", "email"], ["web"]).effective == ("email",)


def test_what_is_neither_is_off():
    assert not permissions().allows("web")


def test_what_was_asked_and_not_ticked_is_denied():
    assert decided(["web", "email"], ["email", "im-push", "email"]) == {
        "granted": ["email", "im-push"],
        "denied": ["web"],
    }


def test_each_permission_has_one_row_with_where_it_stands():
    rows = {row.name: (row.is_asked, row.is_effective) for row in permissions(["email", "web"], ["web"]).rows}
    assert rows == {"web": (True, False), "memory.space": (True, False), "email": (False, True)}


def test_what_no_tool_serves_is_said():
    served = {row.name: row.is_served for row in choices(parse_spec(spec_text()))}
    assert served["memory.space"]
    assert not served["ai-terminal"]
