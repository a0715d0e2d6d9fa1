"""Wiki links: what they mean, how they look, which files link here, which are linked from nowhere."""

import re
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from halo_site import wiki
from halo_site.markdown import TAGS, render, render_folded, wiki_names
from memory import documents, editing
from memory.index import MOST_LINKS, Link
from memory.links import backlinks, orphans, resolver
from memory.places import all_places
from tests.conftest import BEGINNING

pytestmark = pytest.mark.django_db(transaction=True)


def write(place, text, name="notes.md"):
    return editing.create(place, name, text, by="ada", now=BEGINNING)


def places():
    return {place.key: place for place in all_places()}


def led(place, *names):
    """Where links of a file in ``place`` lead; None for what is not there."""
    found = resolver(place, places)(names)
    return [found[name].address if found[name].is_there else None for name in names]


def test_a_name_is_one_of_its_own_place_first_then_of_the_space_then_of_the_user(
    place, shared_place, own_place
):
    for each, held in ((place, "a"), (shared_place, "ab"), (own_place, "bc")):
        for name in held:
            write(each, "x", f"{name}.md")
    assert led(place, "a", "b", "c", "d") == [
        "/memory/app:kettle/a.md/", f"/memory/{shared_place.key}/b.md/", "/memory/user/c.md/", None,
    ]  # fmt: skip
    assert led(own_place, "a") == [None]


@pytest.mark.parametrize(
    ("written", "file"),
    [
        ("notes", "notes.md"),
        ("shops/notes", "shops/notes.md"),
        ("berlin", "shops/berlin.md"),
        ("BERLIN.md", "shops/berlin.md"),
        ("arger", "%C3%84rger.md"),
        ("rlin", None),
        ("ops/berlin", None),
    ],
)
def test_the_whole_name_comes_before_one_in_a_folder(place, written, file):
    for name in ("shops/notes.md", "notes.md", "shops/berlin.md", "Ärger.md"):
        write(place, "x", name)
    assert led(place, written) == [file and f"/memory/app:kettle/{file}/"]


def test_a_heading_leads_to_its_line(place):
    write(place, "# One\n\n## Two words\n", "a.md")
    assert led(place, "a#two words", "a#three") == [
        "/memory/app:kettle/a.md/#L3", "/memory/app:kettle/a.md/",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["../secret", "/etc/x", "a/../b", ".hidden", "run/x", "con", "a?b", "x/"])
def test_what_neither_is_there_nor_can_be_made_stays_text(place, name):
    page = render_folded(f"[[{name}]]", resolver(place, places))
    assert page == f"<p>[[{name}]]</p>\n"


def test_a_heading_of_the_same_file_leads_to_it(place):
    page = render_folded(
        "[[#my prices]] [[#none]]\n\n# now\n\n> # My *Prices*\n\n## My *Prices*\n", resolver(place, places)
    )
    assert '<a href="#L7">#my prices</a> [[#none]]' in page
    assert 'id="L7"' in page


def test_a_heading_of_a_page_without_addresses_stays_text(place):
    assert "[[#a]]" in render("[[#a]]\n\n# a", resolver(place, places))


def test_places_that_the_reader_may_not_see_have_no_files(place, own_place):
    write(own_place, "x", "secret.md")
    found = resolver(place, lambda: {place.key: place})(["secret"])
    assert not found["secret"].is_there


def there(names):
    return {name: wiki.Target(f"/there/?{name}", is_there=True) for name in names}


def test_links_are_links_in_text_and_never_in_code():
    page = render("[[a]] and [[b|B *bold*]]\n\n`[[c]]`\n\n```\n[[d]]\n```\n\n[[[e]](http://x.test)\n", there)
    assert '<a href="/there/?a">a</a>' in page
    assert ">B *bold*</a>" in page  # a link wins over emphasis
    assert "<code>[[c]]</code>" in page
    assert "[[d]]" in page
    assert wiki_names("[[a]] `[[c]]`\n\n    [[d]]\n\n[[a|again]] [[x#y]]") == ["a", "x#y"]


def test_what_is_not_there_says_so_and_leads_to_where_it_is_made(place, operator_client):
    write(place, "See [[new idea]].")
    address = reverse("memory:document_detail", args=[place.key, "notes.md"])
    page = operator_client.get(address).content.decode()
    new = f"{reverse('memory:document_new', args=[place.key])}?name=new+idea.md"
    assert f'<a href="{new}">new idea</a> <small>(not there yet)</small>' in page
    assert 'value="new idea.md"' in operator_client.get(new).content.decode()


def anywhere(names):
    return {name: wiki.Target(f"/x/?{urlencode({'name': name})}", is_there=False) for name in names}


@given(name=st.text(max_size=60), label=st.text(max_size=60))
def test_no_name_or_label_makes_html(name, label):
    page = render_folded(f"[[{name}|{label}]]", anywhere)
    assert set(re.findall(r"<([^/ >][^ >]*)", page)) <= TAGS | {"small", "details", "summary"}
    assert all(
        href.startswith(("/x/?", "http:", "https:", "mailto:")) for href in re.findall(r'href="([^"]*)', page)
    )


def test_an_attack_in_a_link_is_text(place, operator_client):
    write(place, '[["><script>alert(1)</script>]] [[javascript:alert(1)]] [[x|<img src=x onerror=alert(1)>]]')
    page = operator_client.get(
        reverse("memory:document_detail", args=[place.key, "notes.md"])
    ).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page


def test_files_that_link_here_are_listed_until_they_do_not(place, own_place, operator_client):
    write(place, "x", "target.md")
    saved = write(place, "See [[Target]].", "a.md")
    write(own_place, "See [[target]].", "b.md")  # of the user's own place: no file of an app
    assert [file.name for file in backlinks(place, "memory/target.md", places())] == ["a.md"]
    page = operator_client.get(
        reverse("memory:document_detail", args=[place.key, "target.md"])
    ).content.decode()
    assert "Linked from" in page
    editing.save(place, "a.md", "Nothing.", base=saved.revision.sha256, by="ada", now=BEGINNING)
    assert backlinks(place, "memory/target.md", places()) == []


def test_files_that_nothing_leads_to_are_listed(place, operator_client):
    write(place, "See [[linked]] and [[self]].", "a.md")
    write(place, "x", "linked.md")
    write(place, "I am [[alone]].", "alone.md")
    documents.write_run_record(place, BEGINNING, "12345678", "x", "x")
    assert [file.name for file in orphans(place, places())] == ["a.md", "alone.md"]
    response = operator_client.get(reverse("memory:orphan_list"), {"place": place.key})
    assert "alone.md" in response.content.decode()
    assert operator_client.get(reverse("memory:orphan_list"), {"place": "app:none"}).status_code == 404


def test_links_are_bounded(place):
    write(place, " ".join(f"[[n{number}]]" for number in range(MOST_LINKS + 50)))
    assert Link.objects.count() == MOST_LINKS


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[[my _draft_ x]]", ["my _draft_ x"]),
        ("*one [[a* b]] two*", ["a* b"]),
        ("[[~~old~~ plan]]", ["~~old~~ plan"]),
        ("[[a \\_b\\_]]", ["a _b_"]),
        ("`[[my _draft_ x]]`", []),
    ],
)
def test_a_link_wins_over_emphasis(text: str, names: list[str]) -> None:
    assert wiki_names(text) == names


def test_what_is_no_link_keeps_its_characters() -> None:
    page = render("`[[a_b]]` _em_ [x](http://x.test/[[a_b]])")
    assert "<code>[[a_b]]</code> <em>em</em>" in page
    assert 'href="http://x.test/%5B%5Ba_b%5D%5D"' in page
