"""What an app may do: denied beats granted, and what is neither is off (BEHAVIOUR, Permissions)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    def of(cls, spec: AppSpec, stored: Mapping[str, Iterable[str]]) -> "Permissions":
        return cls(permissions_asked(spec), tuple(stored.get("granted", ())), tuple(stored.get("denied", ())))

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
    def rows(self) -> list[PermissionRow]:
        """Asked, granted and denied ones with where each stands."""
        return [
            PermissionRow(name, name in self.asked, name in self.granted, name in self.denied)
            for name in self.everything
        ]


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
