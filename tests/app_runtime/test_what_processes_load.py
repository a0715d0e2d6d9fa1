"""The processes that show and plan load none of what runs need, and none at all loads apprise (DESIGN §8)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, environment

MODELS = ("pydantic_ai", "openai", "anthropic", "mcp", "httpx2", "trafilatura")
SENDING = ("apprise", "requests")
LOADED = {
    "web": "import halo_site.wsgi, django.urls; django.urls.get_resolver().url_patterns",
    "clock": "import django; django.setup(); import scheduler.clock, app_runtime.sweeping",
    "worker": "import django; django.setup(); import app_runtime.worker, app_runtime.tools",
}


def loaded_by(code: str, folder: Path) -> set[str]:
    """The packages that a process of its own has loaded after ``code``."""
    told = f"{code}; import sys; print(' '.join(sys.modules))"
    environ = environment(folder, DJANGO_SETTINGS_MODULE="halo_site.settings")
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("process", ["web", "clock"])
def test_a_process_that_shows_or_plans_loads_nothing_that_runs_need(process: str, tmp_path: Path) -> None:
    loaded = loaded_by(LOADED[process], tmp_path)
    assert "app_runtime.models" in loaded
    assert [name for name in (*MODELS, *SENDING) if name in loaded] == []


def test_a_worker_sends_in_a_process_of_its_own(tmp_path: Path) -> None:
    loaded = loaded_by(LOADED["worker"], tmp_path)
    assert "app_runtime.notifications.sending" in loaded
    assert [name for name in SENDING if name in loaded] == []


def test_what_is_loaded_would_be_seen(tmp_path: Path) -> None:
    assert "apprise" in loaded_by("import apprise", tmp_path)
