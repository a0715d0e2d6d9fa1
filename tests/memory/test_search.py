"""Search over all memory: what is found, in which order, what is shown; the same on both databases."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory import documents, editing
from memory.access import readable_places
from memory.index import IndexedDocument
from memory.models import AuthorKind, Operation, Revision
from memory.places import all_places
from memory.search import count_waiting, search
from memory.words import query_words
from tests.conftest import BEGINNING
from tests.memory.conftest import put

pytestmark = pytest.mark.django_db(transaction=True)


def write(place, text, name="notes.md", *, after=0):
    return editing.create(place, name, text, by="ada", now=BEGINNING + timedelta(seconds=after))


def found(query, **options):
    places = {place.key: place for place in all_places()}
    return search(query, places, **options)


def names(query, **options):
    return [hit.name for hit in found(query, **options).hits]


def test_a_word_in_a_chinese_sentence_is_found(place):
    write(place, "今天水壶的价格上涨了。", "一.md")
    write(place, "The kettle costs 20.", "two.md", after=1)
    assert names("价格") == names("价") == names("价格上涨") == ["一.md"]
    assert names("格价") == []


def test_japanese_korean_and_accents_are_found(place):
    write(place, "私は東京都に住む。カタカナ", "ja.md")
    write(place, "오늘의 가격이 올랐다", "ko.md")
    write(place, "Le Café français", "fr.md")
    assert names("東京") == names("ｶﾀｶﾅ") == ["ja.md"]
    assert names("가격") == ["ko.md"]
    assert names("cafe") == names("CAFÉ") == names("fran") == ["fr.md"]


def test_the_beginning_of_a_word_is_enough_and_every_word_has_to_be_there(place):
    write(place, "The kettle costs 20.", "a.md")
    write(place, "The pot costs 30.", "b.md", after=1)
    assert names("kett") == ["a.md"]
    assert names("ettle") == []
    assert names("cost the") == ["b.md", "a.md"]
    assert names("kettle pot") == []


def test_names_come_first_then_headings_then_what_was_changed_last(place):
    write(place, "x", "kettle.md")
    write(place, "# Kettle\nx", "heading.md", after=1)
    write(place, "one kettle", "old.md", after=2)
    write(place, "two kettles", "new.md", after=3)
    assert names("kettle") == ["kettle.md", "heading.md", "new.md", "old.md"]


def test_one_place_is_searched_and_what_nobody_may_see_is_not_found(apps, place, own_place):
    write(place, "a kettle", "app.md")
    write(own_place, "a kettle", "mine.md", after=1)
    assert names("kettle") == ["mine.md", "app.md"]
    assert [hit.name for hit in search("kettle", {place.key: place}).hits] == ["app.md"]
    del apps.places["kettle"]  # not installed any more
    assert names("kettle") == ["mine.md"]
    assert search("kettle", {}).hits == []


def test_only_who_is_signed_in_may_see_any_place(place):
    assert readable_places(AnonymousUser()) == {}
    assert place.key in readable_places(User(username="ada", is_superuser=True))


def test_a_change_a_rename_and_a_removal_are_seen_at_once(place):
    saved = write(place, "a kettle")
    base = saved.revision.sha256
    saved = editing.save(place, "notes.md", "a pot", base=base, by="ada", now=BEGINNING)
    assert (names("kettle"), names("pot")) == ([], ["notes.md"])
    editing.rename(place, "notes.md", "pots.md", by="ada", now=BEGINNING)
    assert names("pot") == ["pots.md"]
    editing.remove(place, "pots.md", base=saved.revision.sha256, by="ada", now=BEGINNING)
    assert names("pot") == []
    assert IndexedDocument.objects.count() == 0


def test_a_change_from_outside_is_said_until_it_is_recorded(app, place):
    write(place, "a kettle")
    assert [hit.is_unrecorded for hit in found("kettle").hits] == [False]
    put(place, "a pot", "notes.md")
    assert [hit.is_unrecorded for hit in found("kettle").hits] == [True]
    documents.read(app, place, "notes.md", now=BEGINNING)
    assert (names("kettle"), names("pot")) == ([], ["notes.md"])


def test_a_file_that_is_gone_or_was_changed_is_shown_as_its_revision_has_it(place):
    write(place, "an old kettle", "changed.md")
    write(place, "a lost kettle", "gone.md", after=1)
    write(place, "a kettle", "same.md", after=2)
    put(place, "a pot", "changed.md")
    (place.base / place.below("gone.md")).unlink()
    shown = [
        (hit.name, hit.is_unrecorded, "".join(part.text for part in hit.parts))
        for hit in found("kettle").hits
    ]
    assert shown == [
        ("same.md", False, "a kettle"),
        ("gone.md", True, "a lost kettle"),
        ("changed.md", True, "an old kettle"),
    ]


def test_a_search_asks_as_often_for_many_files_as_for_one(place, django_assert_num_queries):
    for number in range(12):
        write(place, "a kettle 价格上涨", f"{number}.md", after=number)
    with django_assert_num_queries(3):
        assert len(names("kettle")) == 12
    with django_assert_num_queries(1):
        assert names("nowhere") == []


@pytest.mark.parametrize(
    "query", ["k", "kettle " * 200, " ".join(f"word{n}" for n in range(200)), "价" * 200]
)
def test_a_query_of_any_length_asks_a_bounded_number_of_times(place, query, django_assert_max_num_queries):
    text = "kettle 价价价 " + " ".join(f"word{number}" for number in range(200))
    for number in range(30):
        write(place, text, f"{number}.md", after=number)
    with django_assert_max_num_queries(7):
        found(query)


def test_a_file_that_is_no_text_is_found_by_its_name_only(app, place):
    put(place, b"\xff\xfekettle", "bytes.md")
    with pytest.raises(documents.MemoryRefused):
        documents.read(app, place, "bytes.md", now=BEGINNING)
    assert (names("bytes"), names("kettle")) == (["bytes.md"], [])


@pytest.mark.parametrize(
    "query",
    ["kettle*", "kettle AND", "NOT kettle", "kettle OR", "(kettle", "words:kettle", "kettle:*", "-kettle",
     '"kettle', "\0kettle", "kettle\\", "NEAR(kettle)",
     "'kettle':*|", "^kettle", "ke%", "\ue001kettle", "{kettle}: a"],
)  # fmt: skip
def test_nothing_in_a_query_is_an_operator(place, query):
    write(place, "a kettle and near words or not")
    assert names(query) == ["notes.md"]


@pytest.mark.parametrize("query", ["", '"', "'", "!", "& |", "*", "\0", "kettle" * 2000, "pot OR kettle"])
def test_what_finds_nothing_is_no_error(place, query):
    write(place, "a kettle and near words")
    assert names(query) == []


def test_more_are_said_and_shown(place):
    for number in range(5):
        write(place, "a kettle", f"{number}.md", after=number)
    assert names("kettle", limit=2) == ["4.md", "3.md"]
    assert found("kettle", limit=2).has_more
    assert not found("kettle", limit=5).has_more


def unindexed(place, text):
    """A revision of a release that had no index."""
    write(place, text)
    IndexedDocument.objects.all().delete()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("memory.index.VERSION", 0)
        IndexedDocument.objects.list_again()


def test_files_of_an_earlier_release_are_counted_until_the_clock_has_indexed_them(place):
    unindexed(place, "a kettle")
    places = {place.key: place}
    assert (names("kettle"), count_waiting(places)) == ([], 1)
    assert IndexedDocument.index_waiting(10) == 1
    assert (names("kettle"), count_waiting(places)) == (["notes.md"], 0)
    assert IndexedDocument.index_waiting(10) == 0


def test_a_damaged_revision_holds_no_other_file_up(place):
    write(place, "a kettle", "good.md")
    Revision.objects.create(
        place=place.key, path="memory/bad.md", created_at=BEGINNING, author_kind=AuthorKind.OUTSIDE,
        operation=Operation.OUTSIDE, sha256="x", size=1, content=b"no zlib",
    )  # fmt: skip
    IndexedDocument.objects.list_again()
    assert IndexedDocument.index_waiting(10) == 2
    assert names("kettle") == ["good.md"]


def test_an_index_that_went_wrong_is_made_anew(place):
    write(place, "a kettle")
    IndexedDocument.objects.all().delete()
    IndexedDocument.objects.list_again()
    IndexedDocument.index_waiting(10)
    assert names("kettle") == ["notes.md"]


def test_an_error_before_the_file_is_in_place_leaves_the_index_as_it_was(place, monkeypatch):
    saved = write(place, "a kettle")

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("halo_site.datadir.files.write_new", full)
    with pytest.raises(documents.MemoryRefused):
        editing.save(place, "notes.md", "a pot", base=saved.revision.sha256, by="ada", now=BEGINNING)
    monkeypatch.undo()
    assert (names("kettle"), names("pot")) == (["notes.md"], [])


def test_a_file_with_too_many_different_words_is_said_to_be_cut(place, monkeypatch):
    monkeypatch.setattr("memory.index.WORDS_BYTES", 30)
    write(place, " ".join(f"word{number}" for number in range(20)))
    row = IndexedDocument.objects.get()
    assert row.is_cut
    assert len(row.words.encode()) <= 30


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8"), max_size=120))
def test_every_word_of_any_text_finds_it(place, text):
    Revision.record(
        data=text.encode(), now=BEGINNING, place=place.key, path="memory/any.md",
        author_kind=AuthorKind.PERSON, author_id="ada", run_id=None, operation=Operation.REPLACE,
    )  # fmt: skip
    for word in query_words(text):
        assert "any.md" in names(word.text)
