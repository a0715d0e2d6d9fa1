"""The search page: results, narrowing, more, what is said where there is nothing; and files without links."""

import pytest
from django.test import Client
from django.urls import reverse

from memory import editing
from memory.index import IndexedDocument
from tests.conftest import BEGINNING
from tests.memory.conftest import put

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def look(operator_client: Client):
    """Asks for the search page; ``fragment=True`` as htmx does."""

    def asked(fragment=False, **query):
        response = operator_client.get(
            reverse("memory:search_detail"), query, headers=HTMX if fragment else {}
        )
        assert response.status_code == 200
        return response.content.decode()

    return asked


def write(place, text, name="notes.md"):
    return editing.create(place, name, text, by="ada", now=BEGINNING)


def test_a_file_is_shown_with_its_headings_and_the_words_marked(look, place):
    write(place, "# now\n## Prices\nThe kettle costs 20.\n")
    page = look(q="kett")
    assert "The <mark>kett</mark>le costs 20." in page
    assert page.index("<bdi>now</bdi>") < page.index("<bdi>Prices</bdi>") < page.index("<mark>")
    assert "Kettle price watch" in page


def test_everything_of_a_file_is_escaped(look, place):
    attack = "<script>alert(1)</script> kettle <img src=x onerror=alert(1)>"
    write(place, f"# <b>kettle</b>\n{attack}\n{attack} price\n")
    page = look(q="kettle price")
    assert "<script>alert" not in page
    assert "<img src" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; <mark>kettle</mark>" in page
    assert "&lt;b&gt;kettle&lt;/b&gt;" in page


def test_what_was_typed_is_escaped(look):
    page = look(q='"><script>alert(1)</script>')
    assert "<script>alert" not in page


def test_htmx_gets_the_fragment_that_the_page_includes(look, place):
    write(place, "a kettle")
    whole, part = look(q="kettle"), look(fragment=True, q="kettle")
    assert "<html" not in part
    assert part.strip() in whole


def test_a_scope_or_a_place_narrows_and_can_be_left(look, place, own_place):
    write(place, "a kettle", "app.md")
    write(own_place, "a kettle", "mine.md")
    assert "mine.md" not in look(q="kettle", scope="app")
    assert "app.md" not in look(q="kettle", place="user")
    nothing = look(q="nowhere", place="user")
    assert "in the memory of You." in nothing
    assert 'href="/memory/search/?q=nowhere"' in nothing


def test_nothing_typed_and_nothing_searchable_say_so(look):
    assert "Nothing typed yet" in look()
    assert "Nothing to search for" in look(q="***")


@pytest.mark.parametrize("query", ["\0", "x" * 10_240, "'\"*()", "\ud800", "\u0430" * 5000, "[[", "%00"])
def test_odd_input_is_no_error(look, place, query):
    write(place, "a kettle")
    assert "memory-found" in look(q=query.encode(errors="surrogatepass"), scope="x", place="\0", show="-1")


def test_more_files_are_one_link_away_and_the_address_keeps_the_search(look, place):
    for number in range(25):
        write(place, "a kettle", f"{number}.md")
    first, more = look(q="kettle", scope="app"), look(q="kettle", scope="app", show="40")
    assert first.count('class="hit"') == 20
    assert "?q=kettle&amp;scope=app&amp;show=40" in first
    assert more.count('class="hit"') == 25
    assert "show=" not in more


def test_the_page_says_how_many_files_are_not_indexed(look, place):
    write(place, "a kettle")
    IndexedDocument.objects.update(version=0)
    assert "1 file is not indexed yet" in look(q="kettle")


def test_a_file_changed_on_disk_says_so(look, place):
    write(place, "a kettle")
    put(place, "a pot", "notes.md")
    assert "Changed on disk, not yet recorded" in look(q="kettle")


def test_looking_writes_nothing(look, place):
    write(place, "a kettle")
    put(place, "a pot", "notes.md")
    before = list(IndexedDocument.objects.values_list("pk", "words"))
    look(q="pot")
    assert list(IndexedDocument.objects.values_list("pk", "words")) == before


def test_the_page_asks_no_more_with_more_files(look, place, django_assert_max_num_queries):
    def asked():
        with django_assert_max_num_queries(30) as queries:
            look(q="kettle")
        return len(queries)

    write(place, "a kettle", "0.md")
    look(q="kettle")
    few = asked()
    for number in range(1, 15):
        write(place, "a kettle", f"{number}.md")
    assert asked() == few


def test_nobody_searches_without_signing_in(client):
    assert client.get(reverse("memory:search_detail"), {"q": "x"}).status_code == 302


def test_a_get_is_all_there_is(operator_client):
    assert operator_client.post(reverse("memory:search_detail"), {"q": "x"}).status_code == 405


def test_the_memory_page_has_the_field(operator_client):
    page = operator_client.get(reverse("memory:place_list")).content.decode()
    assert f'action="{reverse("memory:search_detail")}"' in page
