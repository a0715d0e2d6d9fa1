"""What the pages of the settings show."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app_manager.limits import CAPS
from app_manager.models import App
from app_runtime.models import Price, Run
from app_runtime.settings.sources import apps_of, key_state, known_sources, runs_of
from halo_site.datadir.ai_sources import AiSources, ModelSource
from halo_site.datadir.config import ConfigState, RunSettings, config_state, site_config
from halo_site.datadir.json_file import set_aside_in
from halo_site.datadir.notification_targets import Notifications
from halo_site.datadir.paths import data_dir


@dataclass(frozen=True)
class SourceRow:
    """One source in the list. ``place``: 0 for the default, its place among the fallbacks, None for unused.

    ``higher``, ``lower``, ``without`` and ``with_it`` are the orders of fallbacks that its buttons send.
    """

    source: ModelSource
    key: str
    place: int | None
    higher: str
    lower: str
    without: str
    with_it: str


@dataclass(frozen=True)
class SourcesPage:
    """The sources, the default first, then the fallbacks in their order, then the others by name."""

    @cached_property
    def known(self) -> AiSources:
        return known_sources()

    @cached_property
    def fallbacks(self) -> list[str]:
        return [source.id for source in self.known.chain() if source.id != self.known.current_id]

    @property
    def lacks_default(self) -> bool:
        """Whether apps without a choice of their own have no model although there are sources."""
        return bool(self.known.sources) and self.known.get(self.known.current_id or "") is None

    @property
    def rows(self) -> list[SourceRow]:
        rows = [self._row(source) for source in self.known.sources]
        return sorted(rows, key=lambda row: (row.place is None, row.place or 0, row.source.name.lower()))

    def _row(self, source: ModelSource) -> SourceRow:
        order = self.fallbacks
        place = 0 if source.id == self.known.current_id else None
        higher = lower = without = with_it = ""
        if source.id in order:
            index = order.index(source.id)
            place = index + 1
            higher = _swapped(order, index, index - 1)
            lower = _swapped(order, index, index + 1)
            without = ",".join(key for key in order if key != source.id) or "-"
        elif place is None:
            with_it = ",".join([*order, source.id])
        return SourceRow(source, key_state(source), place, higher, lower, without, with_it)


@dataclass(frozen=True)
class SourceDeletion:
    """What uses a source, and so what becomes of it once the source is deleted."""

    source: ModelSource

    @cached_property
    def known(self) -> AiSources:
        return known_sources()

    @cached_property
    def apps(self) -> list[App]:
        return apps_of(self.source.id)

    @cached_property
    def runs(self) -> list[Run]:
        return runs_of(self.source.id)

    @property
    def is_default(self) -> bool:
        return self.known.current_id == self.source.id

    @property
    def is_fallback(self) -> bool:
        return not self.is_default and self.source.id in self.known.fallback_ids

    @property
    def is_last(self) -> bool:
        return len(self.known.sources) == 1 and not self.known.problems

    @property
    def next_default(self) -> ModelSource | None:
        """The first fallback, which takes the place of a default."""
        later = (key for key in self.known.fallback_ids if key != self.source.id)
        return self.known.get(next(later, ""))

    @property
    def needs_confirmation(self) -> bool:
        return bool(self.is_default or self.is_fallback or self.apps or self.runs)


@dataclass(frozen=True)
class SettingsPage:
    """What is set, in words."""

    @property
    def sources(self) -> AiSources:
        return known_sources()

    @property
    def default(self) -> ModelSource | None:
        return self.sources.get(self.sources.current_id or "")

    @property
    def state(self) -> ConfigState:
        return config_state()

    @property
    def set_aside(self) -> list[str]:
        """The names of files of the data directory that could not be read and were replaced."""
        return [path.name for path in set_aside_in(data_dir().root)]

    @property
    def runs(self) -> RunSettings:
        return site_config().runs

    @property
    def notifications(self) -> Notifications:
        return site_config().notifications

    @property
    def prices(self) -> int:
        return Price.objects.count()


def own_of(runs: RunSettings) -> dict[str, Any]:
    """The caps that somebody set, without the defaults."""
    return {
        cap: value for cap, value in runs.model_dump(mode="json", exclude_unset=True).items() if cap in CAPS
    }


def _swapped(order: list[str], one: int, other: int) -> str:
    if not 0 <= other < len(order):
        return ""
    changed = list(order)
    changed[one], changed[other] = changed[other], changed[one]
    return ",".join(changed)
