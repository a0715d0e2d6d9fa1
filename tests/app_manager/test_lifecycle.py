"""The verbs of an installed app against the documented tables, and what each does besides."""

import json
from datetime import timedelta

import pytest

from app_manager.exceptions import AppError, CannotRun, DeletionRefused, Namesake, StatusRefused
from app_manager.models import App, SpecVersion
from app_manager.states import Status
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import Space, all_spaces
from halo_site.models import AuditEntry
from scheduler.clock import run_once
from scheduler.models import Job, Slot
from tests.app_manager.factories import NINE, PAGE, TESTER, install_app
from tests.factories import add_space, set_status
from tests.shared import shared_path

pytestmark = pytest.mark.django_db
LATER = NINE + timedelta(hours=1)


def vectors(name: str) -> list[dict[str, object]]:
    return json.loads(shared_path("reference/vectors.json").read_text())[name]


def do(app: App, verb: str) -> None:
    more = {"space": add_space("Elsewhere")} if verb == "move_to_space" else {}
    getattr(app, verb)(actor=TESTER, now=LATER, **more)


def job() -> Job:
    return Job.objects.get()


def test_every_documented_operation_ends_as_documented():
    for vector in vectors("status_operations"):
        app = install_app(name=f"{vector['op']} {vector['from']}")
        set_status(app, vector["from"])
        try:
            do(app, vector["op"])
            allowed = True
        except AppError:
            allowed = False
        stored = App.objects.filter(pk=app.pk).first()
        assert allowed is vector["allowed"], vector
        assert (stored.status if stored else None) == (vector["to"] if allowed else vector["from"]), vector


@pytest.mark.parametrize("verb", ["pause", "resume", "uninstall", "reinstall", "delete_permanently"])
def test_a_refused_verb_leaves_no_audit_line(verb):
    app = install_app()
    set_status(app, Status.UNINSTALLED if verb in {"pause", "resume", "uninstall"} else Status.ACTIVE)
    before = AuditEntry.objects.count()
    with pytest.raises(AppError):
        do(app, verb)
    assert AuditEntry.objects.count() == before


def test_a_pause_keeps_the_times_of_its_jobs():
    app = install_app()
    before = job().next_run_at
    app.pause(actor=TESTER, now=LATER)
    assert (job().enabled, job().next_run_at) == (True, before)


def rows() -> list[tuple[str, str, str]]:
    """Due time, verdict and words of the ledger, oldest first."""
    return [(f"{each.due_at:%H:%M}", each.verdict, each.words) for each in Slot.objects.order_by("due_at")]


def at(hours: float):
    return NINE + timedelta(hours=hours)


def by_the_hour() -> App:
    rule = {"id": "hourly", "source": {"type": "schedule", "config": {"every": "1h"}}}
    return install_app(subscriptions=[rule])


def test_what_was_due_before_a_pause_and_no_clock_came_to_was_missed_not_skipped():
    by_the_hour().pause(actor=TESTER, now=at(2.5))
    run_once(at(3))
    words = "No clock had come to it before the app was paused."
    assert rows() == [
        ("10:00", "missed", words),
        ("11:00", "missed", words),
        ("12:00", "skipped", "it is paused"),
    ]


def test_what_was_due_in_a_pause_is_not_run_after_it():
    app = by_the_hour()
    app.pause(actor=TESTER, now=at(0.5))
    app.resume(actor=TESTER, now=at(1.5))
    run_once(at(1.6))
    slot = Slot.objects.get()
    assert (slot.due_at, slot.verdict, slot.reason) == (at(1), "skipped", "paused")
    assert job().next_run_at == at(2)


def test_an_app_that_waits_for_a_person_runs_what_was_due():
    app = by_the_hour()
    app.change_status(Status.WAITING_USER, actor=TESTER, now=at(1.5))
    assert rows() == []
    assert job().next_run_at == at(1)


@pytest.mark.parametrize(
    ("status", "words"),
    [(Status.ERROR, "it was stopped after errors"), (Status.NEEDS_LOGIN, "it needed a login")],
)
def test_what_was_due_while_it_was_stopped_says_why(status, words):
    app = by_the_hour()
    app.change_status(status, actor=TESTER, now=at(0.5))
    app.pause(actor=TESTER, now=at(1.5))
    assert rows() == [("10:00", "skipped", words)]


def test_what_was_due_before_an_uninstall_was_missed():
    by_the_hour().uninstall(actor=TESTER, now=at(1.5))
    assert rows() == [("10:00", "missed", "No clock had come to it before the app was uninstalled.")]


def test_a_schedule_that_is_switched_off_in_a_pause_skipped_its_times():
    by_the_hour().pause(actor=TESTER, now=at(0.5))
    job().disable("", at(1.5))
    slot = Slot.objects.get()
    assert (slot.verdict, slot.reason) == ("skipped", "paused")


def test_a_pause_that_fails_leaves_what_is_owed_to_the_clock(monkeypatch):
    app = by_the_hour()
    monkeypatch.setattr(Job, "close_owed", refuse)
    with pytest.raises(RuntimeError):
        app.pause(actor=TESTER, now=at(1.5))
    assert (app.status, App.objects.get().status, rows()) == ("active", "active", [])


def refuse(*args, **kwargs):
    raise RuntimeError("no")


def test_a_pause_is_told_with_who_and_from_what():
    install_app().pause(actor=TESTER, now=LATER, reason="tea time")
    line = AuditEntry.objects.latest("id")
    assert (line.verb, line.actor, line.summary) == ("pause", str(TESTER), "Kettle Watch: tea time")
    assert (line.before, line.after) == ({"status": "active"}, {"status": "paused"})


def test_a_resume_brings_back_a_job_that_errors_had_switched_off():
    app = install_app()
    set_status(app, Status.ERROR, error_message="Stopped.")
    Job.objects.update(enabled=False, status="disabled", next_run_at=None, consecutive_errors=5)
    app.resume(actor=TESTER, now=LATER)
    assert (job().enabled, job().consecutive_errors) == (True, 0)
    assert job().next_run_at > LATER
    assert App.objects.get().error_message is None
    line = AuditEntry.objects.get(verb="switch_on")
    assert (line.actor, line.object_id, line.ts) == (str(TESTER), job().pk, LATER)


def test_a_resume_brings_back_a_job_that_ran_while_the_clock_was_ahead():
    app = install_app()
    ahead = LATER + timedelta(days=1000)
    Job.objects.update(last_run_at=ahead, next_run_at=ahead)
    app.pause(actor=TESTER, now=LATER)
    app.resume(actor=TESTER, now=LATER)
    assert LATER < job().next_run_at < LATER + timedelta(days=2)


def test_a_resume_leaves_a_job_off_that_no_error_had_switched_off():
    app = install_app()
    set_status(app, Status.PAUSED)
    job().disable("switched off by a person", NINE)
    app.resume(actor=TESTER, now=LATER)
    assert not job().enabled


def test_a_resume_is_refused_while_a_value_is_missing():
    app = install_app(config_schema=[PAGE])
    with pytest.raises(CannotRun, match="needs configuration: Page"):
        app.resume(actor=TESTER, now=LATER)
    assert App.objects.get().status == "paused"


def test_a_resume_from_waiting_keeps_the_open_question():
    app = install_app()
    set_status(app, Status.WAITING_USER, pending_escalation_id="question")
    app.resume(actor=TESTER, now=LATER)
    assert App.objects.get().pending_escalation_id == "question"


def test_of_two_processes_that_pause_one_is_refused():
    app = install_app()
    other = App.objects.get()
    app.pause(actor=TESTER, now=LATER)
    with pytest.raises(StatusRefused):
        other.pause(actor=TESTER, now=LATER)


def test_an_uninstalled_app_has_its_jobs_off_and_its_files_still():
    app = install_app()
    app.uninstall(actor=TESTER, now=LATER)
    assert not job().enabled
    assert app.folder.is_dir()
    assert App.objects.get().uninstalled_at == LATER


def test_a_reinstalled_app_has_its_jobs_on_again():
    app = install_app()
    app.uninstall(actor=TESTER, now=LATER)
    app.reinstall(actor=TESTER, now=LATER)
    stored = App.objects.get()
    assert (stored.status, stored.uninstalled_at, stored.resumed_at) == ("active", None, LATER)
    assert job().next_run_at > LATER


def test_an_app_reinstalled_without_a_needed_value_waits_for_it():
    app = install_app(config_schema=[PAGE])
    app.uninstall(actor=TESTER, now=LATER)
    app.reinstall(actor=TESTER, now=LATER)
    stored = App.objects.get()
    assert (stored.status, stored.error_message) == ("paused", "needs configuration: Page")


def test_installing_over_an_uninstalled_app_keeps_its_spec_before():
    app = install_app(version="1.0")
    app.uninstall(actor=TESTER, now=LATER)
    install_app(version="2.0", now=LATER)
    assert SpecVersion.objects.get().version == "1.0"
    assert App.objects.get().resumed_at == LATER


def test_a_moved_app_keeps_its_folder():
    app = install_app()
    folder = app.folder
    assert app.move_to_space(add_space("Work"), actor=TESTER, now=LATER)
    stored = App.objects.get()
    assert (stored.space.name, stored.folder, stored.data_path) == ("Work", folder, str(folder))


def test_an_app_that_moves_home_is_pinned_no_more():
    app, home = install_app(), all_spaces()[0]
    app.move_to_space(add_space("Work"), actor=TESTER, now=LATER)
    app.move_to_space(home, actor=TESTER, now=LATER)
    assert App.objects.get().data_path is None


def test_a_move_to_where_it_is_changes_nothing():
    app = install_app()
    before = AuditEntry.objects.count()
    assert not app.move_to_space(app.space, actor=TESTER, now=LATER)
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("is_uninstalled", [False, True])
def test_a_move_to_a_namesake_is_refused(is_uninstalled):
    app, work = install_app(), add_space("Work")
    other = install_app(name="Another")
    other.move_to_space(work, actor=TESTER, now=LATER)
    App.objects.filter(pk=other.pk).update(spec_id=app.spec_id)
    if is_uninstalled:
        set_status(other, Status.UNINSTALLED)
    before = app.space_id
    with pytest.raises(Namesake, match="Work"):
        app.move_to_space(work, actor=TESTER, now=LATER)
    assert App.objects.get(pk=app.pk).space_id == before


def test_a_move_to_a_space_that_is_not_there_is_refused(tmp_path):
    app = install_app()
    nowhere = Space("nowhere", "Nowhere", "folder", tmp_path, None, None, None, None)
    with pytest.raises(AppError, match="no space"):
        app.move_to_space(nowhere, actor=TESTER, now=LATER)


def test_a_deleted_app_leaves_nothing_but_its_folder_in_the_trash():
    app = install_app()
    (app.folder / "memory.md").write_text("# now\n")
    Slot.objects.create(job=job(), due_at=NINE, verdict="ran")
    app.uninstall(actor=TESTER, now=LATER)
    trashed = app.delete_permanently(actor=TESTER, now=LATER)
    assert not App.objects.exists()
    assert not Job.objects.exists()
    assert not Slot.objects.exists()
    assert trashed.parent == data_dir().trash
    assert (trashed / "memory.md").read_text() == "# now\n"


def test_an_app_is_deleted_only_once():
    app = install_app()
    app.uninstall(actor=TESTER, now=LATER)
    other = App.objects.get()
    app.delete_permanently(actor=TESTER, now=LATER)
    with pytest.raises(DeletionRefused, match="not there any more"):
        other.delete_permanently(actor=TESTER, now=LATER)


@pytest.mark.parametrize("part", ["", "memory"])
def test_a_folder_that_is_another_apps_as_well_stays(part):
    app, other = install_app(), install_app(name="Another")
    (other.folder / "memory.md").write_text("# now\n")
    App.objects.filter(pk=app.pk).update(data_path=str(other.folder / part))
    app = App.objects.get(pk=app.pk)
    app.uninstall(actor=TESTER, now=LATER)
    assert app.delete_permanently(actor=TESTER, now=LATER) is None
    assert (other.folder / "memory.md").exists()
    assert (other.folder / "memory").is_dir()


def test_an_app_whose_folder_is_a_link_is_deleted_without_following_it(tmp_path):
    app = install_app()
    app.uninstall(actor=TESTER, now=LATER)
    folder = app.folder
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert app.delete_permanently(actor=TESTER, now=LATER) is None
    assert (tmp_path / "elsewhere" / "memory").is_dir()


def test_a_resume_makes_a_lost_job_again():
    app = install_app()
    set_status(app, Status.PAUSED)
    Job.objects.all().delete()
    app.resume(actor=TESTER, now=LATER)
    assert job().next_run_at > LATER
