"""“Why did it not run at …?”, answered in one sentence from the ledger. Pure: time is passed in.

The ledger has one row for each due time of a job that was on (BEHAVIOUR, Schedules), so a time without a row
was none, or something else than the clock had its hand in: then the answer says that nobody knows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from halo_site.quantities import relative
from scheduler.due_near import first_due
from scheduler.models import KEPT_SLOTS, Slot
from scheduler.moments import Teller
from scheduler.why_row import of_row


class Kind(StrEnum):
    """What sort of answer it is."""

    RAN = "ran"
    LATE = "late"
    MERGED = "merged"
    SKIPPED = "skipped"
    MISSED = "missed"
    FAILED = "failed"
    TO_COME = "to_come"
    OFF = "off"
    BEFORE = "before"
    FORGOTTEN = "forgotten"
    CLOCK_DOWN = "clock_down"
    WAITING = "waiting"
    NOT_DUE = "not_due"
    NO_SUCH_TIME = "no_such_time"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """One sentence; ``slot`` is the row of the ledger that it tells of, ``nearest`` other due times."""

    kind: Kind
    sentence: str
    slot: Slot | None = None
    has_nearest: bool = False


@dataclass(frozen=True)
class Off:
    """A time in which the job was off; ``until`` is None while it lasts. ``words`` say why, if known."""

    since: datetime
    until: datetime | None
    words: str = ""


@dataclass(frozen=True)
class Known:
    """What is known of a job and of the times from ``asked`` to before ``until``."""

    asked: datetime
    until: datetime
    now: datetime
    teller: Teller
    schedule: Mapping[str, Any]
    anchor: datetime
    created: datetime
    enabled: bool = True
    off_words: str = ""
    next_run: datetime | None = None
    errors: int = 0
    held_words: str = ""
    rows: Sequence[Slot] = ()  # due in the time asked for, oldest first
    before: Slot | None = None  # the newest row due before it
    after: Slot | None = None  # the oldest row due after it
    into: Slot | None = None  # the row of the run that the first of `rows`, or `before`, was merged into
    oldest: datetime | None = None  # the due time of the ledger's oldest row
    is_full: bool = False  # the ledger has let rows go
    offs: Sequence[Off] = ()
    ticked: datetime | None = None  # when a clock last said that it lives
    is_down: bool = False  # none has lately
    problem: str = ""  # why its due times cannot be told
    missing: str = ""  # the time asked for as it was written, where the clocks of the zone jump over it
    instead: str = ""  # what the rule does about that, in a sentence

    @property
    def due(self) -> datetime | None:
        """The first due time in the time asked for, by the rule as it is now."""
        return None if self.problem else first_due(self.schedule, self.anchor, self.asked, self.until)

    def at(self, moment: datetime) -> str:
        return self.teller.words(moment)


def explain(known: Known) -> Answer:
    """The answer."""
    if known.rows:
        return _of_rows(known)
    if known.missing:
        words = _("%(time)s does not exist in that zone: the clocks go forward over it.")
        sentence = " ".join(filter(None, (words % {"time": known.missing}, known.instead)))
        return Answer(Kind.NO_SUCH_TIME, sentence, has_nearest=True)
    if known.before is not None and known.before.merged_count > 1 and known.due is not None:
        return _of_sum(known, known.before)
    steps = _FUTURE if known.asked > known.now else _PAST
    return next(answer for step in steps if (answer := step(known)) is not None)


def _of_rows(known: Known) -> Answer:
    """What the ledger says of the first row, and how many more there are in that minute."""
    first = known.rows[0]
    kind, sentence = of_row(first, known.into, known.teller)
    if len(known.rows) > 1:
        words = _("There were %(count)d due times in that minute; this is the first.")
        sentence = f"{sentence} {words % {'count': len(known.rows)}}"
    # a merged due time has no work of its own: what can be looked at is the run that stood in for it
    shown = known.into if kind == Kind.MERGED and known.into is not None else first
    return Answer(Kind(kind), sentence, shown)


def _of_sum(known: Known, row: Slot) -> Answer:
    words = _(
        "It is one of %(count)s due times from %(time)s on that one row of the ledger sums up after a long "
        "stop: %(verdict)s."
    )
    facts = {
        "count": f"{row.merged_count:,}",
        "time": known.at(row.due_at),
        "verdict": str(row.get_verdict_display()).lower(),
    }
    return Answer(Kind.MERGED, words % facts, known.into or row)


def _off_then(known: Known) -> Answer | None:
    for off in known.offs:
        if off.since <= known.asked and (off.until is None or known.asked < off.until):
            why = f": {off.words.rstrip('.')}" if off.words else ""
            facts = {"since": known.at(off.since), "why": why}
            if off.until is None:
                return Answer(Kind.OFF, _("It has been off since %(since)s%(why)s.") % facts)
            facts["until"] = known.at(off.until)
            return Answer(Kind.OFF, _("It was off from %(since)s to %(until)s%(why)s.") % facts)
    return None


def _off_now(known: Known) -> Answer | None:
    """For a time to come."""
    if known.enabled:
        return None
    why = f" ({known.off_words.rstrip('.')})" if known.off_words else ""
    return Answer(Kind.OFF, _("The job is off%(why)s, so nothing is planned for then.") % {"why": why})


def _to_come(known: Known) -> Answer | None:
    due = known.due
    if due is None:
        return None
    if known.next_run is not None and due < known.next_run:
        words = _("It is not planned then: its next time is later, %(time)s.")
        later = Answer(Kind.NOT_DUE, words % {"time": known.at(known.next_run)})
        return _backing_off(known) or later
    words = _("It is still to come: it is due %(time)s, %(when)s.")
    sentence = words % {"time": known.at(due), "when": relative(due, known.now)}
    if known.held_words:
        sentence = f"{sentence} {known.held_words}"
    if known.is_down:
        sentence = f"{sentence} {_down_words(known)}"
    return Answer(Kind.TO_COME, sentence)


def _before(known: Known) -> Answer | None:
    if known.until > known.created:
        return None
    words = _("The job did not exist then: it was made on %(time)s.")
    return Answer(Kind.BEFORE, words % {"time": known.at(known.created)})


def _forgotten(known: Known) -> Answer | None:
    if known.oldest is None or not known.is_full or known.asked >= known.oldest:
        return None
    words = _(
        "Nobody knows any more: the ledger keeps the newest %(count)s due times of a job, and its oldest row "
        "here is that of %(time)s."
    )
    return Answer(Kind.FORGOTTEN, words % {"count": f"{KEPT_SLOTS:,}", "time": known.at(known.oldest)})


def _unreadable(known: Known) -> Answer | None:
    if not known.problem:
        return None
    words = _("Nobody knows: the ledger has no row of it, and its rule cannot be used. %(problem)s")
    return Answer(Kind.UNKNOWN, words % {"problem": known.problem})


def _not_taken_up(known: Known) -> Answer | None:
    """A due time that has passed while the job waits for a clock."""
    due = known.due
    if due is None or known.next_run is None or not known.next_run <= due <= known.now:
        return None
    if known.is_down:
        words = _(
            "It was due, and nobody took it up. %(down)s It will be in the ledger when a clock runs again."
        )
        return Answer(Kind.CLOCK_DOWN, words % {"down": _down_words(known)})
    words = _("It is due and waits for the clock, which has not taken it up yet: it is %(late)s late.")
    return Answer(Kind.WAITING, words % {"late": known.teller.span(known.now - due)})


def _backing_off(known: Known) -> Answer | None:
    due = known.due
    if due is None or known.next_run is None or not known.errors:
        return None
    if not known.anchor <= due < known.next_run or known.after is not None:
        return None
    words = _(
        "It waits after %(count)d errors in a row, until %(time)s; "
        "then this due time is merged into that run."
    )
    facts = {"count": known.errors, "time": known.at(known.next_run)}
    return Answer(Kind.WAITING, words % facts)


def _not_due(known: Known) -> Answer | None:
    """Nothing by the rule of now; or an older rule, of which the ledger has every due time."""
    if known.due is not None and known.asked >= known.anchor:
        return None
    if known.asked >= known.anchor:
        tense = (
            _("There is no due time then.") if known.asked > known.now else _("There was no due time then.")
        )
        return Answer(Kind.NOT_DUE, tense, has_nearest=True)
    words = _("There was no due time then, by the rule that it had before %(time)s.")
    return Answer(Kind.NOT_DUE, words % {"time": known.at(known.anchor)}, has_nearest=True)


def _unknown(known: Known) -> Answer:
    words = _("Nobody knows: by its rule it was due then, and the ledger has no row of it.")
    if not known.enabled:
        words = f"{words} {_('It is off now, and may have been then.')}"
    return Answer(Kind.UNKNOWN, words, has_nearest=True)


def _down_words(known: Known) -> str:
    if known.ticked is None:
        return _("No clock is running, and nobody knows since when.")
    facts = {"time": known.at(known.ticked), "ago": relative(known.ticked, known.now)}
    return _("No clock has been running since %(time)s (%(ago)s).") % facts


_PAST: tuple[Callable[[Known], Answer | None], ...] = (
    *(_before, _forgotten, _off_then, _unreadable, _not_taken_up, _backing_off, _not_due, _unknown),
)
_FUTURE: tuple[Callable[[Known], Answer | None], ...] = (_off_now, _unreadable, _to_come, _not_due, _unknown)
