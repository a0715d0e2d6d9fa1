"""Any order of verbs, ticks and ends of runs: row, pages, administration and clock never disagree.

The oracle is a small table of its own: it knows BEHAVIOUR, and nothing of our code.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import hypothesis.strategies as st
import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app_manager.exceptions import AppError
from app_manager.models import App
from app_runtime.escalations.expiry import expire
from app_runtime.models import Entry, Run
from app_runtime.settlement import End, failed, settle
from app_runtime.statuses import Outcome, Status
from app_runtime.tools.report import make_wait
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from tests.factories import NINE, SECOND, TESTER, make_app, make_question

HOUR = timedelta(hours=1)
VERBS = {  # from → to, as halo-facts §4 has it
    "pause": dict.fromkeys(("active", "error", "waiting_user"), "paused"),
    "resume": dict.fromkeys(("paused", "error", "waiting_user"), "active"),
    "uninstall": dict.fromkeys(("active", "paused", "error", "waiting_user"), "uninstalled"),
    "reinstall": {"uninstalled": "active"},
}
WORDS = {
    "active": "Active",
    "paused": "Paused",
    "error": "Stopped after errors",
    "waiting_user": "Waiting for you",
    "uninstalled": "Uninstalled",
}
WAYS = st.sampled_from(["model", "page", "command", "action"])
CLICKABLE = {"active", "waiting_user", "paused", "error"}


@dataclass
class Oracle:
    """One app as BEHAVIOUR would have it. Runs are in the order in which they came: ``[status, counts]``."""

    status: str = "active"
    job_on: bool = True
    job_errors: int = 0
    runs: list[list[Any]] = field(default_factory=list)
    current: str = ""  # "", "queued" or "running"
    scheduled: bool = False
    questions: list[tuple[str, list[Any]]] = field(default_factory=list)

    @property
    def automatic(self) -> bool:
        return self.status in {"active", "waiting_user"}

    @property
    def chip(self) -> str:
        """What people see: running > queued > an open question > its own status."""
        if self.current:
            return {"running": "Running", "queued": "Queued"}[self.current]
        if self.questions:
            return "Waiting for you"
        if not self.automatic:
            return WORDS[self.status]
        return "Failed" if self.runs and self.runs[-1][0] == "error" else "Idle"

    def do(self, verb: str) -> bool:
        if self.status not in VERBS[verb]:
            return False
        self.status = VERBS[verb][self.status]
        if verb in {"pause", "uninstall"} and self.current == "queued":
            self.runs[-1][0], self.current = "cancelled", ""
        if verb == "uninstall":
            if self.current == "running":
                self.runs[-1][0], self.current = "cancelled", ""
                self.job_errors = 0 if self.scheduled else self.job_errors
            self.job_on = False
            for _key, asking in self.questions:
                asking[0] = "cancelled" if asking[0] == "waiting_user" else asking[0]
            self.questions = []
        if verb == "resume" and self.job_errors:
            self.job_on, self.job_errors = True, 0
        if verb == "reinstall":
            self.job_on, self.job_errors = True, 0
        if verb in {"resume", "reinstall"}:
            for run in self.runs:
                run[1] = False
        return True

    def come_due(self) -> tuple[str, str] | None:
        """Verdict (late or not) and reason of the newest due time; None where nothing came due."""
        if not self.job_on:
            return None
        if not self.automatic:
            return "skipped", "paused"
        if self.current:
            return "skipped", "overlap"
        self.queue(scheduled=True)
        return "ran", ""

    def queue(self, *, scheduled: bool) -> None:
        self.runs.append(["queued", True])
        self.current, self.scheduled = "queued", scheduled

    def end(self, status: str) -> None:
        self.runs[-1][0], self.current = status, ""
        if self.scheduled:
            self.job_errors = self.job_errors + 1 if status == "error" else 0
            self.job_on = self.job_on and self.job_errors < 5
        if status == "error":
            self.stop_after_five()

    def stop_after_five(self) -> None:
        counted = [run[0] for run in self.runs if run[1] and run[0] not in {"cancelled", "queued", "running"}]
        if self.automatic and counted[-5:] == ["error"] * 5:
            self.status = "error"

    def close_question(self) -> None:
        _key, run = self.questions.pop(0)
        run[0] = "error"
        self.stop_after_five()
        if not self.questions and self.status == "waiting_user":
            self.status = "active"


class Lifecycle(RuleBasedStateMachine):
    """The product beside the oracle; each rule takes at least a second."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.now = NINE
        self.traveller = time_machine.travel(self.now, tick=False)
        self.traveller.start()
        self.app_id = make_app(subscriptions=[EVERY_THREE_HOURS]).pk
        self.oracle = Oracle()

    def teardown(self) -> None:
        self.traveller.stop()
        for model in (Entry, Run, Slot, Job, App):
            model.objects.all().delete()  # type: ignore[attr-defined]

    @property
    def app(self) -> App:
        return App.objects.get(pk=self.app_id)

    def go_on(self, by: timedelta = SECOND) -> None:
        self.now += by
        self.traveller.stop()
        self.traveller = time_machine.travel(self.now, tick=False)
        self.traveller.start()

    @rule(verb=st.sampled_from(sorted(VERBS)), way=WAYS)
    def change(self, verb: str, way: str) -> None:
        self.go_on()
        expected = self.oracle.do(verb)
        assert getattr(self, f"_by_{way}")(verb) is expected

    @precondition(lambda self: not self.oracle.automatic)
    @rule(way=WAYS)
    def bring_back(self, way: str) -> None:
        self.change("reinstall" if self.oracle.status == "uninstalled" else "resume", way)

    @precondition(lambda self: self.oracle.current)
    @rule(verb=st.sampled_from(["pause", "uninstall"]), way=WAYS)
    def stop_meanwhile(self, verb: str, way: str) -> None:
        self.change(verb, way)

    def _by_model(self, verb: str) -> bool:
        try:
            getattr(self.app, verb)(actor=TESTER, now=self.now)
        except AppError:
            return False
        return True

    def _by_page(self, verb: str) -> bool:
        status = self.client.post(f"/apps/{self.app_id}/{verb}/").status_code
        assert status in {302, 409}
        return status == 302

    def _by_action(self, verb: str) -> bool:
        before = self.app.status
        chosen = {"action": verb, "_selected_action": [self.app_id]}
        assert self.client.post("/admin/app_manager/app/", chosen).status_code == 302
        return self.app.status != before

    def _by_command(self, verb: str) -> bool:
        try:
            call_command(f"{verb}_app", self.app_id, stdout=NOWHERE)
        except CommandError:
            return False
        return True

    @rule()
    def tick(self) -> None:
        self.go_on(4 * HOUR)
        expected = self.oracle.come_due()
        before = set(Slot.objects.values_list("pk", flat=True))
        run_once(self.now)
        newest = Slot.objects.exclude(pk__in=before).order_by("-due_at").first()
        verdict = newest and ("ran" if newest.verdict == "late" else newest.verdict, newest.reason)
        assert verdict == expected

    @precondition(lambda self: not self.oracle.current)
    @rule()
    def click(self) -> None:
        self.go_on()
        status = self.client.post(f"/apps/{self.app_id}/run/").status_code
        if self.oracle.status in CLICKABLE:
            self.oracle.queue(scheduled=False)
            assert status == 302
        else:
            assert status == 409

    @precondition(lambda self: self.oracle.current == "queued")
    @rule()
    def start(self) -> None:
        self.go_on()
        run = Run.objects.get(status=Status.QUEUED)
        assert run.claim("w", "scripted", self.now, HOUR)
        self.oracle.current, self.oracle.runs[-1][0] = "running", "running"

    @precondition(lambda self: self.oracle.current == "running")
    @rule(status=st.sampled_from(["ok", "error", "error", "error", "waiting_user"]))
    def finish(self, status: str) -> None:
        self.go_on()
        run = Run.objects.select_related("app").get(status=Status.RUNNING)
        if status == "waiting_user":
            question = make_question(run.app, run=run, at=self.now, deadline=self.now + HOUR)
            make_wait(run.app_id, question, self.now)
            self.oracle.questions.append((question.pk, self.oracle.runs[-1]))
            if self.oracle.status == "active":
                self.oracle.status = "waiting_user"
        end = failed("no") if status == "error" else End(Status(status), Outcome.USEFUL)
        assert settle(run, end, self.now)
        self.oracle.end(status)

    @precondition(lambda self: not self.oracle.current and self.oracle.status in CLICKABLE)
    @rule(times=st.sampled_from([1, 4, 5]))
    def fail_in_a_row(self, times: int) -> None:
        for _time in range(times):
            self.click()
            self.start()
            self.finish("error")

    @precondition(lambda self: not self.oracle.current and self.oracle.automatic and self.oracle.job_on)
    @rule(end=st.sampled_from(["", "error"]))
    def run_on_schedule(self, end: str) -> None:
        self.tick()
        self.start()
        if end:
            self.finish(end)

    @precondition(lambda self: self.oracle.questions and not self.oracle.current)
    @rule()
    def let_questions_expire(self) -> None:
        self.go_on(2 * HOUR)
        while self.oracle.questions:
            self.oracle.close_question()
        expire(self.now)

    @invariant()
    def the_row_is_as_it_should_be(self) -> None:
        app = self.app
        oldest = self.oracle.questions[0][0] if self.oracle.questions else None
        assert (app.status, app.pending_escalation_id) == (self.oracle.status, oldest)

    @invariant()
    def the_job_is_as_it_should_be(self) -> None:
        job = Job.objects.get()
        assert (job.enabled, job.consecutive_errors) == (self.oracle.job_on, self.oracle.job_errors)
        assert (job.next_run_at is not None) is self.oracle.job_on

    @invariant()
    def the_runs_are_as_they_should_be(self) -> None:
        statuses = list(Run.objects.order_by("queued_at", "run_id").values_list("status", flat=True))
        assert statuses == [run[0] for run in self.oracle.runs]

    @invariant()
    def the_pages_show_it(self) -> None:
        page = self.client.get(f"/apps/{self.app_id}/manage/").content.decode()
        head = page[page.index("<h1") : page.index("</h1>") + 400]
        assert f"</svg>{self.oracle.chip}</span>" in head, head

    @invariant()
    def the_administration_shows_it(self) -> None:
        page = self.client.get("/admin/app_manager/app/").content.decode()
        assert f'class="field-status">{WORDS[self.oracle.status]}</td>' in page

    @invariant()
    def no_due_time_is_left_open_without_its_run(self) -> None:
        open_slots = Slot.objects.filter(verdict__in=("ran", "late"), finished_at__isnull=True).count()
        assert open_slots == int(bool(self.oracle.current) and self.oracle.scheduled)


EVERY_THREE_HOURS = {"id": "often", "source": {"type": "schedule", "config": {"every": "3h"}}}


class Nowhere:
    """Where the words of commands go."""

    def write(self, words: str) -> int:
        return len(words)

    def flush(self) -> None:
        """Nothing is kept."""


NOWHERE = Nowhere()


def go_through(operator: User, examples: int) -> None:
    """Try that many sequences of up to 25 steps."""
    client = Client()
    client.force_login(operator)
    run_state_machine_as_test(
        partial(Lifecycle, client),
        # Shrinking would take longer than finding: the steps that failed are printed as they were.
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],
        ),
    )


@pytest.mark.django_db
def test_model_pages_administration_and_clock_never_disagree(operator: User) -> None:
    go_through(operator, 10)


@pytest.mark.chaos
@pytest.mark.django_db
def test_they_never_disagree_in_many_more_orders(operator: User) -> None:
    go_through(operator, 150)
