"""Attacks by file names and links (S14, S15): no byte outside the memory is read, written or moved."""

import itertools
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from memory import documents, editing
from memory.blame import blame
from memory.compaction import compact
from memory.exceptions import MemoryRefused
from memory.history import history, revision_of
from memory.models import AuthorKind, Operation, Revision, digest
from memory.outside import Watch
from memory.places import Place
from tests.conftest import BEGINNING
from tests.datadir.test_files import tree
from tests.memory.conftest import put
from tests.memory.test_compaction import LONG
from tests.memory.test_editor_pages import save, url

pytestmark = pytest.mark.django_db

SENTINEL = b"sentinel, and never to be read or written"
UP = [
    "../x.md",
    "../../x.md",
    "..",
    "a/../../x.md",
    "../memory-evil/x.md",
    "..\\x.md",
    "..%2fx.md/../../x.md",
]
ODD = ["/x.md", "//x.md", "a\0.md", "./x.md", "a/./x.md", "..../../x.md", "x.md/", " x.md"]
LINKS = ["linked/x.md", "link.md", "hard.md"]
same_fixtures = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def outside(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tree of sentinels that links in the memory lead to; whatever a test does, it ends as it began."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    folder = place.base / place.folder
    around = [elsewhere, folder.parent / "memory-evil"]
    for one in around:
        (one / "run").mkdir(parents=True)
        for name in ("x.md", "run/x.md", "memory.md"):
            (one / name).write_bytes(SENTINEL)
    folder.mkdir()
    (folder / "linked").symlink_to(elsewhere)
    (folder / "link.md").symlink_to(elsewhere / "x.md")
    (folder / "hard.md").hardlink_to(elsewhere / "x.md")
    (folder.parent / "x.md").write_bytes(SENTINEL)
    before = [tree(one) for one in around]
    yield elsewhere
    assert [tree(one) for one in around] == before
    assert (folder.parent / "x.md").read_bytes() == SENTINEL


def attempts(place: Place, name: str) -> list[Callable[[], object]]:
    """Every verb with this name, and with the right base should the file be the sentinel."""
    base, by, now = digest(SENTINEL), "mara", BEGINNING
    known = Revision(place=place.key, path="memory/x.md", sha256="x", content=zlib.compress(b"evil"))
    return [
        lambda: editing.save(place, name, "evil", base=base, by=by, now=now),
        lambda: editing.save(place, name, "evil", base="", by=by, now=now),
        lambda: editing.create(place, name, "evil", by=by, now=now),
        lambda: editing.rename(place, name, "new.md", by=by, now=now),
        lambda: editing.rename(place, "own.md", name, by=by, now=now),
        lambda: editing.remove(place, name, base=base, by=by, now=now),
        lambda: editing.restore(place, name, known, base=base, by=by, now=now),
    ]


@pytest.mark.parametrize("name", [*UP, *ODD, *LINKS], ids=ascii)
def test_no_verb_leads_out(place: Place, outside: Path, name: str) -> None:
    put(place, "own", "own.md")
    for attempt in attempts(place, name):
        with pytest.raises(MemoryRefused):
            attempt()
    assert documents.on_disk(place, "own.md") == b"own"
    assert not Revision.objects.filter(author_kind=AuthorKind.PERSON).exists()


@same_fixtures
@given(st.text(st.sampled_from("./\\x%2ef\0~ \u202e"), max_size=12).map(lambda name: f"{name}x.md"))
def test_no_name_at_all_leads_out(place: Place, outside: Path, name: str) -> None:
    for attempt in attempts(place, name):
        with suppress(MemoryRefused):
            attempt()


@pytest.mark.parametrize(
    "path", ["../../x.md", "memory/../../x.md", "/x.md", "memory/linked/x.md", "memory//x.md", ""]
)
def test_a_stored_path_opens_nothing(place: Place, outside: Path, path: str) -> None:
    """As an import or a hand in the database could leave it (S15)."""
    put(place, "own", "own.md")
    row = Revision.record(
        data=b"evil", now=BEGINNING, place=place.key, path=path, author_kind="outside", operation="renamed",
        other_path="../../x.md",
    )  # fmt: skip
    Watch().sweep(BEGINNING)
    assert revision_of(place, "own.md", row.pk) is None
    assert [line.text for line in blame(place, "own.md").lines] == ["own"]
    assert row not in history(place, "own.md").revisions
    assert not Revision.objects.filter(operation="removed").exists()


def test_a_link_to_an_archive_of_others_is_not_written_through(place: Place, outside: Path) -> None:
    put(place, LONG)
    (place.base / place.folder / "archive").symlink_to(outside)
    with pytest.raises(MemoryRefused, match="is a link"):
        compact(place, BEGINNING)
    assert documents.on_disk(place, "") == LONG.encode()


def test_nothing_outside_is_touched_while_folders_are_swapped_for_links(place: Place, outside: Path) -> None:
    """A thread swaps the folder for a link to the sentinels as fast as it can, for at most two seconds."""
    put(place, SENTINEL, "run/x.md")
    put(place, SENTINEL, "x.md")
    folder, done = place.base / place.folder, threading.Event()

    def swap() -> None:
        for turn in itertools.takewhile(lambda _turn: not done.is_set(), itertools.count()):
            gone = folder.with_name(f"gone-{turn}")
            folder.rename(gone)
            with suppress(FileExistsError):  # a writer made the folder anew
                folder.symlink_to(outside)
                folder.unlink()
            with suppress(OSError):
                gone.rename(folder)
            folder.mkdir(exist_ok=True)

    swapper = threading.Thread(target=swap)
    swapper.start()
    counts: Counter[bool] = Counter()
    deadline = time.monotonic() + 2
    try:
        while time.monotonic() < deadline and min(counts[True], counts[False]) < 100:
            for attempt in [*attempts(place, "x.md"), *attempts(place, "run/x.md")]:
                try:
                    attempt()
                    counts[True] += 1
                except MemoryRefused:
                    counts[False] += 1
            assert not (outside / "new.md").exists()
    finally:
        done.set()
        swapper.join()
    assert counts[True]
    assert counts[False]


@pytest.mark.parametrize(
    "other", ["../../etc/passwd", "memory/../x.md", "other/x.md", "memory/.x.md", "memory/"]
)
def test_a_new_name_that_no_file_can_have_leads_nowhere(
    operator_client: Client, place: Place, other: str
) -> None:
    editing.create(place, "old.md", "old", by="mara", now=BEGINNING)
    (place.base / place.below("old.md")).unlink()
    row = {"author_kind": "person", "author_id": "mara", "operation": Operation.RENAMED, "other_path": other}
    told = {**row, "parent_sha256": digest(b"old")}
    Revision.record(data=None, now=BEGINNING, place=place.key, path="memory/old.md", **told)
    shown = operator_client.get(url(place, "document_detail", "old.md"))
    refused = save(operator_client, place, "new", base=digest(b"old"), name="old.md")
    for answer, status in ((shown, 200), (refused, 409)):
        assert answer.status_code == status
        assert "has another name" not in answer.content.decode()
        assert "passwd" not in answer.content.decode()
