"""The runs of one synthetic app, in the order of time, each with its entries and its slot. No database.

Rows are tuples in the order of the columns named here; times are epoch milliseconds. Millions of them are
made, so there are no objects in between.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from app_manager.states import Status as AppStatus
from app_runtime.history import phrases
from app_runtime.history.outline import Outline
from app_runtime.models import REHEARSAL
from app_runtime.settlement import ERRORS_THAT_STOP
from app_runtime.statuses import Delivery, EntryType, Outcome, Status, Trigger
from scheduler.models import KEPT_SLOTS
from scheduler.statuses import SkipReason, Verdict

RUN_COLUMNS = (
    *("run_id", "app_id", "session_key", "status", "trigger_type", "trigger_data_json", "started_at"),
    *("finished_at", "duration_ms", "tokens_used", "error_message", "session_id", "queued_at", "outcome"),
    *("delivery", "engine", "model", "parent_run_id", "cost_microusd"),
    *("tokens_in", "tokens_out", "tokens_cached"),
)
ENTRY_COLUMNS = (
    *("id", "app_id", "run_id", "type", "ts", "session_key", "content_json", "user_response_json"),
    "closed_at",
)
SLOT_COLUMNS = (
    *("job_id", "started_at", "finished_at", "duration_ms", "outcome", "error", "metadata_json"),
    *("due_at_ms", "verdict", "reason", "merged_count"),
)
SUBSCRIPTION = "often"
SCHEDULED = 0.85  # of a scheduled app's runs; the others are started by hand
NEWS_SHARE = 0.7  # of the entries before a run's last one
LATE_MS = 61_000
LATE_SHARE = 0.01
REHEARSAL_SHARE = 0.05
FAILED_DELIVERY = 0.02
LONGEST_MS = 25 * 60_000

Row = tuple[Any, ...]
# (start, run id, run, entries, slot): the first two order the runs of all apps
Happening = tuple[int, str, Row, list[Row], Row | None]


@dataclass(frozen=True)
class Ending:
    """How a run ends, and with what kind of entry."""

    status: Status
    outcome: Outcome
    last_entry: EntryType


USEFUL = Ending(Status.OK, Outcome.USEFUL, EntryType.RUN_COMPLETE)
NOOP = Ending(Status.OK, Outcome.NOOP, EntryType.RUN_SKIPPED)
FAILED = Ending(Status.ERROR, Outcome.ERROR, EntryType.RUN_ERROR)
SKIPPED = Ending(Status.SKIPPED, Outcome.SKIPPED, EntryType.RUN_SKIPPED)
CANCELLED = Ending(Status.CANCELLED, Outcome.SKIPPED, EntryType.MILESTONE)
ANSWERED = Ending(Status.OK, Outcome.USEFUL, EntryType.ESCALATION)
ASKING = Ending(Status.WAITING_USER, Outcome.USEFUL, EntryType.ESCALATION)
ENDINGS = (USEFUL, NOOP, FAILED, SKIPPED, CANCELLED, ANSWERED)
CUMULATED = (0.52, 0.79, 0.88, 0.92, 0.95, 1.0)
NOT_WORKED_ON = (SKIPPED, CANCELLED)

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def uuid_of(random: Random) -> str:
    """A hyphenated UUID v4 of this generator."""
    text = f"{random.getrandbits(128):032x}"
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def _parts(tokens: int | None) -> tuple[int | None, int | None, int | None]:
    """Of the tokens of a run: those that came in, that went out, and of the first those from a cache."""
    if tokens is None:
        return None, None, None
    outgoing = tokens // 8
    return tokens - outgoing, outgoing, (tokens - outgoing) // 3


class AppHistory:
    """The past of one app, made up run by run. Iterate it once."""

    def __init__(self, outline: Outline, app_id: str, random: Random) -> None:
        self.outline, self.app_id, self.random = outline, app_id, random
        self.job_id = f"{app_id}:{SUBSCRIPTION}"
        self.model = random.choice(phrases.MODELS)
        self.last: Row | None = None  # the newest run so far
        self.open_question = ""  # the id of the entry that nobody answered
        self.asked_by: str | None = None  # the run whose answer the next one follows

    def __iter__(self) -> Iterator[Happening]:
        outline = self.outline
        done = told = 0
        for place in range(1, outline.due_times + 1):
            upto = place * outline.runs // outline.due_times
            if upto == done:
                slot = self._idle_slot(place)
                if slot:
                    yield outline.due_ms(place), "", (), [], slot
                continue
            done = upto
            share = done if done == outline.runs else done - 0.6 * self.random.random()
            count = int(outline.entries * share / outline.runs) - told
            told += count
            yield self._happening(place, outline.runs - done, count)

    def _happening(self, place: int, left: int, count: int) -> Happening:
        run_id, random = uuid_of(self.random), self.random
        ending = self._ending(left)
        trigger, data = self._trigger(place)
        due = self.outline.due_ms(place)
        worked = ending not in NOT_WORKED_ON
        duration = self._duration() if worked else 0
        started, queued = self._times(due, trigger, duration)
        error = self._error(ending)
        rehearsed = random.random() < REHEARSAL_SHARE
        tokens = None if rehearsed or not worked else random.randrange(800, 90_000)
        run = (
            *(
                run_id,
                self.app_id,
                f"app-run-{run_id[:8]}",
                ending.status.value,
                trigger.value,
                data,
                started,
            ),
            *(started + duration, duration, tokens, error, uuid_of(random) if worked else None, queued),
            *(ending.outcome.value, self._delivery(ending), REHEARSAL if rehearsed else "model"),
            *("" if rehearsed else self.model, self.asked_by, self._cost(tokens), *_parts(tokens)),
        )
        self.asked_by = run_id if ending is ANSWERED else None
        self.last = run
        slot = self._slot(place, trigger, run) if self._is_kept(place) else None
        return started, run_id, run, self._entries(run, ending, count), slot

    def _ending(self, left: int) -> Ending:
        """How a run ends after which ``left`` are still to come: the last ones fit where the app stands."""
        if self.outline.status == AppStatus.ERROR and left < ERRORS_THAT_STOP:
            return FAILED
        if left == 0:
            return ASKING if self.outline.status == AppStatus.WAITING_USER else USEFUL
        return self.random.choices(ENDINGS, cum_weights=CUMULATED)[0]

    def _trigger(self, place: int) -> tuple[Trigger, str | None]:
        if self.asked_by:
            return Trigger.ESCALATION_FOLLOWUP, encode({"parentRunId": self.asked_by})
        if self.random.random() > SCHEDULED:
            return Trigger.MANUAL, '{"by":"command:make_history"}'
        if self.outline.is_scheduled:
            data = {
                "jobId": self.job_id,
                "subscriptionId": SUBSCRIPTION,
                "dueAtMs": self.outline.due_ms(place),
            }
            return Trigger.SCHEDULE, encode(data)
        return Trigger.EVENT, encode({"eventId": uuid_of(self.random), "type": "webhook.received"})

    def _duration(self) -> int:
        """Mostly seconds, sometimes minutes, and never into the app's next run."""
        longest = min(LONGEST_MS, self.outline.interval_ms // 5)
        return min(longest, int(self.random.lognormvariate(10, 1.2)))

    def _times(self, due: int, trigger: Trigger, duration: int) -> tuple[int, int]:
        """When it started and was queued. One that the schedule did not start runs while that comes due."""
        if trigger != Trigger.SCHEDULE:
            started = due - duration // 2
            return started, started - min(900, self.outline.interval_ms // 50)
        waited = self.random.randrange(40, min(4_000, self.outline.interval_ms // 20))
        if self.outline.interval_ms > 5 * LATE_MS and self.random.random() < LATE_SHARE:
            waited += LATE_MS
        return due + waited, due + waited - 40

    def _error(self, ending: Ending) -> str | None:
        if ending is FAILED:
            return self.random.choice(phrases.FAILURES)
        return "Not started: the app was paused." if ending in NOT_WORKED_ON else None

    def _delivery(self, ending: Ending) -> str:
        if ending in (NOOP, *NOT_WORKED_ON):
            return Delivery.NONE.value
        return (Delivery.FAILED if self.random.random() < FAILED_DELIVERY else Delivery.SENT).value

    def _cost(self, tokens: int | None) -> int | None:
        """Millionths of a dollar; None where nobody knows the price."""
        return tokens * 3 // 2 if tokens is not None and self.model.startswith(("gpt", "claude")) else None

    def _entries(self, run: Row, ending: Ending, count: int) -> list[Row]:
        """What the run told: news and outputs, and last what it ended with."""
        started, duration = run[6], run[8]
        rows = []
        for number in range(1, count + 1):
            kind = ending.last_entry if number == count else self._middle_kind()
            moment = started + duration * number // count
            rows.append(self._entry(run, kind, moment, ending))
        return rows

    def _middle_kind(self) -> EntryType:
        return EntryType.MILESTONE if self.random.random() < NEWS_SHARE else EntryType.OUTPUT

    def _entry(self, run: Row, kind: EntryType, moment: int, ending: Ending) -> Row:
        run_id, app_id, session_key = run[:3]
        entry_id, answer = uuid_of(self.random), None
        source = {"kind": "automation", "appId": app_id, "runId": run_id}
        content = {**self._content(kind, run), "source": source}
        if kind == EntryType.ESCALATION:
            if ending is ASKING:
                self.open_question = entry_id
            else:
                choice = (content.get("choices") or ["As before"])[0]
                answer = encode({"ts": moment + self.outline.interval_ms // 3, "choice": choice})
        return entry_id, app_id, run_id, kind.value, moment, session_key, encode(content), answer, None

    def _content(self, kind: EntryType, run: Row) -> dict[str, Any]:
        """The documented shape of each kind (halo-facts §8)."""
        choice = self.random.choice
        match kind:
            case EntryType.RUN_COMPLETE:
                return {"summary": choice(phrases.REPORTS), "status": "ok"}
            case EntryType.RUN_SKIPPED:
                return {"summary": choice(phrases.NOTHING), "status": "skipped"}
            case EntryType.RUN_ERROR:
                return {"summary": run[10], "status": "error", "error": run[10], "durationMs": run[8]}
            case EntryType.OUTPUT:
                return {"summary": choice(phrases.OUTPUTS), "dataPath": f"output/{run[0][:8]}.md"}
            case EntryType.ESCALATION:
                question, choices = choice(phrases.QUESTIONS)
                return {"summary": question, "question": question, "choices": choices}
            case _:
                return {
                    "summary": choice(phrases.NEWS),
                    "data": {"price": self.random.randrange(900, 9_900) / 100},
                }

    def _is_kept(self, place: int) -> bool:
        return self.outline.is_scheduled and place > self.outline.due_times - KEPT_SLOTS

    def _slot(self, place: int, trigger: Trigger, run: Row) -> Row:
        """The ledger's row of a due time at which the app ran, or for which it was too busy."""
        due = self.outline.due_ms(place)
        if trigger != Trigger.SCHEDULE:
            return self._skipped_slot(due, "overlap", f"run {run[0][:8]} of this app was still running")
        verdict = Verdict.LATE if run[6] - due >= LATE_MS else Verdict.RAN
        facts = encode({"runId": run[0]})
        return self.job_id, run[6], run[7], run[8], run[13], run[10], facts, due, verdict.value, "", 1

    def _idle_slot(self, place: int) -> Row | None:
        """The ledger's row of a due time that started nothing; None where that is no longer kept."""
        if not self._is_kept(place):
            return None
        due, chance = self.outline.due_ms(place), self.random.random()
        if chance < 0.7:
            return self._skipped_slot(due, *self.random.choice(phrases.SKIPS))
        verdict = Verdict.MERGED if chance < 0.9 else Verdict.MISSED
        return self.job_id, None, None, None, None, None, None, due, verdict.value, "", 1

    def _skipped_slot(self, due: int, reason: str, words: str) -> Row:
        facts = encode({"words": words})
        reason, verdict = SkipReason(reason).value, Verdict.SKIPPED.value
        return self.job_id, None, None, None, None, None, facts, due, verdict, reason, 1
