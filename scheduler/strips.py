"""The strip of a job's last due times, by verdict, and what can be said of them together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from halo_site import quantities
from scheduler.models import Slot
from scheduler.statuses import Outcome, SkipReason, Verdict

LENGTH = 24
STARTED = (Verdict.RAN, Verdict.LATE)
# For every job its newest due times by the index (job_id, due_at_ms): one statement for all of them.
_NEWEST_OF_EACH = """
    SELECT s.* FROM scheduler_jobs j JOIN scheduler_run_log s ON s.id IN (
        SELECT l.id FROM scheduler_run_log l WHERE l.job_id = j.id ORDER BY l.due_at_ms DESC LIMIT %s)
    WHERE j.id IN ({places}) ORDER BY s.due_at_ms, s.id
"""


@dataclass(frozen=True)
class Bar:
    """One due time in a strip."""

    tone: str
    title: str
    href: str = ""


def newest_slots(job_ids: Sequence[str], count: int = LENGTH) -> dict[str, list[Slot]]:
    """Job id → its newest rows of the ledger, oldest first, in one query."""
    found: dict[str, list[Slot]] = {job_id: [] for job_id in job_ids}
    if job_ids:
        query = _NEWEST_OF_EACH.format(places=", ".join(["%s"] * len(job_ids)))
        for slot in Slot.objects.raw(query, [count, *job_ids]):
            found[slot.job_id].append(slot)
    return found


def bars_of(slots: Iterable[Slot]) -> list[Bar]:
    """Bars for due times given oldest first."""
    words = _Words()
    return [Bar(tone_of(slot), words.title(slot)) for slot in slots]


def tone_of(slot: Slot) -> str:
    """A verdict's tone; a due time whose run failed is no good one, however punctual it was."""
    if slot.outcome == Outcome.ERROR:
        return "bad"
    tones = {
        "ran": "ok",
        "late": "wait",
        "merged": "quiet",
        "skipped": "skip",
        "missed": "wait",
        "error": "bad",
    }
    return tones.get(slot.verdict, "quiet")


def summary(slots: Sequence[Slot]) -> str:
    """A strip in words: "last 24 due times: 20 ran, 2 ran late, 2 skipped; 1 of the runs failed"."""
    if not slots:
        return _("no due time yet")
    counts = Counter(slot.verdict for slot in slots)
    parts = ", ".join(
        f"{counts[verdict]} {str(verdict.label).lower()}" for verdict in Verdict if counts[verdict]
    )
    line = ngettext("last due time: %(parts)s", "last %(count)d due times: %(parts)s", len(slots))
    words = line % {"count": len(slots), "parts": parts}
    failed = sum(1 for slot in slots if slot.verdict in STARTED and slot.outcome == Outcome.ERROR)
    if not failed:
        return words
    more = ngettext("%(count)d of the runs failed", "%(count)d of the runs failed", failed)
    return f"{words}; {more % {'count': failed}}"


@dataclass(frozen=True)
class Figures:
    """How punctual some due times were and how long their runs took; None is unknown."""

    started: int
    average_late: timedelta | None
    worst_late: timedelta | None
    average_ms: int | None

    @property
    def lateness(self) -> str:
        """From the due time to the start of the run, in words."""
        if self.average_late is None or self.worst_late is None:
            return quantities.unknown()
        facts = {
            "average": quantities.duration(_milliseconds(self.average_late)),
            "worst": quantities.duration(_milliseconds(self.worst_late)),
        }
        return _("%(average)s on average, %(worst)s at worst") % facts

    @property
    def took(self) -> str:
        return quantities.duration(self.average_ms)


def figures_of(slots: Iterable[Slot]) -> Figures:
    """Of the due times among these whose run is over: the start of the others is not in the ledger yet."""
    ran = [slot for slot in slots if slot.verdict in STARTED]
    late = [max(slot.started_at - slot.due_at, timedelta()) for slot in ran if slot.started_at]
    took = [slot.duration_ms for slot in ran if slot.duration_ms is not None]
    return Figures(
        started=len(ran),
        average_late=sum(late, timedelta()) / len(late) if late else None,
        worst_late=max(late, default=None),
        average_ms=sum(took) // len(took) if took else None,
    )


class _Words:
    """What bars say on hover. A page draws hundreds: each word is looked up once for all bars of a strip."""

    def __init__(self) -> None:
        self.verdicts = {value: str(label) for value, label in Verdict.choices}
        self.reasons = {value: str(label) for value, label in SkipReason.choices}
        self.outcomes = {value: str(label).lower() for value, label in Outcome.choices}
        self.months = {month: str(name).title() for month, name in MONTHS_3.items()}
        self.zone = timezone.get_current_timezone()

    def title(self, slot: Slot) -> str:
        """When it was due and what became of it."""
        words = self.verdicts.get(slot.verdict, slot.verdict)
        if slot.verdict == Verdict.SKIPPED and slot.reason:
            words = f"{words}: {self.reasons.get(slot.reason, slot.reason)}"
        elif slot.outcome and slot.verdict in STARTED:
            words = f"{words}, {self.outcomes.get(slot.outcome, slot.outcome)}"
        if slot.merged_count > 1:
            words = _("%(words)s (%(count)s due times)") % {"words": words, "count": f"{slot.merged_count:,}"}
        return f"{self.moment(slot.due_at)}: {words}"

    def moment(self, moment: datetime) -> str:
        """In the server's zone, with seconds where there are any."""
        local = moment.astimezone(self.zone)
        time = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
        return f"{local.day} {self.months[local.month]} {local.year}, {time}"


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
