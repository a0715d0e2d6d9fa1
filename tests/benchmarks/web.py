"""The web process as `up` starts it: time to its first page, its import, its memory."""

import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from tests.benchmarks.measuring import Sample
from tests.benchmarks.sites import resident_mb
from tests.processes import ROOT, environment, free_port, manage, start

HEADINGS = ("first page s", "import s", "bare python s", "memory MB", "model libraries")
IMPORT = "import halo_site.wsgi, halo_site.urls"
LIBRARIES = ("pydantic_ai", "openai", "anthropic", "mcp", "httpx2", "trafilatura", "apprise")
PAGES = 50
SETTINGS = {"DJANGO_SETTINGS_MODULE": "halo_site.settings"}


def figures() -> tuple[object, ...]:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        migrated = manage(data, "migrate", "--verbosity", "0")
        assert migrated.returncode == 0, migrated.stderr
        first_page, memory = _served(data)
        imports = [_seconds(data, IMPORT) for _round in range(5)]
        bare = [_seconds(data, "pass") for _round in range(5)]
        libraries = loaded(data)
    return first_page, Sample(imports).median, Sample(bare).median, memory, ", ".join(libraries) or "none"


def _served(data: Path) -> tuple[float, float]:
    """Seconds from the start of `up` to the first page, and the memory of the process that served 50."""
    port, began = free_port(), time.monotonic()
    process = start(data, "up", "--bind", f"127.0.0.1:{port}", "--workers", "1")
    address = f"http://127.0.0.1:{port}/login/"
    try:
        while not _answers(address):
            time.sleep(0.02)
        first = time.monotonic() - began
        for _page in range(PAGES):
            _answers(address)
        return first, max(resident_mb(pid) for pid in _web_processes(process.pid))
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _answers(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def _web_processes(supervisor: int) -> list[int]:
    """The processes of the web server below the supervisor."""
    found, wanted = [], [supervisor]
    while wanted:
        parent = wanted.pop()
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        wanted += map(int, children)
        found += [int(pid) for pid in children if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return found


def _seconds(data: Path, code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=environment(data, **SETTINGS), cwd=ROOT, check=True)
    return time.perf_counter() - began


def loaded(data: Path) -> list[str]:
    """The model libraries that the web process has imported."""
    code = f"{IMPORT}; import sys; print(*[x for x in {LIBRARIES!r} if x in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(data, **SETTINGS),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()
