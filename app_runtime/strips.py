"""The strip of last runs, our signature: one bar a run, by what came of it (LOOK)."""

from collections.abc import Iterable, Mapping
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
HERE = "HERE"  # stands for an id in an address
# For every app, its newest runs by the index (app_id, started_at): one statement, however many apps and runs.
NEWEST_OF_EACH = """
    SELECT r.* FROM installed_apps a JOIN automation_runs r ON r.run_id IN (
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


def bars_of(runs: Iterable[Run]) -> list[Bar]:
    """Bars for runs given oldest first. Pages draw hundreds: words and address are looked up once for all."""
    words = {value: str(label) for value, label in Status.choices}
    before, after = reverse("app_runtime:run_detail", args=[HERE]).split(HERE)
    return [
        Bar(tone_of(run), title_of(run, words), f"{before}{quote(run.pk, safe='')}{after}") for run in runs
    ]


def tone_of(run: Run) -> str:
    """The tone of a run's bar: low where there was nothing to do, grey for a rehearsal (DESIGN §5.5)."""
    if run.is_rehearsal and run.status == Status.OK:
        return "quiet"
    if run.status == Status.OK and run.outcome == Outcome.NOOP:
        return "skip"
    return TONES.get(run.status, UNKNOWN_TONE)[0]


def title_of(run: Run, words: Mapping[str, str]) -> str:
    """When it started and what its status is in ``words``; one of a later version is shown as it is."""
    started = day_and_minute(timezone.localtime(run.started_at))
    state = words.get(run.status, run.status)
    return f"{started}: {state}, {_('rehearsal')}" if run.is_rehearsal else f"{started}: {state}"


def day_and_minute(moment: datetime) -> str:
    """What Django's ``j M Y, H:i`` says; that reads its format anew for each of hundreds of bars."""
    return f"{moment.day} {str(MONTHS_3[moment.month]).title()} {moment.year}, {moment:%H:%M}"


def newest_runs(app_ids: list[str], count: int = LENGTH) -> dict[str, list[Run]]:
    """App id → its newest runs, oldest first, in one query for all of them."""
    found: dict[str, list[Run]] = {app_id: [] for app_id in app_ids}
    if app_ids:
        places = ", ".join(["%s"] * len(app_ids))
        for run in Run.objects.raw(NEWEST_OF_EACH.format(places=places), [count, *app_ids]):
            found[run.app_id].append(run)
    return found
