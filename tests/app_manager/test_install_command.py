"""`install_app`: what it prints, and one clear line for each failure."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from app_manager.models import App
from halo_site.models import AuditEntry
from tests.app_manager.factories import (
    BROKEN,
    GOOD,
    LIMIT,
    PAGE,
    everything_below_spaces,
    install_app,
    space,
    spec_text,
)
from tests.app_manager.test_installing_pages import SPECS
from tests.processes import manage
from tests.shared import shared_path

pytestmark = pytest.mark.django_db


@pytest.fixture
def spec_file(tmp_path: Path) -> Callable[[str], str]:
    """Writes a spec and returns its path."""

    def write(text: str) -> str:
        (tmp_path / "spec.yaml").write_text(text)
        return str(tmp_path / "spec.yaml")

    return write


def run(*arguments):
    """What the command printed to stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    call_command("install_app", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refusal(*arguments):
    """The lines of a failure."""
    with pytest.raises(CommandError) as error:
        run(*arguments)
    return str(error.value).splitlines()


def test_the_last_line_is_the_id_alone(spec_file):
    out, _ = run(spec_file(GOOD))
    assert out.splitlines()[-1] == App.objects.get().pk


def test_it_grants_what_the_spec_asks_for_and_says_it_in_words(spec_file):
    out, _ = run(spec_file(GOOD))
    assert "Granted: Read the memory of its space and add to it [memory.space]" in out
    assert App.objects.get().permissions == {"granted": ["web", "memory.space"], "denied": []}


def test_it_does_not_grant_what_is_denied(spec_file):
    out, _ = run(spec_file(GOOD), "--deny", "web_fetch")
    assert "Denied: Fetch web pages [web]" in out
    assert App.objects.get().permissions == {"granted": ["memory.space"], "denied": ["web"]}


def test_it_installs_into_the_default_space(spec_file):
    run(spec_file(GOOD))
    assert App.objects.get().space.name == "Default"


def test_it_installs_into_the_named_space(spec_file):
    run(spec_file(GOOD), "--space", space().id)
    assert App.objects.get().space_id == space().id


def test_it_sets_configuration_in_its_types(spec_file):
    path = spec_file(spec_text(config_schema=[PAGE, LIMIT]))
    run(path, "--set", "page=https://example.org/?a=b", "--set", "limit=7")
    assert App.objects.get().user_config == {"page": "https://example.org/?a=b", "limit": 7}


def test_it_reads_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    run("-")
    assert App.objects.get().spec_text == GOOD


def test_it_is_in_the_audit_log_as_the_command(spec_file):
    run(spec_file(GOOD))
    assert AuditEntry.objects.get().actor == "command:install_app"


def test_with_a_required_value_missing_it_says_so_and_still_prints_the_id(spec_file):
    out, err = run(spec_file(spec_text(config_schema=[PAGE])))
    assert "needs configuration: Page" in err
    assert App.objects.get(pk=out.splitlines()[-1]).status == "paused"


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_spec_is_one_line_a_problem_and_leaves_nothing(spec_file, text):
    before = everything_below_spaces()
    assert all(line.startswith("line ") for line in refusal(spec_file(text)))
    assert not App.objects.exists()
    assert everything_below_spaces() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--space", "elsewhere"], "There is no space with the id elsewhere"),
        (["--set", "limit"], "not KEY=VALUE"),
        (["--set", "colour=red"], "it has: limit"),
        (["--set", "limit=many"], "limit: Enter a number"),
        (["--deny", "root"], "There is no permission root"),
    ],
)
def test_each_failure_is_one_clear_line_and_leaves_nothing(spec_file, arguments, sentence):
    before = everything_below_spaces()
    lines = refusal(spec_file(spec_text(config_schema=[LIMIT])), *arguments)
    assert len(lines) == 1
    assert sentence in lines[0]
    assert not App.objects.exists()
    assert everything_below_spaces() == before


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path):
    assert refusal(str(tmp_path / "none.yaml")) == [
        f"{tmp_path}/none.yaml cannot be read: No such file or directory."
    ]


def test_a_folder_is_one_clear_line(tmp_path):
    assert refusal(str(tmp_path)) == [f"{tmp_path} cannot be read: Is a directory."]


def test_it_says_what_is_worth_a_look(spec_file):
    _, err = run(spec_file(GOOD + "\nsystm_prompt: x\n"))
    assert "did you mean `system_prompt`" in err


def test_a_second_install_names_the_first(spec_file):
    first = install_app(GOOD)
    assert first.pk in refusal(spec_file(GOOD))[0]


def test_without_tables_it_says_what_to_do_and_makes_no_file(tmp_path, spec_file):
    result = manage(tmp_path / "fresh", "install_app", spec_file(GOOD))
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].endswith("Run: python3 manage.py migrate")
    assert not (tmp_path / "fresh").exists()


@pytest.mark.parametrize("name", SPECS)
def test_every_shared_spec_installs(name):
    out, _ = run(str(shared_path(name)))
    app = App.objects.get(pk=out.splitlines()[-1])
    assert app.status == ("paused" if app.missing_configuration else "active")
