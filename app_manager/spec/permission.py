"""Permissions: which exist, what they are called, what a spec asks for (BEHAVIOUR, Permissions)."""

from collections.abc import Iterable

from app_manager.spec.appspec import AppSpec

LABELS: dict[str, str] = {
    "web": "Fetch web pages",
    "notification.send": "Send notifications",
    "memory.space": "Read the memory of its space and add to it",
    "ai-browser": "Use a web browser",
    "ai-terminal": "Use a terminal",
    "email": "Send e-mail",
    "im-push": "Send chat messages",
}
SERVED: frozenset[str] = frozenset({"memory.space", "notification.send", "web"})  # those that a tool serves
_ALIASES = {"web_fetch": "web", "web_search": "web"}
_MCP = "mcp:"


def canonical_permission(name: str) -> str:
    """The name that is stored and shown: `web_fetch` is `web`."""
    return _ALIASES.get(name, name)


def is_known(name: str) -> bool:
    """Whether the permission is one of ours, or names an MCP server."""
    return name in LABELS or (name.startswith(_MCP) and len(name) > len(_MCP))


def unknown(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The canonical names that are no permissions of ours, nor among ``known``: what a spec asks for, say."""
    wanted = {canonical_permission(name) for name in names} - set(known)
    return sorted(name for name in wanted if not is_known(name))


def is_served(name: str) -> bool:
    """Whether granting the permission gives an app a tool now."""
    return name in SERVED or name.startswith(_MCP)


def label(name: str) -> str:
    """What people read."""
    if name in LABELS:
        return LABELS[name]
    if is_known(name):
        return f"Use the MCP server {name.removeprefix(_MCP)}"
    return f"Unknown permission {name}"


def permissions_asked(spec: AppSpec) -> tuple[str, ...]:
    """What the spec asks for, in order and once each: its `permissions`, then the MCP servers it requires.

    A required MCP that is itself a known permission, such as `ai-browser`, is asked for under that name.
    """
    listed = map(canonical_permission, spec.permissions)
    required = (mcp.id if mcp.id in LABELS else f"{_MCP}{mcp.id}" for mcp in spec.requires.mcps)
    return tuple(dict.fromkeys([*listed, *required]))
