"""What stands in a thread, one class a kind, each with the template that draws it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from app_runtime.chips import Chip
from app_runtime.continuing import LONGEST_MESSAGE
from app_runtime.escalations.questions import Answer, answers_of, decided_at, decider, reason_in_words
from app_runtime.models import Entry, Reply, Run, RunMessage
from app_runtime.statuses import ENTRY_TONES, EntryType, Status
from app_runtime.strips import Bar, bars_of
from app_runtime.thread.bodies import Body, Data, web_address
from app_runtime.thread.rows import GAP_CAP, Gap, News, Slice
from halo_site import quantities
from halo_site.paging import place_of as place_words
from memory.models import Revision

TEMPLATES: dict[str, str] = {
    EntryType.RUN_COMPLETE: "app_runtime/entry/_run_complete.html",
    EntryType.RUN_SKIPPED: "app_runtime/entry/_run_skipped.html",
    EntryType.RUN_ERROR: "app_runtime/entry/_run_error.html",
    EntryType.MILESTONE: "app_runtime/entry/_milestone.html",
    EntryType.OUTPUT: "app_runtime/entry/_output.html",
    EntryType.ESCALATION: "app_runtime/entry/_escalation.html",
}
UNKNOWN = "app_runtime/entry/_unknown.html"
REPLY = "app_runtime/entry/_reply.html"
QUIET = "app_runtime/entry/_quiet.html"


@dataclass(frozen=True)
class ThreadEntry:
    """One entry of a thread, with its run where that is still there."""

    entry: Entry
    run: Run | None
    memory_files: int = 0
    is_whole: bool = False  # on its own page: nothing is left out

    @property
    def template(self) -> str:
        """What draws it: its raw text where its type is none that we know, or nothing of it can be read."""
        says_something = self.body.text or self.error or self.entry.said.get("question")
        return TEMPLATES.get(self.entry.type, UNKNOWN) if says_something else UNKNOWN

    @property
    def step(self) -> int | None:
        """The step of its run that it is about: where it was made, or the last one of a run that failed."""
        if self.entry.type == EntryType.RUN_ERROR and self.run is not None:
            return self.run.step_count or None
        return self.entry.step

    @property
    def tone(self) -> str:
        tone = ENTRY_TONES.get(self.entry.type, ("quiet", "quiet"))[0]
        return tone if self.entry.type != EntryType.ESCALATION or self.entry.is_open_question else "quiet"

    @property
    def icon(self) -> str:
        return ENTRY_TONES.get(self.entry.type, ("quiet", "quiet"))[1]

    @cached_property
    def body(self) -> Body:
        return Body(self.entry.summary, self.is_whole)

    @cached_property
    def data(self) -> Data:
        return Data(self.entry.said.get("data"))

    @property
    def data_path(self) -> str:
        """Where the file lies that it made."""
        path = self.entry.said.get("dataPath")
        return path if isinstance(path, str) else ""

    @property
    def output_url(self) -> str:
        return web_address(self.entry.said.get("outputUrl"))

    @property
    def error(self) -> str:
        """Why the run failed, where that is not what the summary says anyway."""
        error = self.entry.said.get("error")
        return error if isinstance(error, str) and error not in self.entry.summary else ""

    @property
    def duration_ms(self) -> int | None:
        value = self.entry.said.get("durationMs")
        return value if type(value) is int and value >= 0 else None

    @property
    def raw(self) -> str:
        """The row as it was written, for one that nothing else is known of."""
        content = self.entry.content
        return content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)

    @property
    def answers(self) -> list[Answer]:
        """What was answered to each question; empty while nothing was, or nothing that can be read."""
        return answers_of(self.entry)

    @property
    def answered_by(self) -> str:
        """Who answered; an older row says it in the answer itself."""
        by = _word(self.entry.user_response, "by")
        return decider(self.entry) or by.partition(":")[2] or by

    @property
    def decided_at(self) -> datetime | None:
        return decided_at(self.entry)

    @property
    def resolution(self) -> str:
        """How it ended without an answer, in a sentence; empty where it did not."""
        return reason_in_words(self.entry)


@dataclass(frozen=True)
class ReplyItem:
    """What a person told, and how far it has come."""

    reply: Reply
    run: Run | None
    message: RunMessage | None

    template = REPLY

    @property
    def body(self) -> Body:
        return Body(self.reply.text, longest=LONGEST_MESSAGE)

    @property
    def step(self) -> int | None:
        """The step that it came before; None while it has not arrived."""
        if self.message is not None:
            return self.message.delivered_step
        return 1 if self.run is not None and self.run.step_count else None

    @property
    def is_settled(self) -> bool:
        """Whether its state can change no more."""
        return self.run is None or not self.run.is_unfinished

    @property
    def state(self) -> Chip:
        """Whether it has arrived, in words."""
        if self.step is not None:
            return Chip("ok", _("delivered at step %(step)s") % {"step": self.step}, "check")
        if self.run is None:
            return Chip("quiet", _("its run is gone"), "quiet")
        if self.run.status == Status.QUEUED:
            return Chip("quiet", _("waits for a worker"), "clock")
        if self.run.is_unfinished:
            return Chip("run", _("waits for the next step"), "clock")
        return Chip("bad", _("not delivered: the run ended"), "warn")


@dataclass(frozen=True)
class QuietItem:
    """Runs that found nothing to do, as one line."""

    gap: Gap
    bars: list[Bar]

    template = QUIET

    @property
    def key(self) -> str:
        return self.gap.oldest[1]

    @property
    def count(self) -> str:
        return quantities.capped(self.gap.count, GAP_CAP)

    @property
    def is_one(self) -> bool:
        return self.gap.count == 1

    @property
    def is_one_day(self) -> bool:
        """Whether the server's clock shows one day for all of them."""
        first, last = timezone.localtime(self.gap.oldest[0]), timezone.localtime(self.gap.newest[0])
        return first.date() == last.date()

    @property
    def newest(self) -> str:
        return place_words(*self.gap.newest)

    @property
    def oldest(self) -> str:
        return place_words(*self.gap.oldest)


Item = ThreadEntry | ReplyItem | QuietItem


def items_of(part: Slice, whole: str = "") -> list[Item]:
    """What a part of a thread shows, in three queries: runs, messages, what runs wrote into memory.

    ``whole`` is the id of the entry that is shown to its end.
    """
    entries = [row for row in part.rows if isinstance(row, Entry)]
    replies = [row for row in part.rows if isinstance(row, Reply)]
    wanted = [row.run_id for row in part.news]
    wanted += [run_id for row in part.rows if isinstance(row, Gap) for run_id in row.run_ids]
    runs = Run.objects.in_bulk(dict.fromkeys(wanted))
    messages = RunMessage.objects.in_bulk([reply.pk for reply in replies])
    files = _memory_files([entry.run_id for entry in entries if entry.type == EntryType.RUN_COMPLETE])

    def item(row: News | Gap) -> Item:
        if isinstance(row, Gap):
            shown = [runs[run_id] for run_id in reversed(row.run_ids) if run_id in runs]
            return QuietItem(row, bars_of(shown))
        if isinstance(row, Reply):
            return ReplyItem(row, runs.get(row.run_id), messages.get(row.pk))
        count = files.get(row.run_id, 0) if row.type == EntryType.RUN_COMPLETE else 0
        return ThreadEntry(row, runs.get(row.run_id), count, row.pk == whole)

    return [item(row) for row in part.rows]


def thread_entries(entries: Iterable[Entry], run: Run) -> list[ThreadEntry]:
    """Entries of one run."""
    return [ThreadEntry(entry, run) for entry in entries]


def _memory_files(run_ids: Sequence[str]) -> dict[str, int]:
    """Run → how many files of memory it wrote, its own record left out."""
    written = Revision.objects.filter(run_id__in=set(run_ids)).exclude(operation="record").order_by()
    counted = written.values("run_id").annotate(files=Count("path", distinct=True))
    return {str(row["run_id"]): row["files"] for row in counted}


def _word(value: Any, key: str) -> str:
    """A text of a JSON object; empty where there is none, or something else."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
