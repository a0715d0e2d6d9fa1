"""`python3 manage.py` on a machine that has nothing but Python."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from halo_site import bootstrap

PROJECT = tomllib.loads((bootstrap.ROOT / "pyproject.toml").read_text())


def test_every_command_needs_the_dependencies_and_what_runs_use() -> None:
    wanted = bootstrap.requirements(PROJECT, bootstrap.RUNNING)
    assert wanted[: len(PROJECT["project"]["dependencies"])] == PROJECT["project"]["dependencies"]
    names = ("psycopg", "pydantic-ai-slim", "mcp", "httpx2", "trafilatura", "apprise")
    assert [name for name in names if not any(wish.startswith(name) for wish in wanted)] == []


def test_a_requirement_on_ourselves_is_not_installed() -> None:
    wanted = bootstrap.requirements(PROJECT, ("postgres", "test"))
    assert not any(requirement.startswith("halo-site") for requirement in wanted)
    assert "pytest" in wanted


@pytest.mark.parametrize(
    "requirement", ["django>=5.2,<5.3", "django-tasks-db[compat]", "pydantic >=2", "granian"]
)
def test_it_sees_what_is_installed(requirement: str) -> None:
    assert bootstrap.installed(requirement)


def test_it_sees_what_is_missing() -> None:
    assert not bootstrap.installed("halo-site-of-another-world>=1")


def test_nothing_is_done_where_everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "installed", lambda requirement: True)
    monkeypatch.setattr(bootstrap, "run", lambda command, problem: pytest.fail("it ran something"))
    assert bootstrap.ensure(["manage.py", "check"]) is None


def test_somebody_elses_virtual_environment_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "installed", lambda requirement: requirement != "granian")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(SystemExit) as end:
        bootstrap.ensure(["manage.py", "check"])
    assert end.value.code == 2
    assert "lacks granian" in capsys.readouterr().err


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit):
        bootstrap.ensure(["manage.py"])
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_the_mark_holds_for_exactly_these_requirements(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    (tmp_path / "stamp").write_text(bootstrap.fingerprint(["a", "b"]))
    assert bootstrap.stamped(["b", "a"])
    assert not bootstrap.stamped(["a", "b", "c"])


def test_without_a_mark_nothing_counts_as_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    assert not bootstrap.stamped(["a"])


def test_a_failed_step_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bootstrap.run([sys.executable, "-c", "raise SystemExit(1)"], "python3 -m venv failed")
    assert "apt install python3-venv" in capsys.readouterr().err


def test_it_uses_the_standard_library_only() -> None:
    use = "import sys; sys.path[:0] = sys.argv[1:]; import halo_site.bootstrap; print(sys.modules.keys())"
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", use, str(bootstrap.ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "'django'" not in result.stdout
