"""A disk that is really full: the memory on a file system of a few blocks."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from memory import documents, editing
from memory.exceptions import MemoryRefused
from memory.models import Revision, digest
from memory.places import Place, place_of_app

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(os.geteuid() != 0, reason="Only root can mount a small file system."),
]
FULL = 128 * 1024  # bytes


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """The memory of an app whose folder has room for 128 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={FULL}", "none", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("This machine lets nobody mount a small file system.")
    yield place_of_app("kettle", "Kettle", None, folder)
    subprocess.run(["umount", str(folder)], check=True)


def test_a_save_that_does_not_fit_changes_nothing_and_the_next_one_that_fits_does(place: Place) -> None:
    editing.create(place, "", "short\n", by="mara", now=timezone.now())
    base = digest(b"short\n")
    with pytest.raises(MemoryRefused, match="No space left on device"):
        editing.save(place, "", "x" * FULL, base=base, by="mara", now=timezone.now())
    assert documents.on_disk(place, "") == b"short\n"
    assert Revision.objects.count() == 1
    assert os.listdir(place.base) == ["memory.md"]  # noqa: PTH208 - names only
    editing.save(place, "", "longer, but not much\n", base=base, by="mara", now=timezone.now())
    assert documents.on_disk(place, "") == b"longer, but not much\n"


def test_a_full_disk_does_not_keep_anybody_from_removing_a_file(place: Place) -> None:
    editing.create(place, "a.md", "x" * (FULL // 2), by="mara", now=timezone.now())
    with pytest.raises(MemoryRefused, match="No space left"):
        editing.create(place, "b.md", "y" * FULL, by="mara", now=timezone.now())
    editing.remove(place, "a.md", base=digest(b"x" * (FULL // 2)), by="mara", now=timezone.now())
    editing.create(place, "b.md", "y" * (FULL // 2), by="mara", now=timezone.now())
    assert documents.on_disk(place, "a.md") is None
