"""What one row of the ledger says of its due time, in a sentence. Pure."""

from datetime import timedelta

from django.utils.translation import gettext as _

from scheduler.models import Slot
from scheduler.moments import Teller
from scheduler.statuses import Outcome, Verdict


def of_row(slot: Slot, into: Slot | None, teller: Teller) -> tuple[str, str]:
    """The kind of answer, and the sentence; ``into`` is the row of the run that a merged one went into."""
    match slot.verdict:
        case Verdict.RAN:
            return "ran", _ran(slot, teller)
        case Verdict.LATE:
            return "late", _late(slot, teller)
        case Verdict.MERGED:
            return "merged", _merged(into, teller)
        case Verdict.SKIPPED:
            return "skipped", _skipped(slot)
        case Verdict.MISSED:
            return "missed", _missed(slot)
        case Verdict.ERROR:
            return "failed", _("It failed to start: %(error)s") % {
                "error": slot.error or _("nobody knows why.")
            }
    return "unknown", _("The ledger has a word for it that is not known here: %(word)s.") % {
        "word": slot.verdict
    }


def _ran(slot: Slot, teller: Teller) -> str:
    if slot.started_at is None:
        return _("It did run: its run was queued on time. The ledger does not have its end yet.")
    lateness = max(slot.started_at - slot.due_at, timedelta())
    return _("It did run: it started %(late)s after its time%(end)s.") % {
        "late": teller.span(lateness),
        "end": _end(slot),
    }


def _late(slot: Slot, teller: Teller) -> str:
    if slot.started_at is None:
        return _("It ran late: more than a minute after its time. The ledger does not have its end yet.")
    lateness = max(slot.started_at - slot.due_at, timedelta())
    return _("It ran late: %(late)s after its time%(end)s.") % {
        "late": teller.span(lateness),
        "end": _end(slot),
    }


def _end(slot: Slot) -> str:
    if slot.outcome == Outcome.ERROR:
        return _(", and failed")
    return _(", and had nothing to do") if slot.outcome == Outcome.NOOP else ""


def _merged(into: Slot | None, teller: Teller) -> str:
    if into is None:
        return _("It had no run of its own: it was merged into a later one, which the ledger does not show.")
    facts = {"time": teller.words(into.due_at)}
    if into.verdict == Verdict.ERROR:
        return (
            _("It had no run of its own: it was merged into the run of %(time)s, which failed to start.")
            % facts
        )
    return (
        _("It had no run of its own: several were missed, and one run of %(time)s stands for all of them.")
        % facts
    )


def _missed(slot: Slot) -> str:
    words = slot.words.rstrip(".")
    if words:
        return _("It was missed: %(words)s.") % {"words": words[:1].lower() + words[1:]}
    return _("It was missed: no clock was running at that time, and this job skips what it missed.")


def _skipped(slot: Slot) -> str:
    reason = str(slot.get_reason_display()) if slot.reason else _("nobody knows what")
    words = slot.words.rstrip(".")
    if words and words != reason:
        return _("It was skipped because %(reason)s: %(words)s.") % {"reason": reason, "words": words}
    return _("It was skipped because %(reason)s.") % {"reason": reason}
