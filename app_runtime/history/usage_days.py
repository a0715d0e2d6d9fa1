"""What synthetic runs used, by day, app and model: the sums that the meter would have left of them."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from app_manager.models import App
from app_runtime.history import bulk
from app_runtime.history.happenings import RUN_COLUMNS, Row
from app_runtime.history.transcripts import turns_of
from app_runtime.metering import PICO_PER_MICRO
from app_runtime.models import UsageDay

KEY = ("day", "app_id", "model", "app_name")
SUMS = (
    *("runs", "turns", "turns_unknown", "turns_unpriced"),
    *("tokens_in", "tokens_out", "tokens_cached", "cost_picousd"),
)


class UsageDays:
    """Sums of runs as they come: some hundred bytes for each day, app and model. A run belongs to one day."""

    def __init__(self, apps: Iterable[App]) -> None:
        self.names = {app.pk: app.name for app in apps}
        self.zone = timezone.get_current_timezone()
        self.sums: dict[tuple[date, str, str], list[int]] = {}

    def add(self, row: Row) -> None:
        """Count a run, given as a row of `RUN_COLUMNS`; one that asked no model is none."""
        run: dict[str, Any] = dict(zip(RUN_COLUMNS, row, strict=True))
        if not run["model"] or run["tokens_used"] is None:
            return
        day = datetime.fromtimestamp(run["started_at"] / 1000, self.zone).date()
        turns, cost = turns_of(run["run_id"]), run["cost_microusd"]
        tokens = (run["tokens_in"], run["tokens_out"], run["tokens_cached"])
        values = (1, turns, 0, turns if cost is None else 0, *tokens, (cost or 0) * PICO_PER_MICRO)
        before = self.sums.setdefault((day, run["app_id"], run["model"]), [0] * len(SUMS))
        before[:] = [one + more for one, more in zip(before, values, strict=True)]

    def forget_others(self) -> None:
        """Delete sums of earlier apps of these ids: equal seeds make equal ids, and sums outlive apps."""
        UsageDay.objects.filter(app_id__in=list(self.names)).delete()

    def table(self) -> bulk.Table:
        """All of it, waiting to be written, the oldest first as real ones would be."""
        table = bulk.Table("usage_days", (*KEY, *SUMS))
        table.rows = [
            (day, app_id, model, self.names[app_id], *sums)
            for (day, app_id, model), sums in sorted(self.sums.items())
        ]
        return table
