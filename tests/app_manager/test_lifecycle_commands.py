"""The commands that do one verb to one app."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from app_manager.models import App
from app_manager.states import Status
from halo_site.models import AuditEntry
from tests.app_manager.factories import install_app
from tests.factories import add_space, set_status

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("command", "before", "after", "words"),
    [
        ("pause_app", Status.ACTIVE, Status.PAUSED, "is paused"),
        ("resume_app", Status.PAUSED, Status.ACTIVE, "Next run: "),
        ("uninstall_app", Status.ACTIVE, Status.UNINSTALLED, "is uninstalled"),
        ("reinstall_app", Status.UNINSTALLED, Status.ACTIVE, "Next run: "),
    ],
)
def test_each_command_does_its_verb_and_says_so(capsys, command, before, after, words):
    app = install_app()
    set_status(app, before)
    call_command(command, app.pk)
    assert App.objects.get().status == after
    assert words in capsys.readouterr().out
    assert AuditEntry.objects.latest("id").actor == f"command:{command}"


def test_a_deletion_wants_a_yes():
    app = install_app()
    set_status(app, Status.UNINSTALLED)
    with pytest.raises(CommandError, match="Say --yes"):
        call_command("delete_app", app.pk)
    assert App.objects.exists()


def test_a_deletion_names_the_folder_in_the_trash(capsys):
    app = install_app()
    set_status(app, Status.UNINSTALLED)
    call_command("delete_app", app.pk, yes=True)
    assert not App.objects.exists()
    assert "/trash/" in capsys.readouterr().out


def test_a_move_names_the_space_and_the_folder(capsys):
    app, work = install_app(), add_space("Work")
    call_command("move_app", app.pk, space=work.id)
    assert "belongs to Work now" in capsys.readouterr().out


COMMANDS = ["pause_app", "resume_app", "uninstall_app", "reinstall_app", "delete_app"]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_app_is_one_clear_line(command):
    with pytest.raises(CommandError, match="There is no app with the id nowhere"):
        call_command(command, "nowhere")


def test_a_refusal_is_one_clear_line():
    app = install_app()
    with pytest.raises(CommandError, match="Kettle Watch is active already"):
        call_command("resume_app", app.pk)


def test_the_list_names_each_installed_app_with_its_id(capsys):
    app = install_app()
    set_status(install_app(name="Gone"), Status.UNINSTALLED)
    call_command("list_apps")
    assert capsys.readouterr().out == f"{app.pk}  active        Kettle Watch  (Default)\n"


def test_the_list_of_all_has_uninstalled_ones_and_ids_of_lost_spaces(capsys):
    app = install_app()
    set_status(app, Status.UNINSTALLED)
    App.objects.update(space_id="gone")
    call_command("list_apps", all=True)
    assert capsys.readouterr().out == f"{app.pk}  uninstalled   Kettle Watch  (gone)\n"


def test_a_list_of_nothing_says_so(capsys):
    call_command("list_apps")
    assert capsys.readouterr().err == "No app is installed.\n"


def test_what_is_uninstalled_is_to_be_reinstalled_not_resumed():
    app = install_app()
    set_status(app, Status.UNINSTALLED)
    with pytest.raises(CommandError, match="is uninstalled\\. Reinstall it first"):
        call_command("resume_app", app.pk)
