"""The card of one question: what is asked and why, what was decided, what comes of which decision."""

import json
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from app_runtime.admission import refusal_of_state
from app_runtime.chips import Chip, status_chip
from app_runtime.escalations.questions import State, answer_in_words, answers_of, asked
from app_runtime.escalations.rows import QuestionRow
from app_runtime.models import Entry, Run
from app_runtime.runs.page import RunPage
from app_runtime.runs.steps import Step
from app_runtime.statuses import Status
from halo_site.datadir.config import config_state

STEPS = 3
ALIKE = 3
LONGEST_TITLE = 160  # characters
LOOKED_AT = 200  # of the app's questions that ended, the newest, for those that asked the same


@dataclass(frozen=True)
class Alike:
    """An earlier question that asked the same, and its answer."""

    entry: Entry

    @property
    def answer(self) -> str:
        return answer_in_words(answers_of(self.entry))


@dataclass(frozen=True)
class QuestionCard(QuestionRow):
    """One question with everything that helps to decide it; ``problem`` is why an attempt was refused."""

    problem: str = ""

    @property
    def title(self) -> str:
        """The question; of several what the agent says of them, where that is short."""
        summary = self.entry.summary
        is_short = 0 < len(summary) <= LONGEST_TITLE and "\n" not in summary
        return summary if is_short and len(self.questions) > 1 else self.first.question

    @property
    def why(self) -> str:
        return "" if self.entry.summary == self.title else self.entry.summary

    @property
    def whole(self) -> str:
        """The question in full, where its title is not all of it; several stand with their answers."""
        return self.first.question if len(self.questions) == 1 and self.first.is_more else ""

    @property
    def data_json(self) -> str:
        """What the agent gave with it where that is no text."""
        data = self.entry.said.get("data")
        if data is None or isinstance(data, str):
            return ""
        return json.dumps(data, indent=2, ensure_ascii=False)

    @property
    def data_path(self) -> str:
        return str(self.entry.said.get("dataPath") or "")

    @property
    def has_kept(self) -> bool:
        return any(not answer.is_empty for answer in self.kept)

    @cached_property
    def steps(self) -> list[Step]:
        """The last ones of the run that asked."""
        return RunPage(self.run, self.now).timeline.steps[-STEPS:] if self.run else []

    @cached_property
    def alike(self) -> list[Alike]:
        """The last answers of this app to the same question."""
        ended = Entry.objects.filter(app=self.entry.app, ts__lte=self.entry.ts).ended()
        answered = ended.filter(user_response__isnull=False)
        asks = [question.question for question in self.questions]
        found = (
            entry
            for entry in answered.exclude(pk=self.entry.pk).newest_first()[:LOOKED_AT]
            if [question.question for question in asked(entry)] == asks
        )
        return [Alike(entry) for entry, _number in zip(found, range(ALIKE), strict=False)]

    @cached_property
    def followup(self) -> Run | None:
        """The run that has the answer."""
        wanted = self.entry.followup_run_id
        return Run.objects.select_related("app").filter(pk=wanted).first() if wanted else None

    @property
    def followup_chip(self) -> Chip | None:
        return status_chip(self.followup) if self.followup else None

    @property
    def can_follow_again(self) -> bool:
        """Whether the run that had the answer was taken back or failed, so that it may be run again."""
        run = self.followup
        return self.may_answer and run is not None and run.status in {Status.CANCELLED, Status.ERROR}

    @property
    def obstacle(self) -> str:
        """Why an answer would be refused now, or would have to wait; empty: it would not."""
        if self.state != State.OPEN:
            return ""
        if self.is_overdue:
            return _("Its deadline has passed, so it takes no answer any more: it is closed as expired.")
        if self.entry.app.status == "uninstalled":
            return _("Its app is uninstalled, so nothing would come of an answer.")
        refusal = refusal_of_state(self.entry.app, automatic=False)
        if refusal is not None:
            words = _("No answer can be taken now: %(reason)s. The question stays open.")
            return words % {"reason": refusal.sentence}
        waits = config_state().obstacle
        words = _("The run that goes on with the answer waits until this is mended: %(obstacle)s")
        return words % {"obstacle": waits} if waits else ""
