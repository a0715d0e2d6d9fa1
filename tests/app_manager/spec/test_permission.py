import pytest

from app_manager.spec import parse_spec, permission, permissions_asked
from tests.app_manager.spec.samples import GOOD


def test_permissions_are_listed_once_in_order_with_the_required_servers() -> None:
    spec = parse_spec(
        GOOD
        + "permissions: [web_search, bash, web_fetch, ai-browser, mcp:shop]\n"
        + "requires: {mcps: [{id: ai-browser}, {id: shop}, {id: bank}]}\n"
    )
    assert permissions_asked(spec) == ("web", "bash", "ai-browser", "mcp:shop", "mcp:bank")


def test_a_required_server_that_is_a_permission_is_asked_for_as_such() -> None:
    assert permissions_asked(parse_spec(GOOD + "required_mcps: [{id: ai-browser}]\n")) == ("ai-browser",)


@pytest.mark.parametrize(
    ("name", "known", "label"),
    [
        ("web", True, "Fetch web pages"),
        ("mcp:shop", True, "Use the MCP server shop"),
        ("mcp:", False, "Unknown permission mcp:"),
        ("bash", False, "Unknown permission bash"),
    ],
)
def test_every_permission_has_a_label(name: str, known: bool, label: str) -> None:
    assert (permission.is_known(name), permission.label(name)) == (known, label)


def test_only_what_a_tool_serves_is_served() -> None:
    assert [name for name in permission.LABELS if permission.is_served(name)] == [
        "web",
        "notification.send",
        "memory.space",
    ]
    assert permission.is_served("mcp:shop")
