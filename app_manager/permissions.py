"""What an app may do: denied beats granted, and what is neither is off (BEHAVIOUR, Permissions)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app_manager.spec import AppSpec, permissions_asked
from app_manager.spec.permission import LABELS, is_served, label


@dataclass(frozen=True)
class PermissionRow:
    """One permission as people see it."""

    name: str
    is_asked: bool
    is_granted: bool
    is_denied: bool

    @property
    def label(self) -> str:
        return label(self.name)

    @property
    def is_served(self) -> bool:
        """Whether granting it gives the app a tool in this version."""
        return is_served(self.name)

    @property
    def is_effective(self) -> bool:
        return self.is_granted and not self.is_denied


@dataclass(frozen=True)
class Permissions:
    """The three lists of one app, in the order in which they were asked or given."""

    asked: tuple[str, ...]
    granted: tuple[str, ...]
    denied: tuple[str, ...]

    @classmethod
    def of(cls, spec: AppSpec, stored: Mapping[str, Any]) -> "Permissions":
        return cls(permissions_asked(spec), _names(stored, "granted"), _names(stored, "denied"))

    def allows(self, permission: str) -> bool:
        return permission in self.granted and permission not in self.denied

    @property
    def effective(self) -> tuple[str, ...]:
        return tuple(permission for permission in self.granted if permission not in self.denied)

    @property
    def everything(self) -> tuple[str, ...]:
        """Asked, granted and denied, each once."""
        return tuple(dict.fromkeys((*self.asked, *self.granted, *self.denied)))

    @property
    def choices(self) -> list[PermissionRow]:
        """What a person can decide: asked, granted and denied ones, then every other known permission."""
        others = (PermissionRow(name, False, False, False) for name in LABELS if name not in self.everything)
        return [*self.rows, *others]

    @property
    def rows(self) -> list[PermissionRow]:
        """Asked, granted and denied ones with where each stands."""
        return [
            PermissionRow(name, name in self.asked, name in self.granted, name in self.denied)
            for name in self.everything
        ]


def digest_of(stored: Mapping[str, Any]) -> str:
    """Names both lists as they are stored, in any order, so that nobody decides over others unseen."""
    lists = [sorted(_names(stored, decision)) for decision in ("granted", "denied")]
    return hashlib.sha256(json.dumps(lists).encode()).hexdigest()


def _names(stored: Mapping[str, Any], decision: str) -> tuple[str, ...]:
    """The names of one list; whatever else stands in the column is none."""
    names = stored.get(decision)
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list | tuple) else ()


def decided(asked: Iterable[str], granted: Iterable[str]) -> dict[str, list[str]]:
    """What is stored when a person ticked ``granted``: what was asked for and not ticked is denied."""
    ticked = list(dict.fromkeys(granted))
    return {"granted": ticked, "denied": [name for name in dict.fromkeys(asked) if name not in ticked]}


def choices(spec: AppSpec) -> list[PermissionRow]:
    """What a person can grant on installing: what is asked for first, then every other known permission."""
    asked = permissions_asked(spec)
    return [
        PermissionRow(name, name in asked, name in asked, False) for name in dict.fromkeys((*asked, *LABELS))
    ]
