"""A memory file of 1 MB opened and saved, beside writing the same bytes durably and nothing else."""

import time
from collections.abc import Callable, Sequence

from tests.benchmarks.measuring import Sample, interleaved, ratio
from tests.benchmarks.memory import large_text

TITLE = "A memory file of 1 MB"
HEADINGS = ("", "median ms", "p95 ms", "/ bare write")
GOAL = "goal: save within 300 ms"
BARE = "write, fsync, rename of the same bytes"


def rows(rounds: int) -> list[Sequence[object]]:
    """One row for each way to use it."""
    found = interleaved(_subjects(), counted=rounds)
    bare = found[BARE].median
    return [_row(name, sample, bare) for name, sample in found.items()]


def _row(name: str, sample: Sample, bare: float) -> Sequence[object]:
    return name, sample.median, sample.p95, ratio(sample.median, bare)


def _subjects() -> dict[str, Callable[[], float]]:
    text = large_text()
    files = {
        "save": ("lf.md", text),
        "save, CRLF": ("crlf.md", text.replace("\n", "\r\n")[: len(text)]),
        "save, mixed line ends": ("mixed.md", text.replace("\n- ", "\r\n- ")[: len(text)]),
    }
    subjects = {name: _saving(*file) for name, file in files.items()}
    return {BARE: _bare(text), "open its page": _opening(), **subjects, "who wrote which line": _blaming()}


def _bare(text: str) -> Callable[[], float]:
    from halo_site.datadir.files import write_below
    from halo_site.datadir.paths import data_dir

    data = text.encode()
    return lambda: _milliseconds(lambda: write_below(data_dir().root, "bare.md", data))


def _saving(name: str, text: str) -> Callable[[], float]:
    """A save that changes two lines, the text as a form sends it."""
    from django.utils import timezone

    from halo_site.datadir.files import write_below
    from memory import editing
    from memory.documents import on_disk
    from memory.line_ends import plain
    from memory.models import digest
    from memory.places import user_place

    place = user_place()
    write_below(place.base, place.below(name), text.encode())
    number = 0

    def save() -> float:
        nonlocal number
        number += 1
        before = on_disk(place, name) or b""
        lines = plain(before.decode()).split("\n")
        lines[5], lines[-9] = f"note {number}", f"- kettle: {number}"
        sent = "\r\n".join(lines)
        return _milliseconds(
            lambda: editing.save(place, name, sent, base=digest(before), by="mara", now=timezone.now())
        )

    return save


def _opening() -> Callable[[], float]:
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("mara"))
    address = reverse("memory:document_detail", args=["user", "lf.md"])

    def open_page() -> float:
        began = time.perf_counter()
        answer = client.get(address)
        taken = (time.perf_counter() - began) * 1000
        assert answer.status_code == 200, answer.status_code
        return taken

    return open_page


def _blaming() -> Callable[[], float]:
    from memory.blame import blame
    from memory.places import user_place

    return lambda: _milliseconds(lambda: blame(user_place(), "lf.md"))


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
