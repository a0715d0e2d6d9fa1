"""What stands around every page: the navigation, and whether the machinery lives (LOOK)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_runtime.models import Entry, Run
from halo_site.datadir.config import ConfigState, config_state
from halo_site.models import Heartbeat
from halo_site.quantities import capped, relative
from halo_site.roles import Role, Standing, standing_of

STILL_AFTER = timedelta(seconds=10)
COUNT_CAP = 100
AT_HAND = 5  # that the bar of a phone has room for; a menu beside them has the others


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation."""

    label: str
    url: str
    icon: str
    current: bool
    is_counted: bool = False  # whether it shows how many questions wait
    is_at_hand: bool = True


@dataclass(frozen=True)
class Health:
    """One line of the machinery: tone ok, bad or quiet, and words."""

    tone: str
    text: str


@dataclass(frozen=True)
class Machinery:
    """Whether clock and workers live, out of their heartbeats."""

    now: datetime

    @cached_property
    def clock(self) -> Health:
        beat = Heartbeat.objects.kind("clock").order_by("-beat_at").first()
        if beat is None:
            return Health("bad", _("The clock is not running"))
        age = self.now - beat.beat_at
        words = relative(beat.beat_at, self.now)
        if age > STILL_AFTER:
            return Health("bad", _("The clock stands still, last tick %(age)s") % {"age": words})
        return Health("ok", _("Clock ticked %(age)s") % {"age": words})

    @cached_property
    def workers(self) -> Health:
        alive = Heartbeat.objects.kind("worker").younger_than(STILL_AFTER, self.now)
        names = set(alive.values_list("name", flat=True)[:COUNT_CAP])
        running = set(Run.objects.running().values_list("worker", flat=True)[:COUNT_CAP])
        # A worker in the middle of a long turn beats through its run's lease, not through its own loop.
        leased = Run.objects.running().filter(lease_until__gte=self.now)
        names |= set(leased.values_list("worker", flat=True)[:COUNT_CAP])
        if not names:
            return Health("bad", _("No worker is running"))
        busy = len(names & running)
        words = ngettext(
            "%(busy)d of %(total)d worker busy", "%(busy)d of %(total)d workers busy", len(names)
        )
        return Health("ok", words % {"busy": busy, "total": len(names)})


@dataclass(frozen=True)
class Shell(Machinery):
    """The frame of one page. Lazy: a fragment that shows none of it asks nothing of the database."""

    path: str
    user: Any

    @cached_property
    def standing(self) -> Standing:
        return standing_of(self.user)

    @cached_property
    def needs(self) -> int:
        """Open questions of installed apps that they see, counted up to `COUNT_CAP`."""
        return open_questions(self.user)

    @property
    def needs_words(self) -> str:
        """That count as it is shown; empty where nothing waits."""
        return capped(self.needs, COUNT_CAP) if self.needs else ""

    @cached_property
    def settings(self) -> ConfigState:
        """What could be made of config.json, for the banner that names what is wrong with it.

        Members of single spaces are not told what stands in it.
        """
        state = config_state()
        if self.standing.sees_everything:
            return state
        return ConfigState(state.config)

    @cached_property
    def nav(self) -> list[NavItem]:
        """What they may look at; somebody without any role has only the overview, which says so."""
        items = (
            (_("Overview"), reverse("app_runtime:overview"), "home", False),
            (_("Questions"), reverse("app_runtime:inbox"), "question", True),
            (_("Apps"), reverse("app_runtime:app_list"), "apps", False),
            (_("Runs"), reverse("app_runtime:run_list"), "play", False),
            (_("Memory"), reverse("memory:place_list"), "memory", False),
            (_("Schedule"), reverse("scheduler:schedule_list"), "clock", False),
            (_("Spaces"), reverse("app_manager:space_list"), "space", False),
            (_("Usage"), reverse("app_runtime:usage_detail"), "usage", False),
            (_("Settings"), reverse("app_runtime:settings_index"), "gear", False),
        )
        hidden = () if self.standing.may(Role.MANAGER) else ("gear",)
        seen = [item for item in (items if self.is_somebody else items[:1]) if item[2] not in hidden]
        return [
            NavItem(label, url, icon, self._is_current(url), is_counted, place < AT_HAND)
            for place, (label, url, icon, is_counted) in enumerate(seen)
        ]

    @property
    def more(self) -> list[NavItem]:
        """What a phone shows in a menu."""
        return [item for item in self.nav if not item.is_at_hand]

    @property
    def is_in_more(self) -> bool:
        """Whether the page is one of those in the menu."""
        return any(item.current for item in self.more)

    @property
    def is_somebody(self) -> bool:
        """Whether they have any role at all."""
        return self.standing.may_somewhere(Role.VIEWER)

    def _is_current(self, url: str) -> bool:
        return self.path == url if url == "/" else self.path.startswith(url)


def open_questions(user: Any) -> int:
    """How many questions wait, over all installed apps that this person sees, counted up to `COUNT_CAP`."""
    return Entry.objects.visible_to(user).open().exclude(app__status="uninstalled")[:COUNT_CAP].count()


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the frame, for people who are signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"shell": Shell(timezone.now(), request.path, user)}
