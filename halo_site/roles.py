"""What people may do, and where: four roles, everywhere or in single spaces (features.md row 96)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Each may do what the ones before it may. Their values are the names of Django's groups."""

    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    MANAGER = "manager", _("Manager")
    ADMINISTRATOR = "administrator", _("Administrator")

    def covers(self, needed: "Role") -> bool:
        """Whether it is at least ``needed``."""
        return RANKS[self] >= RANKS[needed]


RANKS = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True)
class Standing:
    """One person's role on the whole site (None: none) and those in single spaces, by the space's id."""

    site: Role | None
    spaces: Mapping[str, Role] = field(default_factory=dict)

    @property
    def sees_everything(self) -> bool:
        return self.site is not None

    @property
    def highest(self) -> Role | None:
        """The highest of all, wherever it holds."""
        return max(filter(None, (self.site, *self.spaces.values())), key=RANKS.__getitem__, default=None)

    def role_in(self, space_id: str | None) -> Role | None:
        """The higher one of both; what belongs to no space (``None``) is the site's."""
        roles = [role for role in (self.site, self.spaces.get(space_id or "")) if role is not None]
        return max(roles, key=RANKS.__getitem__, default=None)

    def may(self, needed: Role, space_id: str | None = None) -> bool:
        """Whether the person may do there what needs that role; without a space, on the whole site."""
        role = self.role_in(space_id)
        return role is not None and role.covers(needed)

    def may_somewhere(self, needed: Role) -> bool:
        """Whether the person may do it in at least one space, or on the whole site."""
        return self.may(needed) or any(role.covers(needed) for role in self.spaces.values())

    def spaces_where(self, needed: Role) -> list[str]:
        """The ids of the single spaces in which the person may do it; the site's role is not asked."""
        return [space_id for space_id, role in self.spaces.items() if role.covers(needed)]


NOBODY = Standing(None)


def standing_of(user: Any) -> Standing:
    """What this person may do; asked of the database once for each user object (one request).

    A superuser is an administrator. Somebody who is not signed in, or is switched off, may do nothing.
    """
    known = getattr(user, "_standing", None)
    if known is None:
        known = user._standing = _read(user)
    return known


def _read(user: Any) -> Standing:
    from halo_site.models import SpaceMember  # models need the roles of this module

    if not user.is_authenticated or not user.is_active:
        return NOBODY
    if user.is_superuser:
        return Standing(Role.ADMINISTRATOR)
    names = set(user.groups.filter(name__in=Role.values).values_list("name", flat=True))
    site = max((Role(name) for name in names), key=RANKS.__getitem__, default=None)
    members = SpaceMember.objects.filter(user=user).values_list("space_id", "role")
    return Standing(site, {space: Role(role) for space, role in members if role in Role.values})


def administrators() -> Any:
    """The people who are switched on and administrators of the whole site, as a queryset."""
    from django.contrib.auth.models import User

    by_role = models.Q(is_superuser=True) | models.Q(groups__name=Role.ADMINISTRATOR.value)
    return User.objects.filter(by_role, is_active=True).distinct()


def create_groups() -> None:
    """Make the four groups where they are missing; harmless to repeat (`post_migrate`, DESIGN §10)."""
    from django.contrib.auth.models import Group

    for role in Role:
        Group.objects.get_or_create(name=role.value)
