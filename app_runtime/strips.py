"""The strip of last runs, our signature: one bar a run, by what came of it (LOOK)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.urls import reverse
from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _

from app_runtime.models import Run
from app_runtime.statuses import TONES, UNKNOWN_TONE, Outcome, Status

LENGTH = 14
# What a bar and a card's chip ask of a run; whoever asks more costs a query each.
SHOWN = ("run_id", "app_id", "status", "outcome", "engine", "started_at")
HERE = "HERE"  # stands for an id in an address
# For every app, its newest runs by the index (app_id, started_at): one statement, however many apps and runs.
NEWEST_OF_EACH = """
    SELECT {columns} FROM installed_apps a JOIN automation_runs r ON r.run_id IN (
        SELECT s.run_id FROM automation_runs s WHERE s.app_id = a.id
        ORDER BY s.started_at DESC, s.run_id DESC LIMIT %s)
    WHERE a.id IN ({places}) ORDER BY r.started_at, r.run_id
"""


@dataclass(frozen=True)
class Bar:
    """One run in a strip: tone ok, bad, wait, skip, run or quiet."""

    tone: str
    title: str
    href: str


class BarMaker:
    """Makes bars of runs. A page draws hundreds: words and address are looked up once for all of them."""

    def __init__(self) -> None:
        self.states = {value: str(label) for value, label in Status.choices}
        self.months = {month: str(name).title() for month, name in MONTHS_3.items()}
        self.rehearsal = _("rehearsal")
        self.zone = timezone.get_current_timezone()
        self.before, self.after = reverse("app_runtime:run_detail", args=[HERE]).split(HERE)

    def bars(self, runs: Iterable[Run]) -> list[Bar]:
        """Bars for runs given oldest first."""
        return [Bar(tone_of(run), self.title(run), self.address(run)) for run in runs]

    def title(self, run: Run) -> str:
        """When it started and what its status is; one of a later version is shown as it is."""
        started = self.day_and_minute(run.started_at.astimezone(self.zone))
        state = self.states.get(run.status, run.status)
        return f"{started}: {state}, {self.rehearsal}" if run.is_rehearsal else f"{started}: {state}"

    def day_and_minute(self, moment: datetime) -> str:
        """What Django's ``j M Y, H:i`` says; that reads its format anew for each of hundreds of bars."""
        month = self.months[moment.month]
        return f"{moment.day} {month} {moment.year}, {moment.hour:02}:{moment.minute:02}"

    def address(self, run: Run) -> str:
        return f"{self.before}{quote(run.pk, safe='')}{self.after}"


def bars_of(runs: Iterable[Run]) -> list[Bar]:
    """Bars for the runs of one strip, given oldest first."""
    return BarMaker().bars(runs)


def tone_of(run: Run) -> str:
    """The tone of a run's bar: low where there was nothing to do, grey for a rehearsal (DESIGN §5.5)."""
    if run.is_rehearsal and run.status == Status.OK:
        return "quiet"
    if run.status == Status.OK and run.outcome == Outcome.NOOP:
        return "skip"
    return TONES.get(run.status, UNKNOWN_TONE)[0]


def newest_runs(app_ids: list[str], count: int = LENGTH) -> dict[str, list[Run]]:
    """App id → its newest runs, oldest first, in one query for all; only what is `SHOWN` is loaded."""
    found: dict[str, list[Run]] = {app_id: [] for app_id in app_ids}
    if app_ids:
        places = ", ".join(["%s"] * len(app_ids))
        columns = ", ".join(f"r.{column}" for column in SHOWN)
        query = NEWEST_OF_EACH.format(columns=columns, places=places)
        for run in Run.objects.raw(query, [count, *app_ids]):
            found[run.app_id].append(run)
    return found
