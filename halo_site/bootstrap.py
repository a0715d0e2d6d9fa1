"""Makes `python3 manage.py …` work on a machine with nothing but Python: the standard library only.

Where the running interpreter has every dependency, it is used as it is. Inside somebody's own virtual
environment nothing is ever installed: that is theirs. Otherwise `.venv` beside `manage.py` is made once,
filled with the versions that `pyproject.toml` pins, and used from then on.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "halo-site-installed"
OLDEST = (3, 11)
RUNNING = ("postgres", "model", "notifications")  # the extras that every command gets


def ensure(arguments: list[str]) -> None:
    """Return where this interpreter can run the command; else replace this process by one that can."""
    if sys.version_info < OLDEST:
        fail("Halo Site needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")
    import tomllib  # not in an older Python, which the line above names

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = (*RUNNING, "test") if arguments[1:2] == ["test"] else RUNNING
    wanted = requirements(project, extras)
    # The interpreter of `.venv` counts too: its stamp says what it was filled with.
    if Path(sys.prefix).resolve() == VENV:
        if stamped(wanted) or all(installed(requirement) for requirement in wanted):
            return
    elif all(installed(requirement) for requirement in wanted):
        return
    elif sys.prefix != sys.base_prefix:
        missing = [requirement for requirement in wanted if not installed(requirement)]
        fail(f"This virtual environment lacks {', '.join(missing)}. Run: pip install -e '.[test]'")
    if not stamped(wanted):
        install(project, wanted)
    python = VENV / "bin" / "python"
    os.execv(python, [str(python), *arguments])  # noqa: S606 - our own interpreter, no shell


def requirements(project: dict[str, Any], extras: tuple[str, ...]) -> list[str]:
    """The direct requirements of the project and of the extras that this command needs."""
    wanted = list(project["project"]["dependencies"])
    for extra in extras:
        listed = project["project"]["optional-dependencies"][extra]
        wanted += [requirement for requirement in listed if not requirement.startswith("halo-site")]
    return wanted


def installed(requirement: str) -> bool:
    """Whether a distribution of that name is there; versions are the installer's business."""
    name = re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def fingerprint(wanted: list[str]) -> str:
    """Changes when the requirements, the pinned versions or the interpreter change."""
    text = "\n".join([sys.version.split()[0], *sorted(wanted), (ROOT / "pyproject.toml").read_text()])
    return hashlib.sha256(text.encode()).hexdigest()


def stamped(wanted: list[str]) -> bool:
    """Whether `.venv` was filled with exactly this (a test environment serves every command)."""
    marks = STAMP.read_text().split() if STAMP.exists() else []
    return fingerprint(wanted) in marks


def install(project: dict[str, Any], wanted: list[str]) -> None:
    """Make `.venv` and fill it; the stamp is written last, so that a broken attempt is made again."""
    print(f"Setting up {VENV} (once, about a minute) …", file=sys.stderr, flush=True)
    pins = project["tool"]["uv"]["constraint-dependencies"]
    marks = STAMP.read_text().split() if STAMP.exists() else []
    if not (VENV / "bin" / "python").exists():
        run([sys.executable, "-m", "venv", "--clear", str(VENV)], "python3 -m venv failed")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(pins))
        constraints.flush()
        python = str(VENV / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "-c", constraints.name, *wanted], "pip could not install what Halo Site needs")
    base = requirements(project, RUNNING)
    STAMP.write_text("\n".join({*marks, fingerprint(base), fingerprint(wanted)}))


def run(command: list[str], problem: str) -> None:
    """Run one step of the set-up; its own messages go to the terminal, ours says what to do."""
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - fixed words and our own file
        advice = (
            "On Debian and Ubuntu: apt install python3-venv." if "venv" in problem else "See the lines above."
        )
        fail(f"{problem}. {advice}")


def fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)
