"""Compaction: a copy first, then one step; whatever ends it half way loses nothing."""

import pytest

from memory import documents
from memory.compaction import LONGEST_BYTES, compact
from memory.exceptions import MemoryRefused
from memory.models import Revision, digest
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import put
from tests.memory.test_shortening import NOW, entry, history

pytestmark = pytest.mark.django_db

LONG = f"{NOW}\n{history(100)}"


def archives(place: Place) -> list[bytes]:
    found = [info.name for info in documents.files(place).others if info.name.startswith("archive/")]
    return [documents.on_disk(place, name) or b"" for name in found]


def test_a_long_memory_is_archived_and_shortened_and_both_are_revisions(app: Caller, place: Place) -> None:
    documents.replace(app, place, LONG, now=BEGINNING)
    saved = compact(place, BEGINNING)
    assert saved
    assert saved.size < LONGEST_BYTES
    assert archives(place) == [LONG.encode()]
    rows = Revision.objects.order_by("id").values_list("path", "operation", "author_id", "run_id", "sha256")
    (main, *_rest), (archive, *facts), (shorter, *more) = rows
    assert (main, shorter, facts) == (
        "memory.md",
        "memory.md",
        ["archived", "kettle", None, digest(LONG.encode())],
    )
    assert more == ["compacted", "kettle", None, digest(documents.on_disk(place, ""))]
    assert f"are in {archive} -->" in (documents.on_disk(place, "") or b"").decode()


def test_a_memory_within_the_limit_and_none_at_all_are_left_alone(app: Caller, place: Place) -> None:
    assert compact(place, BEGINNING) is None
    documents.replace(app, place, LONG[:LONGEST_BYTES], now=BEGINNING)
    assert compact(place, BEGINNING) is None
    assert archives(place) == []


@pytest.mark.parametrize("data", [b"x" * 200_000, b"# History\n\xff" + b"x" * 200_000])
def test_what_cannot_be_shortened_is_not_archived_after_each_run(place: Place, data: bytes) -> None:
    put(place, data)
    assert compact(place, BEGINNING) is None
    assert archives(place) == []


def test_two_in_a_minute_have_archives_of_their_own(app: Caller, place: Place) -> None:
    texts = [f"{LONG}{entry(number)}" for number in range(4)]
    for text in texts:
        documents.replace(app, place, text, now=BEGINNING)
        assert compact(place, BEGINNING)
    assert sorted(archives(place)) == sorted(text.encode() for text in texts)


def test_what_another_program_writes_meanwhile_is_not_replaced(
    app: Caller, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents.replace(app, place, LONG, now=BEGINNING)
    from memory import compaction

    write = compaction.write_locked

    def meddled(place: Place, name: str, *args: object) -> object:
        saved = write(place, name, *args)  # type: ignore[arg-type]
        if name:
            put(place, "by an editor on the server")
        return saved

    monkeypatch.setattr(compaction, "write_locked", meddled)
    with pytest.raises(MemoryRefused, match="changed while it was shortened"):
        compact(place, BEGINNING)
    assert documents.on_disk(place, "") == b"by an editor on the server"
    assert archives(place) == [LONG.encode()]
