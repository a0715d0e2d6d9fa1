"""What an editor says of the disk before somebody types."""

import os
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from memory.places import Place
from tests.memory.conftest import put
from tests.memory.test_editor_pages import url

pytestmark = pytest.mark.django_db
TEXT = "# now\n"


def test_a_read_only_disk_is_told_before_typing(
    operator_client: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, TEXT)
    real = os.statvfs(place.base)
    flags = [*real[:8], real.f_flag | os.ST_RDONLY, *real[9:]]
    monkeypatch.setattr(os, "statvfs", lambda _path: os.statvfs_result(flags))
    assert "mounted read only" in operator_client.get(url(place, "edit")).content.decode()


def test_a_full_disk_is_told_before_typing(
    operator_client: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, TEXT)
    real = list(os.statvfs(place.base))
    real[4] = 0  # free blocks for everybody but root
    monkeypatch.setattr(os, "statvfs", lambda _path: os.statvfs_result(real))
    assert "The disk of this file is full" in operator_client.get(url(place, "edit")).content.decode()


def test_a_disk_that_is_almost_full_is_told_as_that(
    operator_client: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text of a few bytes may still fit."""
    put(place, TEXT)
    real = list(os.statvfs(place.base))
    real[1], real[4] = 4096, 49  # bytes of a block, free blocks
    monkeypatch.setattr(os, "statvfs", lambda _path: os.statvfs_result(real))
    page = operator_client.get(url(place, "edit")).content.decode()
    assert "almost full: 200,704 bytes are free" in page
    assert "Nothing can be saved" not in page


def test_a_folder_that_may_not_be_written_is_told_before_typing(
    operator_client: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, TEXT)
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert "may not write in" in operator_client.get(url(place, "edit")).content.decode()


@pytest.mark.parametrize("typed", ["", "topics/new", "..", "a/../../x"])
def test_a_folder_that_takes_no_new_file_is_told_before_typing(
    operator_client: Client, place: Place, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    folder = put(place, TEXT, "topics/old.md").parent.parent
    monkeypatch.setattr(os, "access", lambda path, _mode: not Path(path).is_relative_to(folder))
    address = reverse("memory:document_new", args=[place.key])
    assert "may not write in" in operator_client.get(address, {"name": typed}).content.decode()
    assert "may not write in" not in operator_client.get(url(place, "edit")).content.decode()


def test_a_healthy_disk_is_not_mentioned(operator_client: Client, place: Place) -> None:
    put(place, TEXT)
    assert "Saving may fail here now" not in operator_client.get(url(place, "edit")).content.decode()
