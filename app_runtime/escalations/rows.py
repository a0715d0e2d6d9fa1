"""One question as the inbox and the overview show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.utils.translation import gettext_lazy as _

from app_runtime.chips import Chip
from app_runtime.escalations.questions import (
    Answer,
    Asked,
    State,
    answer_in_words,
    answers_of,
    asked,
    decided_at,
    decider,
    digest_of,
    is_over,
    reason_in_words,
    share_of_time,
    state_of,
)
from app_runtime.models import Entry, Run
from app_runtime.statuses import Via
from halo_site.datadir.spaces import all_spaces
from halo_site.roles import Role, Standing

SOON = timedelta(hours=1)
STATE_WORDS = {
    State.OPEN: _("Waits"),
    State.ANSWERED: _("Answered"),
    State.EXPIRED: _("Expired"),
    State.DISMISSED: _("Dismissed"),
    State.CLOSED: _("Closed"),
}
CHIPS = {
    State.OPEN: ("wait", "question"),
    State.ANSWERED: ("ok", "check"),
    State.EXPIRED: ("bad", "clock"),
    State.DISMISSED: ("quiet", "cross"),
    State.CLOSED: ("quiet", "cross"),
}


@dataclass(frozen=True)
class QuestionRow:
    """A question with its place: its app, space and run, and whether who looks may answer it."""

    entry: Entry
    now: datetime
    may_answer: bool
    space: str = ""
    run: Run | None = None
    kept: tuple[Answer, ...] = ()  # what somebody wrote and was refused, to be shown again
    problem_at: tuple[int, ...] = ()  # the numbers of the questions that the refusal is about

    @cached_property
    def questions(self) -> list[Asked]:
        return asked(self.entry)

    @property
    def first(self) -> Asked:
        return self.questions[0]

    @cached_property
    def fields(self) -> list[tuple[Asked, Answer, bool]]:
        """Each question with what was written, and whether that is what is wrong."""
        written = [*self.kept, *[Answer()] * (len(self.questions) - len(self.kept))]
        return [
            (question, answer, question.number in self.problem_at)
            for question, answer in zip(self.questions, written, strict=False)
        ]

    @property
    def why(self) -> str:
        """The agent's message, where it is not the question itself."""
        return "" if self.entry.summary == self.first.question else self.entry.summary

    @property
    def data(self) -> str:
        """What the agent gave with it as text; other data stand on the card."""
        data = self.entry.said.get("data")
        return data if isinstance(data, str) else ""

    @cached_property
    def state(self) -> State:
        return state_of(self.entry)

    @property
    def is_open(self) -> bool:
        return self.state == State.OPEN

    @property
    def chip(self) -> Chip:
        tone, icon = CHIPS[self.state]
        return Chip(tone, self.state_words, icon)

    @property
    def state_words(self) -> str:
        return str(STATE_WORDS[self.state])

    @property
    def can_be_answered(self) -> bool:
        is_there = self.is_open and not self.is_overdue
        return is_there and self.may_answer and self.entry.app.status != "uninstalled"

    @property
    def is_one_click(self) -> bool:
        """Whether one choice is a whole answer."""
        return len(self.questions) == 1 and bool(self.first.choices)

    @cached_property
    def digest(self) -> str:
        return digest_of(self.entry)

    @property
    def percent(self) -> float:
        """How much of the time to its deadline is over."""
        return share_of_time(self.entry, self.now) * 100

    @property
    def is_due_soon(self) -> bool:
        deadline = self.entry.deadline
        return deadline is not None and (deadline - self.now < SOON or self.percent >= 90)

    @property
    def is_overdue(self) -> bool:
        """Whether its deadline has passed and the clock has not closed it yet."""
        return is_over(self.entry, self.now)

    @property
    def who(self) -> str:
        return decider(self.entry)

    @property
    def via(self) -> str:
        via = self.entry.decided_via
        return str(Via(via).label) if via in Via.values else ""

    @property
    def ended_at(self) -> datetime | None:
        return decided_at(self.entry)

    @property
    def answer(self) -> str:
        return answer_in_words(answers_of(self.entry))

    @property
    def answers(self) -> list[tuple[Asked, Answer]]:
        return list(zip(self.questions, answers_of(self.entry), strict=False))

    @property
    def closed_words(self) -> str:
        return reason_in_words(self.entry)


def question_rows(entries: Iterable[Entry], standing: Standing, now: datetime) -> list[QuestionRow]:
    """Rows for entries whose apps are loaded; their runs in one query for all."""
    listed = list(entries)
    runs = Run.objects.in_bulk([entry.run_id for entry in listed]) if listed else {}
    spaces = {space.id: space.name for space in all_spaces()}
    return [
        QuestionRow(
            entry,
            now,
            standing.may(Role.OPERATOR, entry.app.space_id),
            spaces.get(entry.app.space_id or "", ""),
            runs.get(entry.run_id),
        )
        for entry in listed
    ]
