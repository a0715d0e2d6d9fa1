"""Documents: what is written, what is refused, and that a revision tells the truth about each state."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from halo_site.datadir.files import locked
from memory import documents
from memory.exceptions import MemoryRefused
from memory.models import Revision, digest
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import Apps, put

pytestmark = pytest.mark.django_db

RUN = "8f3c12aa-0000-4000-8000-000000000000"
# Half a character and NUL are refused
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
same_fixtures = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def history(place: Place, name: str = "") -> list[tuple[str, str, bytes]]:
    """Author, operation and content of each revision of a document, oldest first."""
    found = Revision.objects.for_document(place.key, place.path(name)).order_by("id")
    return [(revision.author_kind, revision.operation, revision.data()) for revision in found]


def file(place: Place, name: str = "") -> Path:
    return place.base / place.below(name)


def test_it_appends_in_the_documented_form(app: Caller, place: Place, settings: object) -> None:
    documents.replace(app, place, "# now\n", now=BEGINNING)
    documents.append(app, place, "- kettle: 19.50  \n\n", now=BEGINNING)
    zone = documents._local(BEGINNING).isoformat(timespec="seconds")
    assert file(place).read_text() == f"# now\n\n<!-- {zone} by app:kettle -->\n- kettle: 19.50\n"


@pytest.mark.parametrize(
    ("zone", "text"), [("UTC", "2026-11-23T09:00:00+00:00"), ("Asia/Shanghai", "2026-11-23T17:00:00+08:00")]
)
def test_times_are_those_of_the_servers_zone(
    user: Caller, own_place: Place, settings: pytest.FixtureRequest, zone: str, text: str
) -> None:
    settings.TIME_ZONE = zone  # type: ignore[attr-defined]
    documents.append(user, own_place, "x", now=BEGINNING)
    assert f"<!-- {text} by user -->" in file(own_place).read_text()


def test_appending_makes_the_file_and_its_folders(app: Caller, place: Place) -> None:
    saved = documents.append(app, place, "x", now=BEGINNING)
    assert file(place).stat().st_size == saved.size
    assert file(place).stat().st_mode & 0o777 == 0o600


def test_every_write_is_a_revision_with_author_run_and_parent(app: Caller, place: Place) -> None:
    first = documents.append(app, place, "x", now=BEGINNING, run_id=RUN).revision
    second = documents.replace(app, place, "y", now=BEGINNING).revision
    assert first
    assert second
    assert (first.author_kind, first.author_id, first.run_id, first.operation) == (
        "app",
        "kettle",
        RUN,
        "append",
    )
    assert (first.parent_sha256, second.parent_sha256) == ("", first.sha256)
    assert (second.run_id, second.operation, second.size, second.sha256) == (None, "replace", 1, digest(b"y"))
    assert second.created_at == BEGINNING


def test_writing_what_is_there_already_is_no_revision(app: Caller, place: Place) -> None:
    documents.replace(app, place, "x", now=BEGINNING)
    before = file(place).stat()
    assert documents.replace(app, place, "x", now=BEGINNING).revision is None
    assert Revision.objects.count() == 1
    assert file(place).stat().st_ino == before.st_ino


@same_fixtures
@given(
    st.lists(
        st.tuples(st.sampled_from(["append", "replace"]), ANY_TEXT.filter(str.strip)), min_size=1, max_size=4
    )
)
def test_any_text_comes_back_as_it_was_written(
    app: Caller, place: Place, writes: list[tuple[str, str]]
) -> None:
    for mode, text in writes:
        write = documents.append if mode == "append" else documents.replace
        write(app, place, text, now=BEGINNING)
    found = documents.read(app, place, now=BEGINNING)
    last_mode, last_text = writes[-1]
    assert found
    assert found == last_text if last_mode == "replace" else found.endswith(f"-->\n{last_text.rstrip()}\n")
    newest = Revision.objects.for_document(place.key, "memory.md").order_by("id").last()
    assert newest
    assert newest.data() == found.encode() == file(place).read_bytes()


@same_fixtures
@given(heading=ANY_TEXT.map(lambda text: re.sub(r"\s+", " ", text)), body=ANY_TEXT)
def test_an_appended_section_can_be_read_again(app: Caller, place: Place, heading: str, body: str) -> None:
    from memory import sections

    text = f"# first\n\n## marker {heading}\n{body}"
    documents.replace(app, place, "intro\n", now=BEGINNING)
    documents.append(app, place, text, now=BEGINNING)
    found = documents.read(app, place, now=BEGINNING)
    assert found
    part = sections.read(found, "section", "## marker")
    assert part == sections.read(f"{text.rstrip()}\n", "section", "## marker")


def test_a_change_from_outside_is_recorded_at_the_next_read(app: Caller, place: Place) -> None:
    documents.replace(app, place, "ours", now=BEGINNING)
    put(place, "theirs")
    assert documents.read(app, place, now=BEGINNING) == "theirs"
    assert history(place) == [("app", "replace", b"ours"), ("outside", "outside", b"theirs")]


def test_a_change_from_outside_is_recorded_before_the_next_write(app: Caller, place: Place) -> None:
    documents.replace(app, place, "ours", now=BEGINNING)
    put(place, "theirs")
    documents.replace(app, place, "ours again", now=BEGINNING)
    assert [step[2] for step in history(place)] == [b"ours", b"theirs", b"ours again"]


def test_a_change_from_outside_is_recorded_once(app: Caller, place: Place) -> None:
    put(place, "theirs")
    for _turn in range(3):
        documents.read(app, place, now=BEGINNING)
    assert history(place) == [("outside", "outside", b"theirs")]


def test_a_removal_from_outside_is_recorded_once(app: Caller, place: Place) -> None:
    documents.replace(app, place, "ours", now=BEGINNING)
    file(place).unlink()
    for _turn in range(2):
        assert documents.read(app, place, now=BEGINNING) is None
    assert history(place)[1:] == [("outside", "removed", b"")]


def test_a_file_that_comes_back_has_a_revision_again(app: Caller, place: Place) -> None:
    documents.replace(app, place, "x", now=BEGINNING)
    file(place).unlink()
    documents.replace(app, place, "x", now=BEGINNING)
    assert [step[1] for step in history(place)] == ["replace", "removed", "replace"]


def test_reading_what_never_was_records_nothing(app: Caller, place: Place) -> None:
    assert documents.read(app, place, now=BEGINNING) is None
    assert not Revision.objects.exists()


def test_a_file_of_the_folder_is_read(app: Caller, place: Place) -> None:
    put(place, "of run 1", "run/1.md")
    assert documents.read(app, place, "run/1.md", now=BEGINNING) == "of run 1"
    assert history(place, "run/1.md") == [("outside", "outside", b"of run 1")]


def test_a_file_of_just_the_limit_is_written_and_one_byte_more_is_refused(app: Caller, place: Place) -> None:
    documents.replace(app, place, "x" * documents.LIMIT_BYTES, now=BEGINNING)
    for attempt in (documents.append, documents.replace):
        with pytest.raises(MemoryRefused, match=r"1,048,576 bytes: keep what still matters"):
            attempt(app, place, "y" * (documents.LIMIT_BYTES + 1), now=BEGINNING)
    assert file(place).stat().st_size == documents.LIMIT_BYTES
    assert Revision.objects.count() == 1


def test_the_limit_counts_bytes(app: Caller, place: Place) -> None:
    with pytest.raises(MemoryRefused, match="limit"):
        documents.replace(app, place, "界" * (documents.LIMIT_BYTES // 2), now=BEGINNING)


def test_a_file_that_grew_over_the_limit_is_neither_read_nor_overwritten(app: Caller, place: Place) -> None:
    path = put(place, b"x" * (documents.LIMIT_BYTES + 1))
    with pytest.raises(MemoryRefused, match="person can shorten it"):
        documents.read(app, place, now=BEGINNING)
    with pytest.raises(MemoryRefused):
        documents.replace(app, place, "lost?", now=BEGINNING)
    assert path.stat().st_size == documents.LIMIT_BYTES + 1


def test_bytes_that_are_not_utf8_are_kept_and_not_extended(app: Caller, place: Place) -> None:
    put(place, b"\xff\xfe")
    for attempt in (
        lambda: documents.read(app, place, now=BEGINNING),
        lambda: documents.append(app, place, "x", now=BEGINNING),
    ):
        with pytest.raises(MemoryRefused, match="not UTF-8"):
            attempt()
    assert file(place).read_bytes() == b"\xff\xfe"


def test_replacing_what_is_not_utf8_keeps_its_bytes_as_a_revision(app: Caller, place: Place) -> None:
    put(place, b"\xff\xfe")
    documents.replace(app, place, "text", now=BEGINNING)
    assert history(place)[0] == ("outside", "outside", b"\xff\xfe")


@pytest.mark.parametrize("text", ["", " ", "\n\t\n"])
def test_there_must_be_something_to_append(app: Caller, place: Place, text: str) -> None:
    with pytest.raises(MemoryRefused, match="nothing to append"):
        documents.append(app, place, text, now=BEGINNING)


def test_text_that_is_no_unicode_is_refused(app: Caller, place: Place) -> None:
    with pytest.raises(MemoryRefused, match="not valid Unicode"):
        documents.replace(app, place, "\ud800", now=BEGINNING)
    assert not file(place).exists()


def test_a_linked_file_is_neither_read_nor_written(app: Caller, place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    file(place).symlink_to(tmp_path / "secret")
    for attempt in (
        lambda: documents.read(app, place, now=BEGINNING),
        lambda: documents.replace(app, place, "x", now=BEGINNING),
        lambda: documents.listing(app, place),
    ):
        with pytest.raises(MemoryRefused, match="link"):
            attempt()
    assert (tmp_path / "secret").read_text() == "secret"


@pytest.mark.parametrize("part", ["apps", "apps/kettle"])
def test_a_linked_folder_above_the_file_is_refused_too(
    apps: Apps, app: Caller, tmp_path: Path, part: str
) -> None:
    place = apps.places["kettle"]
    put(place, "inside")
    (place.base / part).rename(tmp_path / "moved")
    (place.base / part).symlink_to(tmp_path / "moved")
    with pytest.raises(MemoryRefused, match="link"):
        documents.read(app, place, now=BEGINNING)


def test_a_file_whose_lock_is_held_is_refused_with_its_name(
    app: Caller, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "locked", lambda path: locked(path, timeout=0.01))
    with locked(place.lock), pytest.raises(MemoryRefused, match=r"memory\.md.*try again"):
        documents.append(app, place, "x", now=BEGINNING)


def test_the_file_stays_as_it_was_when_the_revision_cannot_be_stored(app: Caller, place: Place) -> None:
    documents.replace(app, place, "before", now=BEGINNING)

    def refuse_insert(execute: object, sql: str, *rest: object) -> object:
        if sql.startswith("INSERT"):
            raise DatabaseError("the database is full")
        return execute(sql, *rest)  # type: ignore[operator]

    with connection.execute_wrapper(refuse_insert), pytest.raises(DatabaseError):
        documents.replace(app, place, "after", now=BEGINNING)
    assert file(place).read_text() == "before"
    assert [path.name for path in file(place).parent.iterdir() if path.is_file()] == ["memory.md"]


def test_no_revision_is_left_when_the_file_cannot_be_put_in_place(app: Caller, place: Place) -> None:
    def in_the_way(execute: object, sql: str, *rest: object) -> object:
        if sql.startswith("INSERT"):
            file(place).mkdir()  # a folder takes the name between the check and the rename
        return execute(sql, *rest)  # type: ignore[operator]

    with connection.execute_wrapper(in_the_way), pytest.raises(MemoryRefused, match="Nothing was changed"):
        documents.replace(app, place, "after", now=BEGINNING)
    assert not Revision.objects.exists()


def test_a_crash_after_the_rename_leaves_a_version_from_outside(app: Caller, place: Place) -> None:
    """The row of the last write is gone, as after a crash before its commit; the file has the text."""
    documents.replace(app, place, "before", now=BEGINNING)
    documents.replace(app, place, "after", now=BEGINNING)
    Revision.objects.order_by("id").last().delete()  # type: ignore[union-attr]
    assert documents.read(app, place, now=BEGINNING) == "after"
    assert history(place) == [("app", "replace", b"before"), ("outside", "outside", b"after")]


def test_a_runs_heading_is_inserted_once(place: Place) -> None:
    for minute in (0, 1):
        now = datetime(2026, 11, 23, 9, minute, tzinfo=UTC)
        documents.insert_history_heading(place, now, RUN)
    local = documents._local(BEGINNING)
    assert (
        file(place).read_text()
        == f"# now\n\n## State\n\n# History\n\n## {local:%Y-%m-%d-%H%M} [by: run#8f3c12aa]\n"
    )
    assert [step[:2] for step in history(place)] == [("app", "heading")]


def test_a_run_record_has_time_slug_and_id_in_its_name(place: Place) -> None:
    name = documents.write_run_record(place, BEGINNING, RUN, "run Kettle price watch!", "App: Kettle\n")
    assert name == f"run/{documents._local(BEGINNING):%Y-%m-%d-%H%M}-run-kettle-price-watch-8f3c12aa.md"
    assert file(place, name).read_text() == "App: Kettle\n"
    assert history(place, name) == [("app", "record", b"App: Kettle\n")]


@same_fixtures
@given(ANY_TEXT, st.text(alphabet="0123456789abcdef-"))
def test_a_run_record_can_be_named_after_anything(place: Place, title: str, run_id: str) -> None:
    name = documents.write_run_record(place, BEGINNING, run_id, title, "x")
    assert file(place, name).read_text() == "x"


def test_a_run_record_of_a_chinese_app_bears_its_name(place: Place) -> None:
    assert "-run-每日新闻播报-" in documents.write_run_record(place, BEGINNING, RUN, "run 每日新闻播报", "x")


def test_the_listing_has_main_file_and_folder(app: Caller, place: Place) -> None:
    put(place, "x")
    put(place, "yy", "run/2.md")
    put(place, "yy", "run/1.md")
    found = documents.listing(app, place)
    assert found.main
    assert found.main.size == 1
    assert [info.name for info in found.others] == ["run/1.md", "run/2.md"]


def test_the_newest_revision_comes_without_its_content(app: Caller, place: Place) -> None:
    documents.replace(app, place, "x", now=BEGINNING)
    newest = Revision.objects.for_document(place.key, "memory.md").newest()
    assert newest
    assert newest.get_deferred_fields() == {"content"}
