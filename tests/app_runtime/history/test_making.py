"""A made up history is one that the real program could have left."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.db.models import Count

from app_manager.models import App
from app_manager.states import Status as AppStatus
from app_runtime.history.making import TRANSCRIPTS, make_history
from app_runtime.history.outline import Wanted
from app_runtime.models import Entry, Run, UsageDay
from app_runtime.statuses import EntryType, Status, Trigger
from app_runtime.sweeping import sweep_runs
from app_runtime.transcript import Transcript
from halo_site.datadir.spaces import all_spaces
from halo_site.doctor.findings import checks, examine
from halo_site.models import AuditEntry
from scheduler.clock import run_once
from scheduler.models import KEPT_SLOTS, Job, Slot
from scheduler.statuses import SkipReason
from tests.factories import NINE

pytestmark = pytest.mark.django_db
RUNS = 400
USED = ("app_id", "model", "turns", "tokens_in", "cost_picousd")


def make(
    runs: int = RUNS, entries: int = 3 * RUNS, apps: int = 24, days: int = 30, seed: int = 1
) -> list[App]:
    return make_history(Wanted(apps, runs, entries, days, seed), NINE)


def everything() -> list[object]:
    """Every row that a history consists of."""
    tables = (App.objects.order_by("pk"), Run.objects.order_by("pk"), Entry.objects.order_by("pk"))
    jobs, slots = Job.objects.order_by("pk"), Slot.objects.order_by("job_id", "due_at").defer("id")
    rows: list[object] = [list(table.values()) for table in (*tables, jobs)]
    rows.append(list(UsageDay.objects.order_by("day", "app_id", "model").values_list("day", *USED)))
    return [*rows, list(slots.values_list("job_id", "due_at", "verdict", "reason", "started_at"))]


def test_it_makes_as_many_rows_as_were_wanted():
    make()
    assert (App.objects.count(), Run.objects.count(), Entry.objects.count()) == (24, RUNS, 3 * RUNS)


def test_the_same_seed_makes_the_same_rows():
    make(runs=200, entries=500)
    first = everything()
    for table in (Slot, Job, Entry, Run, App):
        table.objects.all().delete()
    make(runs=200, entries=500)
    assert everything() == first


def test_another_seed_makes_other_rows():
    make(runs=50, entries=50)
    first = set(Run.objects.values_list("pk", flat=True))
    for table in (Slot, Job, Entry, Run, App):
        table.objects.all().delete()
    make(runs=50, entries=50, seed=2)
    assert not first & set(Run.objects.values_list("pk", flat=True))


def test_it_can_be_made_twice_beside_itself():
    make(runs=50, entries=100)
    make(runs=50, entries=100)
    assert (App.objects.count(), Run.objects.count()) == (48, 100)


def test_no_row_names_one_that_is_not_there():
    make()
    connection.check_constraints()
    runs = set(Run.objects.values_list("pk", flat=True))
    assert set(Entry.objects.values_list("run_id", flat=True)) <= runs


def test_every_word_is_one_that_the_program_knows():
    make()
    words = {Run: ("status", "trigger_type", "outcome", "delivery"), Entry: ("type",), Slot: ("verdict",)}
    for model, fields in words.items():
        for field in fields:
            known = {value for value, _label in model._meta.get_field(field).choices}
            assert set(model.objects.values_list(field, flat=True)) <= known


def test_every_reason_of_a_skip_is_one_that_the_program_knows():
    make()
    assert set(Slot.objects.values_list("reason", flat=True)) <= {"", *SkipReason.values}


def test_an_app_never_runs_twice_at_once():
    make(runs=1_000, entries=0)
    for app in App.objects.all():
        runs = list(Run.objects.for_app(app).order_by("started_at"))
        assert all(before.finished_at <= after.started_at for before, after in pairwise(runs))


def test_nothing_lies_in_the_future_and_nothing_is_under_way():
    make()
    assert not Run.objects.filter(finished_at__gt=NINE).exists()
    assert not Run.objects.unfinished().exists()
    assert not Entry.objects.filter(ts__gt=NINE).exists()


def test_an_open_question_is_what_its_app_and_its_run_wait_for():
    make()
    waiting = App.objects.filter(status=AppStatus.WAITING_USER)
    assert waiting.exists()
    for app in waiting:
        question = Entry.objects.open().get(app=app)
        assert app.pending_escalation_id == question.pk
        assert Run.objects.get(pk=question.run_id).status == Status.WAITING_USER


def test_there_are_no_other_open_questions():
    make()
    assert Entry.objects.open().count() == App.objects.filter(status=AppStatus.WAITING_USER).count()


def test_an_answer_is_followed_by_a_run():
    make()
    answered = Entry.objects.questions().filter(user_response__isnull=False).first()
    follow_up = Run.objects.get(parent_run_id=answered.run_id)
    assert follow_up.trigger_type == Trigger.ESCALATION_FOLLOWUP


def test_a_stopped_app_has_failed_five_times_in_a_row():
    make()
    for app in App.objects.filter(status=AppStatus.ERROR):
        newest = Run.objects.for_app(app).newest_first().values_list("status", flat=True)[:5]
        assert set(newest) == {Status.ERROR}


def test_every_failed_run_says_so_in_its_thread():
    make()
    failed = set(Run.objects.filter(status=Status.ERROR).values_list("pk", flat=True))
    told = set(Entry.objects.filter(type=EntryType.RUN_ERROR).values_list("run_id", flat=True))
    assert failed == told


def test_an_app_knows_its_last_run():
    app = make()[0]
    assert app.last_run_at == Run.objects.for_app(app).newest_first().first().started_at


def test_the_ledger_has_one_slot_for_each_due_time():
    make(apps=1, runs=300, entries=0, days=3)
    job = Job.objects.get()
    slots = list(job.slots.order_by("due_at").values_list("due_at", flat=True))
    steps = {after - before for before, after in pairwise(slots)}
    assert len(slots) == 330
    assert len(steps) == 1
    assert job.next_run_at - slots[-1] in steps


def test_the_ledger_holds_no_more_than_retention_keeps():
    make(apps=1, runs=1_500, entries=0, days=30)
    assert [row["held"] for row in Slot.objects.values("job").annotate(held=Count("id"))] == [KEPT_SLOTS]


def test_a_slot_that_ran_names_its_run():
    make()
    for slot in Slot.objects.filter(verdict="ran")[:50]:
        run = Run.objects.get(pk=slot.metadata["runId"])
        assert (run.started_at, run.due_at_ms) == (slot.started_at, int(slot.due_at.timestamp() * 1000))


def test_clock_and_sweep_find_nothing_to_do():
    make()
    before = everything()
    run_once(NINE)
    sweep_runs(NINE)
    assert everything() == before


def test_the_newest_runs_have_transcripts_with_their_steps():
    make()
    newest = Run.objects.select_related("app").newest_first()[:TRANSCRIPTS]
    for run in newest:
        lines = Transcript(run.app, run.run_id).lines()
        assert len([line for line in lines if line["type"] in ("model", "tool")]) == run.step_count


def test_older_runs_have_none_and_say_that_no_step_began():
    make()
    run = Run.objects.select_related("app").order_by("started_at").first()
    assert (run.step_count, Transcript(run.app, run.run_id).lines()) == (0, [])


def test_the_doctor_finds_nothing_wrong_with_it():
    make()
    reports = [examine(check, NINE) for check in checks()]
    found = [finding for report in reports for finding in report.findings if finding.is_problem]
    assert found == []


def test_apps_lie_in_several_spaces():
    make(runs=0, entries=0)
    names = {space.name for space in all_spaces() if App.objects.in_space(space.id).exists()}
    assert names == {"Default", "Synthetic 1", "Synthetic 2", "Synthetic 3"}


def test_every_app_is_in_the_audit_log():
    make(runs=10, entries=10)
    lines = AuditEntry.objects.filter(verb="install", actor="command:make_history")
    assert set(lines.values_list("object_id", flat=True)) == set(App.objects.values_list("pk", flat=True))


def test_apps_without_a_past_are_plain_new_apps():
    make(apps=3, runs=0, entries=0)
    assert set(App.objects.values_list("status", "last_run_at")) == {(AppStatus.ACTIVE, None)}
    assert all(job.next_run_at >= NINE for job in Job.objects.all())


def test_no_app_is_due_before_now():
    make()
    assert not Job.objects.due(NINE - timedelta(milliseconds=1)).exists()
