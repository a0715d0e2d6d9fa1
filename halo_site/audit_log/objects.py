"""What audit lines are about: the kinds in words, and the page of each thing that still is there.

The packages that own a kind register it, so that the platform knows none of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

# Ids of one kind → the address of each that still is there; one query at most
Find = Callable[[set[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Kind:
    """One kind of thing that changes: its word, and where its things are looked at."""

    words: Any
    find: Find


_kinds: dict[str, Kind] = {}


def register_kind(name: str, words: Any, find: Find | None = None) -> None:
    """Tell the audit page of a kind (`AuditEntry.object_type`); the last registration of a name counts."""
    _kinds[name] = Kind(words, find or (lambda ids: {}))


def kinds() -> dict[str, Any]:
    """Every known kind with its word."""
    return {name: kind.words for name, kind in _kinds.items()}


def addresses(things: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(kind, id) → the page of each of the things that has one and is there; one query for each kind."""
    wanted: dict[str, set[str]] = {}
    for kind, key in things:
        wanted.setdefault(kind, set()).add(key)
    return {
        (kind, key): address
        for kind, ids in sorted(wanted.items())
        if kind in _kinds
        for key, address in _kinds[kind].find(ids).items()
    }


def rows_of(model: Any, address: str) -> Find:
    """Finds rows by their key; ``address`` is the name of a page with the key as its only argument."""

    def find(ids: set[str]) -> dict[str, str]:
        is_counted = model._meta.pk.get_internal_type().endswith("AutoField")
        keys = {key for key in ids if _is_number(key)} if is_counted else ids
        there = model._default_manager.filter(pk__in=keys).values_list("pk", flat=True)
        return {str(key): reverse(address, args=[key]) for key in there}

    return find


def always(address: str) -> Find:
    """For things that share one page, whatever became of them."""
    return lambda ids: dict.fromkeys(ids, reverse(address))


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) <= 18


def register_own() -> None:
    """The kinds of the platform itself."""
    register_kind("user", _("person"), rows_of(User, "admin:auth_user_change"))
    register_kind("group", _("group"), rows_of(Group, "admin:auth_group_change"))
    register_kind("session", _("sign-in"))
    register_kind("backup", _("backup"))
    register_kind("process", _("process"))
