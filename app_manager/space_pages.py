"""What the pages of spaces show."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from app_manager.models import App, AppQuerySet
from app_manager.space_icons import shape
from halo_site.datadir import space_index
from halo_site.datadir.space_index import Recovery
from halo_site.datadir.spaces import Space, all_spaces
from halo_site.roles import Role, Standing

REASONS = {
    "missing": _("was missing"),
    "older": _("was of an older version"),
    "unreadable": _("could not be read"),
}


@dataclass(frozen=True)
class SpaceRow:
    """A space with the number of apps that are in it, and the orders that would move it by one place."""

    space: Space
    apps: int
    higher: str
    lower: str

    @property
    def shape(self) -> str:
        return shape(self.space.icon)


@dataclass(frozen=True)
class SpacesPage:
    """The spaces that somebody sees; whoever sees all also sees what became of the index."""

    standing: Standing

    @cached_property
    def counts(self) -> Counter[str | None]:
        counted = App.objects.installed().values_list("space_id").annotate(Count("pk")).order_by()
        return Counter(dict(counted))

    @cached_property
    def rows(self) -> list[SpaceRow]:
        spaces = [space for space in all_spaces() if self.standing.may(Role.VIEWER, space.id)]
        ids = [space.id for space in spaces]
        return [
            SpaceRow(space, self.counts[space.id], moved(ids, place, -1), moved(ids, place, 1))
            for place, space in enumerate(spaces)
        ]

    @property
    def homeless(self) -> int:
        """Installed apps that belong to no space of the index."""
        if not self.standing.sees_everything:
            return 0
        return sum(self.counts.values()) - sum(row.apps for row in self.rows)

    @property
    def missing(self) -> int:
        return sum(row.space.is_missing for row in self.rows)

    @cached_property
    def problem(self) -> str:
        """What is wrong with the index as it lies there."""
        return space_index.problem() if self.standing.sees_everything else ""

    @cached_property
    def ignored(self) -> list[str]:
        """Keys of entries that cannot be used."""
        return space_index.ignored() if self.standing.sees_everything else []

    @cached_property
    def recovery(self) -> Recovery | None:
        return space_index.recovery() if self.standing.sees_everything else None

    @property
    def why_recovered(self) -> str:
        return str(REASONS.get(self.recovery.reason, "")) if self.recovery else ""


@dataclass(frozen=True)
class SpacePage:
    """One space and what can be done with it; what a person gave as its folder, and why that is refused."""

    space: Space
    reader: Any
    folder: str = ""
    refusal: str = ""

    @cached_property
    def apps(self) -> list[App]:
        """Everything that is in it, uninstalled apps included: they keep it from being deleted."""
        return list(App.objects.filter(space_id=self.space.id).order_by("spec_id"))

    @cached_property
    def guests(self) -> list[App]:
        """Apps of other spaces whose files lie here."""
        return list(self._guests.visible_to(self.reader).order_by("spec_id"))

    @cached_property
    def is_in_use(self) -> bool:
        """Whether something keeps it from being deleted, seen or not."""
        return bool(self.apps) or self._guests.exists()

    @property
    def _guests(self) -> AppQuerySet:
        pinned = App.objects.filter(data_path__startswith=f"{self.space.path}/")
        return pinned.exclude(space_id=self.space.id)

    @property
    def shape(self) -> str:
        return shape(self.space.icon)


def moved(ids: list[str], place: int, by: int) -> str:
    """The whole order with the one at ``place`` moved; empty where it is at that end already."""
    target = place + by
    if not 0 <= target < len(ids):
        return ""
    order = [*ids]
    order[place], order[target] = order[target], order[place]
    return ",".join(order)
