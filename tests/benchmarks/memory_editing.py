"""A memory file of 1 MB opened and saved, beside writing the same bytes durably and nothing else."""

import time
from collections.abc import Callable, Sequence

from tests.benchmarks.measuring import Sample, interleaved, ratio
from tests.benchmarks.memory import Extent, large_text

TITLE = "A memory file of 1 MB"
HEADINGS = ("", "median ms", "p95 ms", "/ bare write")
GOAL = "goal: save within 300 ms"
BARE = "write, fsync, rename of the same bytes"


def rows(extent: Extent) -> list[Sequence[object]]:
    """One row for each way to use it."""
    found = interleaved(_subjects(), counted=extent.rounds)
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
    subjects: dict[str, Callable[[], float]] = {BARE: _bare(text)}
    for name, (file, content) in files.items():
        _put(file, content)
        subjects[name] = _timed(_Saving(file).save)
    _put("page.md", text)
    visit = _Visit("page.md")
    subjects["open its page"] = _timed(visit.open)
    if visit.can_save:
        subjects["save from its page"] = _timed(visit.save)
    return {**subjects, "who wrote which line": _timed(_blame)}


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def milliseconds() -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000

    return milliseconds


def _bare(text: str) -> Callable[[], float]:
    return _timed(lambda: _put("bare.md", text))


def _put(name: str, text: str) -> None:
    from halo_site.datadir.files import write_below
    from memory.places import user_place

    write_below(user_place().base, user_place().below(name), text.encode())


class _Saving:
    """Saves that change two lines each, the text and its base as a form sends them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.number = 0

    def form(self) -> dict[str, str]:
        from memory.documents import on_disk
        from memory.line_ends import plain
        from memory.models import digest
        from memory.places import user_place

        self.number += 1
        before = on_disk(user_place(), self.name) or b""
        lines = plain(before.decode()).split("\n")
        lines[5], lines[-9] = f"note {self.number}", f"- kettle: {self.number}"
        return {"text": "\r\n".join(lines), "base": digest(before)}

    def save(self) -> None:
        from django.utils import timezone

        from memory import editing
        from memory.places import user_place

        saved = editing.save(user_place(), self.name, **self.form(), by="mara", now=timezone.now())
        assert saved.revision


class _Visit:
    """A signed-in browser at the page of a file."""

    def __init__(self, name: str) -> None:
        from django.contrib.auth.models import User
        from django.test import Client

        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(User.objects.create_superuser("mara"))
        self.name = name
        self.saving = _Saving(name)

    def address(self, name: str) -> str:
        from django.urls import reverse

        return reverse(f"memory:{name}", args=["user", self.name])

    def open(self) -> None:
        assert self.client.get(self.address("document_detail")).status_code == 200

    @property
    def can_save(self) -> bool:
        from django.urls import NoReverseMatch

        try:
            return bool(self.address("document_save"))
        except NoReverseMatch:
            return False

    def save(self) -> None:
        assert self.client.post(self.address("document_save"), self.saving.form()).status_code == 302


def _blame() -> None:
    from memory.blame import blame
    from memory.places import user_place

    assert blame(user_place(), "lf.md").lines
