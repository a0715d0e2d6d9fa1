"""The verb: row, jobs, folders and audit line, or none of them."""

import shutil
import stat

import pytest
from django.db import DatabaseError, connection

from app_manager import install as module
from app_manager.exceptions import AlreadyInstalled, ConfigurationRefused, FoldersRefused, SpaceNotFound
from app_manager.install import install
from app_manager.models import App
from app_manager.spec import SpecError
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import ensure_default_space, temporary_space
from halo_site.models import AuditEntry
from scheduler.models import Job
from tests.app_manager.factories import (
    BROKEN,
    LIMIT,
    NINE,
    PAGE,
    TESTER,
    everything_below_spaces,
    install_app,
    space,
    spec_text,
    uninstall,
)

pytestmark = pytest.mark.django_db


def nothing_happened(before):
    return (
        not App.objects.exists()
        and not Job.objects.exists()
        and not AuditEntry.objects.exists()
        and everything_below_spaces() == before
    )


def test_it_stores_the_spec_as_written():
    text = "# a note of the author\n" + spec_text()
    assert install_app(text).spec_text == text


def test_its_name_is_its_spec_id():
    assert install_app().spec_id == "Kettle Watch"


def test_the_stored_spec_reads_as_the_same_spec():
    text = spec_text(filters=[{"field": "a", "op": "eq", "value": None}], config_schema=[PAGE, LIMIT])
    from app_manager.spec import parse_spec

    app = install_app(text)
    assert App.objects.get(pk=app.pk).parsed_spec == parse_spec(text)


def test_it_is_active():
    assert install_app().status == "active"


def test_it_makes_a_job_for_each_schedule_and_none_for_other_triggers():
    subscriptions = [
        {"id": "often", "source": {"type": "schedule", "config": {"every": "30m"}}},
        {"id": "hook", "source": {"type": "webhook", "config": {"path": "kettle"}}},
    ]
    app = install_app(subscriptions=subscriptions)
    job = Job.objects.get()
    assert (job.pk, job.name, job.kind) == (f"{app.pk}:often", "Kettle Watch - often", "app")
    assert job.schedule == {"kind": "every", "every": "30m"}


def test_its_job_knows_its_app_and_its_policies():
    subscription = {"id": "a", "missed": "skip", "source": {"type": "schedule", "config": {"every": "1h"}}}
    app = install_app(subscriptions=[subscription])
    facts = {"appId": app.pk, "subscriptionId": "a", "missed": "skip", "overlap": "skip"}
    assert Job.objects.get().metadata == facts


def test_it_makes_its_folders_for_nobody_else():
    app = install_app()
    modes = [stat.S_IMODE(folder.stat().st_mode) for folder in (app.folder, app.folder / "memory")]
    assert modes == [0o700, 0o700]


def test_it_writes_who_installed_it():
    app = install_app()
    line = AuditEntry.objects.get()
    assert (line.actor, line.verb, line.object_id) == ("system:tests", "install", app.pk)


def test_what_is_granted_and_denied_is_stored_under_the_known_names():
    app = install_app(granted=("web_fetch",), denied=("memory.space",))
    assert app.permissions == {"granted": ["web"], "denied": ["memory.space"]}


@pytest.mark.parametrize("kind", ["skill", "mcp", "extension"])
def test_other_types_install_without_jobs(kind):
    more = {"mcp_server": {"command": "serve"}} if kind == "mcp" else {}
    install_app(type=kind, subscriptions=None, **more)
    assert not Job.objects.exists()


def test_with_a_required_value_missing_it_is_paused_and_says_what_it_needs():
    app = install_app(config_schema=[PAGE, {**PAGE, "key": "second", "label": "Second page"}])
    assert (app.status, app.error_message) == ("paused", "needs configuration: Page, Second page")


def test_an_app_that_needs_configuration_has_its_jobs_all_the_same():
    install_app(config_schema=[PAGE])
    assert Job.objects.get().enabled


def test_only_values_that_differ_from_the_spec_are_stored():
    configuration = {"page": "https://example.org/", "limit": 20}
    app = install_app(config_schema=[PAGE, LIMIT], configuration=configuration)
    assert app.user_config == {"page": "https://example.org/"}


@pytest.mark.parametrize(
    "configuration", [{"page": "no address"}, {"unknown": 1}, {"limit": "many"}, {"limit": [1]}]
)
def test_a_configuration_that_does_not_fit_leaves_nothing(configuration):
    before = everything_below_spaces()
    with pytest.raises(ConfigurationRefused):
        install_app(config_schema=[PAGE, LIMIT], configuration=configuration)
    assert nothing_happened(before)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_spec_leaves_nothing(text):
    before = everything_below_spaces()
    with pytest.raises(SpecError):
        install_app(text)
    assert nothing_happened(before)


def test_it_refuses_a_space_that_is_not_in_the_index():
    with pytest.raises(SpaceNotFound):
        install(
            spec_text(), space=temporary_space(), configuration={}, permissions={}, actor=TESTER, now=NINE
        )


def test_it_refuses_a_second_one_of_the_same_name_and_names_the_first():
    first = install_app()
    with pytest.raises(AlreadyInstalled) as refusal:
        install_app()
    assert refusal.value.app_id == first.pk


def test_a_refused_second_one_changes_nothing():
    install_app()
    before = everything_below_spaces()
    with pytest.raises(AlreadyInstalled):
        install_app(description="Another one.")
    assert App.objects.get().description == "Watches the price of a kettle."
    assert everything_below_spaces() == before


def test_the_database_decides_between_two_installs_at_once(monkeypatch):
    first = install_app()
    answers = iter([None, first])  # as the second one sees it: nobody there, then the winner
    monkeypatch.setattr(module, "find_installed", lambda spec, space: next(answers))
    with pytest.raises(AlreadyInstalled) as refusal:
        install_app()
    assert refusal.value.app_id == first.pk


def test_over_an_uninstalled_one_it_restores_it_under_its_id_with_the_new_spec():
    first = install_app()
    uninstall(first)
    again = install_app(description="Watches two kettles.", granted=("web",))
    assert (again.pk, again.status, again.uninstalled_at) == (first.pk, "active", None)
    assert (again.description, again.permissions["granted"]) == ("Watches two kettles.", ["web"])


def test_a_restored_app_has_the_jobs_of_its_new_spec_only():
    first = install_app()
    uninstall(first)
    install_app(subscriptions=[{"id": "new", "source": {"type": "schedule", "config": {"every": "1h"}}}])
    on = {job.pk: job.enabled for job in Job.objects.all()}
    assert on == {f"{first.pk}:morning": False, f"{first.pk}:new": True}


def test_a_restored_app_keeps_the_schedule_that_a_person_set():
    first = install_app()
    App.objects.filter(pk=first.pk).update(
        user_overrides={"subscriptions": {"morning": {"kind": "every", "every": "2h"}}}
    )
    uninstall(first)
    install_app()
    assert Job.objects.get().schedule == {"kind": "every", "every": "2h"}


def test_a_file_in_the_way_of_its_folders_leaves_nothing():
    (space().path / "apps").rmdir()
    (space().path / "apps").write_text("in the way")
    before = everything_below_spaces()
    with pytest.raises(FoldersRefused, match="Nothing was installed"):
        install_app()
    assert nothing_happened(before)


def test_a_link_in_the_way_of_its_folders_leaves_nothing(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (space().path / "apps").rmdir()
    (space().path / "apps").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FoldersRefused):
        install_app()
    assert not App.objects.exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_a_failure_at_the_very_end_takes_the_folders_away_again(monkeypatch):
    before = everything_below_spaces()

    def fail():
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(connection, "_commit", fail)
    with pytest.raises(DatabaseError):
        install_app()
    monkeypatch.undo()
    assert nothing_happened(before)


def test_a_missing_folder_of_a_space_of_ours_is_made():
    chosen = space()
    shutil.rmtree(chosen.path)
    assert install_app().folder.is_dir()


def test_a_missing_folder_of_a_space_elsewhere_is_refused(tmp_path):
    import json

    gone = tmp_path / "unmounted" / "space"
    index = {"version": 3, "spaces": {"away": {"path": str(gone), "name": "Away"}}}
    data_dir().spaces_index.write_text(json.dumps(index))
    with pytest.raises(FoldersRefused, match="missing"):
        install_app()
    assert not App.objects.exists()
    data_dir().spaces_index.unlink()
    ensure_default_space(NINE)
