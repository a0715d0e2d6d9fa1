"""The clock's sweep: what other programs did to memory files becomes revisions, and nothing is invented."""

import logging
import os
import shutil
from collections.abc import Sequence
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from halo_site.datadir.files import locked
from halo_site.doctor.findings import Finding
from memory import checkups, documents, editing
from memory.models import Revision, digest
from memory.outside import Watch
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import Apps, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def watch(place: Place, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """With time for everything in one sweep, however busy the machine; tests of its end set it themselves."""
    monkeypatch.setattr("memory.outside.LONGEST_SECONDS", 600)
    return Watch()


def history(place: Place, name: str = "") -> list[tuple[str, str]]:
    rows = Revision.objects.for_document(place.key, place.path(name)).order_by("id")
    return [(row.operation, row.data().decode()) for row in rows]


def test_files_that_nobody_recorded_become_revisions(watch: Watch, place: Place, own_place: Place) -> None:
    put(place, "a")
    put(place, "b", "topics/b.md")
    put(own_place, "c")
    watch.sweep(BEGINNING)
    assert history(place) == [("outside", "a")]
    assert history(place, "topics/b.md") == [("outside", "b")]
    assert history(own_place) == [("outside", "c")]
    assert set(Revision.objects.values_list("author_kind", flat=True)) == {"outside"}


def test_what_we_wrote_ourselves_is_no_change(watch: Watch, app: Caller, place: Place) -> None:
    documents.append(app, place, "x", now=BEGINNING)
    watch.sweep(BEGINNING)
    documents.append(app, place, "y", now=BEGINNING)
    watch.sweep(BEGINNING)
    assert [operation for operation, _text in history(place)] == ["append", "append"]


def test_a_change_with_the_old_size_and_time_is_seen(watch: Watch, place: Place) -> None:
    file = put(place, "old")
    watch.sweep(BEGINNING)
    before = file.stat()
    file.write_text("new")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    watch.sweep(BEGINNING)
    assert history(place) == [("outside", "old"), ("outside", "new")]


def test_what_did_not_change_is_not_opened_again(watch: Watch, place: Place) -> None:
    put(place, "a")
    put(place, "b", "b.md")
    assert [watch.sweep(BEGINNING) for _number in range(3)] == [2, 0, 0]


def test_a_sweep_over_many_files_asks_no_more_than_over_few(watch: Watch, place: Place) -> None:
    put(place, "a", "0.md")
    watch.sweep(BEGINNING)
    with CaptureQueriesContext(connection) as few:
        watch.sweep(BEGINNING)
    for number in range(1, 30):
        put(place, "a", f"{number}.md")
    watch.sweep(BEGINNING)
    with CaptureQueriesContext(connection) as many:
        watch.sweep(BEGINNING)
    assert len(few) == len(many) == 1


def test_a_removed_file_is_recorded_once(watch: Watch, place: Place) -> None:
    file = put(place, "a", "a.md")
    watch.sweep(BEGINNING)
    file.unlink()
    watch.sweep(BEGINNING)
    watch.sweep(BEGINNING)
    assert history(place, "a.md") == [("outside", "a"), ("removed", "")]


def test_a_file_that_was_removed_while_no_clock_ran_is_recorded(app: Caller, place: Place) -> None:
    documents.append(app, place, "x", now=BEGINNING)
    (place.base / place.file).unlink()
    Watch().sweep(BEGINNING)
    assert history(place)[-1] == ("removed", "")


def test_a_file_that_came_and_went_between_two_sweeps_is_recorded(
    watch: Watch, app: Caller, place: Place
) -> None:
    watch.sweep(BEGINNING)
    documents.append(app, place, "x", now=BEGINNING)
    (place.base / place.file).unlink()
    watch.sweep(BEGINNING)
    assert history(place)[-1] == ("removed", "")


def test_a_removed_file_that_comes_back_is_recorded(watch: Watch, place: Place) -> None:
    file = put(place, "a", "a.md")
    watch.sweep(BEGINNING)
    file.unlink()
    watch.sweep(BEGINNING)
    put(place, "a", "a.md")
    watch.sweep(BEGINNING)
    assert [operation for operation, _text in history(place, "a.md")] == ["outside", "removed", "outside"]


def test_a_person_who_removes_a_file_is_the_only_one_who_did(watch: Watch, place: Place) -> None:
    put(place, "a", "a.md")
    watch.sweep(BEGINNING)
    editing.remove(place, "a.md", base=digest(b"a"), by="mara", now=BEGINNING)
    watch.sweep(BEGINNING)
    assert [operation for operation, _text in history(place, "a.md")] == ["outside", "removed"]


def test_a_folder_that_is_not_mounted_has_removed_nothing(watch: Watch, app: Caller, place: Place) -> None:
    documents.append(app, place, "x", now=BEGINNING)
    watch.sweep(BEGINNING)
    shutil.rmtree(place.base / "apps" / "kettle")
    watch.sweep(BEGINNING)
    assert [operation for operation, _text in history(place)] == ["append"]


def test_a_link_in_the_place_of_a_file_is_not_followed_and_no_removal(
    watch: Watch, app: Caller, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.md"
    secret.write_text("sentinel")
    documents.append(app, place, "x", now=BEGINNING)
    (place.base / place.file).unlink()
    (place.base / place.file).symlink_to(secret)
    watch.sweep(BEGINNING)
    assert [operation for operation, _text in history(place)] == ["append"]


def test_a_file_that_somebody_writes_just_now_waits_for_the_next_sweep(
    watch: Watch, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.outside.LOCK_SECONDS", 0.01)
    put(place, "a")
    with locked(place.lock):
        watch.sweep(BEGINNING)
    assert history(place) == []
    watch.sweep(BEGINNING)
    assert history(place) == [("outside", "a")]


def test_a_file_that_is_too_large_is_opened_once(watch: Watch, place: Place) -> None:
    put(place, b"x" * (documents.LIMIT_BYTES + 1))
    assert [watch.sweep(BEGINNING) for _number in range(2)] == [1, 0]
    assert history(place) == []


def test_what_does_not_fit_into_one_sweep_is_done_by_the_next_ones_latest_first(
    watch: Watch, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        os.utime(put(place, "a", f"{number}.md"), (number, number))
    ticks = count()
    monkeypatch.setattr("memory.outside.time.monotonic", lambda: float(next(ticks)))
    monkeypatch.setattr("memory.outside.LONGEST_SECONDS", 2.5)
    monkeypatch.setattr("memory.outside.place_keys", lambda: [place.key])
    recorded = []
    while len(recorded) < 5:
        assert watch.sweep(BEGINNING) < 5
        recorded = list(Revision.objects.order_by("id").values_list("path", flat=True))
    assert recorded == [f"memory/{number}.md" for number in (4, 3, 2, 1, 0)]


def test_every_place_has_its_turn_when_time_is_short(
    watch: Watch, apps: Apps, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = apps.install("lamp")
    put(place, "a")
    put(other, "b")
    monkeypatch.setattr("memory.outside.place_keys", lambda: [place.key, other.key])
    monkeypatch.setattr("memory.outside.LONGEST_SECONDS", -1)
    watch.sweep(BEGINNING)
    assert (history(place), history(other)) == ([], [])  # a place gets a look, and no time to open a file
    monkeypatch.setattr("memory.outside.LONGEST_SECONDS", 600)
    watch.sweep(BEGINNING)
    assert (history(place), history(other)) == ([], [("outside", "b")])
    watch.sweep(BEGINNING)
    assert history(place) == [("outside", "a")]


def test_a_sweep_says_of_no_more_places_where_they_lie_than_it_looks_at(
    watch: Watch, apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        apps.install(f"app-{number}")
    asked: list[str] = []

    def some(app_ids: Sequence[str]) -> list[Place]:
        asked.extend(app_ids)
        return [apps.places[app_id] for app_id in app_ids]

    monkeypatch.setattr(apps, "some", some)
    monkeypatch.setattr("memory.outside.PLACES_AT_ONCE", 4)
    monkeypatch.setattr("memory.outside.LONGEST_SECONDS", -1)
    watch.sweep(BEGINNING)
    assert asked == ["kettle", "app-0"]  # beside those of the user and of the space


def test_an_app_that_goes_while_its_turn_is_still_to_come_is_passed_over(
    watch: Watch, apps: Apps, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.outside.place_keys", lambda: ["app:gone", place.key])
    put(place, "a")
    watch.sweep(BEGINNING)
    assert history(place) == [("outside", "a")]


def test_a_place_that_cannot_be_listed_is_logged_once_until_it_can(
    watch: Watch, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "memory.outside")
    folder = place.base / place.folder
    for _time in range(2):
        folder.symlink_to(place.base)
        watch.sweep(BEGINNING)
        watch.sweep(BEGINNING)
        folder.unlink()
        watch.sweep(BEGINNING)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["The files of app"] * 2


def test_the_doctor_says_who_records_it(watch: Watch, place: Place) -> None:
    """The clock does: its next sweep leaves nothing to be found."""
    put(place, "from outside")
    found = [each for each in checkups.documents(BEGINNING) if isinstance(each, Finding)]
    assert ["the clock makes a revision of it" in each.advice for each in found] == [True]
    watch.sweep(BEGINNING)
    assert [each for each in checkups.documents(BEGINNING) if isinstance(each, Finding)] == []
