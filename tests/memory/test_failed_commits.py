"""A commit that fails after the file was changed: the file is put back, or it is said that it was not."""

from collections.abc import Callable

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from halo_site.datadir import steps, swapping
from memory import documents, editing
from memory.exceptions import MemoryRefused
from memory.models import Revision, digest
from memory.permissions import Caller
from memory.places import Place
from memory.recording import LIMIT_BYTES
from tests.memory.conftest import put

pytestmark = pytest.mark.django_db(transaction=True)
OLD = "old\n"


def failing(_wrapper: BaseDatabaseWrapper) -> None:
    raise OperationalError("database or disk is full")


@pytest.fixture
def files(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, bytes]]:
    """A main file and another one; from then on, no commit succeeds. Returns what there is, temporary
    files included."""
    for name in ("", "a.md"):
        editing.create(place, name, OLD, by="mara", now=timezone.now())
    put(place, b"x" * (LIMIT_BYTES + 1), "large.md")
    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", failing)

    def there() -> dict[str, bytes]:
        paths = [path for path in place.lock.parent.rglob("*") if path.is_file()]
        return {str(path.relative_to(place.lock.parent)): path.read_bytes() for path in paths}

    return there


def append(place: Place) -> object:
    return documents.append(Caller("app", "kettle"), place, "new", now=timezone.now())


def save(place: Place) -> object:
    return editing.save(place, "a.md", "new\n", base=digest(OLD.encode()), by="mara", now=timezone.now())


def create(place: Place) -> object:
    return editing.create(place, "new.md", "new\n", by="mara", now=timezone.now())


def rename(place: Place) -> object:
    return editing.rename(place, "a.md", "b.md", by="mara", now=timezone.now())


def remove(place: Place) -> object:
    return editing.remove(place, "a.md", base=digest(OLD.encode()), by="mara", now=timezone.now())


def remove_large(place: Place) -> object:
    base = f"{LIMIT_BYTES + 1} bytes"
    return editing.remove(place, "large.md", base=base, by="mara", now=timezone.now())


VERBS = (append, save, create, rename, remove, remove_large)


@pytest.mark.parametrize("verb", VERBS)
def test_a_change_that_is_not_committed_is_taken_back(
    place: Place, files: Callable[[], dict[str, bytes]], verb: Callable[[Place], object]
) -> None:
    before, count = files(), Revision.objects.count()
    with pytest.raises((MemoryRefused, OperationalError), match=r"was not made|disk is full"):
        verb(place)
    assert files() == before
    assert Revision.objects.count() == count


def test_where_names_cannot_be_exchanged_the_old_text_is_written_again(
    place: Place, files: Callable[[], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "_renameat2", lambda: None)
    before = files()
    with pytest.raises(MemoryRefused, match="was not made"):
        save(place)
    assert files() == before


def test_a_file_that_cannot_be_put_back_is_said_to_be_changed(
    place: Place, files: Callable[[], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_step: steps.Step) -> None:
        raise OSError("refused")

    monkeypatch.setattr(steps.Step, "undo", refused)
    with pytest.raises(MemoryRefused, match="was changed on the disk"):
        save(place)
    assert files()["memory/a.md"] == b"new\n"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection to lose.")
def test_where_the_connection_is_lost_in_a_commit_the_new_text_stays(
    place: Place, files: Callable[[], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(wrapper: BaseDatabaseWrapper) -> None:
        wrapper.connection.close()
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", lost)
    with pytest.raises(MemoryRefused, match="was changed on the disk"):
        save(place)
    assert files()["memory/a.md"] == b"new\n"


def test_what_another_program_put_there_meanwhile_is_left_alone(
    place: Place, files: Callable[[], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def outdone(wrapper: BaseDatabaseWrapper) -> None:
        path = place.base / place.below("a.md")
        path.with_name("theirs").write_text("theirs\n")
        path.with_name("theirs").rename(path)
        failing(wrapper)

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", outdone)
    with pytest.raises(MemoryRefused, match="was not made"):
        save(place)
    assert files()["memory/a.md"] == b"theirs\n"
