"""What the page shows before another spec is put in force."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from app_manager.jobs import own_schedules
from app_manager.models import App
from app_manager.permissions import PermissionRow
from app_manager.preview import Preview
from app_manager.spec import AppSpec, Problem
from app_manager.spec_updates import SpecUpdate
from app_manager.triggers import Trigger, next_times, schedule_words, triggers_of
from halo_site.diff import Diff, diff_of


@dataclass(frozen=True)
class TriggerChange:
    """What becomes of one subscription. ``before`` and ``after`` are words; empty where it is not there."""

    id: str
    before: str
    after: str
    next_times: tuple[datetime, ...] = ()
    note: str = ""
    is_own: bool = False

    @property
    def is_new(self) -> bool:
        return not self.before

    @property
    def is_gone(self) -> bool:
        return not self.after

    @property
    def is_same(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True)
class DroppedValue:
    """A value of the configuration that does not fit any more, by its key and what its field was called."""

    key: str
    label: str


@dataclass(frozen=True)
class DecisionRow:
    """A permission that the new spec asks for and nobody has decided."""

    row: PermissionRow
    is_new: bool
    is_ticked: bool


@dataclass(frozen=True)
class UpdatePage:
    """An app and a legal spec that may come in the place of the one in force."""

    app: App
    update: SpecUpdate
    base: str
    now: datetime
    ticked: frozenset[str] = frozenset()
    problem: str = ""
    number: int | None = None

    @classmethod
    def of(
        cls,
        app: App,
        text: str,
        spec: AppSpec,
        now: datetime,
        *,
        ticked: Iterable[str] = (),
        problem: str = "",
        number: int | None = None,
    ) -> "UpdatePage":
        """``number`` is that of the previous spec which is to be restored."""
        update = SpecUpdate.of(app, text, spec)
        return cls(app, update, app.spec_digest, now, frozenset(ticked), problem, number)

    @cached_property
    def diff(self) -> Diff:
        return diff_of(self.app.written_spec, self.update.text)

    @cached_property
    def preview(self) -> Preview:
        return Preview.of(self.update.after, self.now)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return self.preview.warnings

    @property
    def is_renamed(self) -> bool:
        return self.update.before.spec_id != self.update.after.spec_id

    @property
    def is_retyped(self) -> bool:
        return self.update.before.type != self.update.after.type

    @cached_property
    def triggers(self) -> list[TriggerChange]:
        """The subscriptions of the new spec in its order, then those that are gone."""
        old = {trigger.id: trigger for trigger in triggers_of(self.update.before, self.now)}
        new = {trigger.id: trigger for trigger in triggers_of(self.update.after, self.now)}
        gone = [key for key in old if key not in new]
        return [self._trigger_change(key, old.get(key), new.get(key)) for key in (*new, *gone)]

    @property
    def dropped_values(self) -> list[DroppedValue]:
        labels = {item.key: item.label for item in self.update.before.config_schema}
        return [DroppedValue(key, labels.get(key, key)) for key in self.update.dropped_values]

    @cached_property
    def undecided(self) -> list[DecisionRow]:
        """What a person has to decide; what the spec in force did not ask for comes first."""
        asked = self.app.access.asked
        rows = [
            DecisionRow(row, row.name not in asked, row.name in self.ticked) for row in self.update.undecided
        ]
        return sorted(rows, key=lambda decision: not decision.is_new)

    @property
    def new_permissions(self) -> int:
        return sum(decision.is_new for decision in self.undecided)

    @property
    def decided(self) -> list[PermissionRow]:
        """What somebody decided before; it stays so."""
        return [row for row in self.update.stored.rows if row.is_granted or row.is_denied]

    @property
    def denied(self) -> list[str]:
        """What is asked for anew and not ticked."""
        return [decision.row.name for decision in self.undecided if not decision.is_ticked]

    def _trigger_change(self, key: str, old: Trigger | None, new: Trigger | None) -> TriggerChange:
        update = self.update
        before, after = update.schedules_before.get(key), update.schedules_after.get(key)
        times = next_times(after, self.now) if after and after != before else ()
        return TriggerChange(
            id=key,
            before=schedule_words(before) if before else (old.words if old else ""),
            after=schedule_words(after) if after else (new.words if new else ""),
            next_times=times,
            note=new.note if new else "",
            is_own=key in own_schedules(update.kept_overrides),
        )
