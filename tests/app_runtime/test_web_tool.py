"""web_fetch: readable text out of real pages, and a sentence for everything else."""

import gzip
from contextlib import suppress

import pytest

from app_runtime.exceptions import ToolRefused
from app_runtime.tools import readable, web
from app_runtime.tools.web import FRAME, LARGEST_BYTES, PIECE_CHARACTERS
from tests.wire.pages import Shop

SENTENCE = "The copper kettle costs 17.20 today, which is less than last week in every shop we know."
ARTICLE = (
    "<html><head><title>Kettles</title></head><body><nav>Home | About</nav>"
    f"<article><h2>Prices</h2><p>{SENTENCE} "
    f'<a href="/more">More about it</a>.</p><p>{SENTENCE}</p></article><script>evil()</script></body></html>'
)


def test_a_page_is_read_as_markdown_with_its_title_and_links(shop: Shop) -> None:
    text = shop.fetch(shop.page(ARTICLE))
    assert text.startswith(f"http://{shop.host}/page (text/html)\n{FRAME}\n\n# Kettles")
    assert SENTENCE in text
    assert f"[More about it](http://{shop.host}/more)" in text
    assert "evil()" not in text


def test_its_source_can_be_asked_for(shop: Shop) -> None:
    assert "<script>evil()</script>" in shop.fetch(shop.page(ARTICLE), raw=True)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/csv", "application/rss+xml"])
def test_text_that_is_no_html_comes_as_it_is(shop: Shop, kind: str) -> None:
    assert shop.fetch(shop.page('{"a": "<b>"}', kind)).endswith('\n\n{"a": "<b>"}')


def test_a_type_without_text_is_refused_and_named(shop: Shop) -> None:
    with pytest.raises(ToolRefused, match="is of the type image/png, which has no text"):
        shop.fetch(shop.page(b"\x89PNG", "image/png"))


def test_a_status_that_says_no_is_told(shop: Shop) -> None:
    with pytest.raises(ToolRefused, match="/page answered 403 Forbidden"):
        shop.fetch(shop.page("no", status=403))


def test_a_long_text_comes_in_pieces(shop: Shop) -> None:
    url = shop.page("x" * (PIECE_CHARACTERS + 5), "text/plain")
    first = shop.fetch(url)
    assert first.endswith("(Characters 0 to 40,000 of 40,005. Read on with start=40000.)")
    assert shop.fetch(url, start=PIECE_CHARACTERS).endswith("\n\nxxxxx")
    with pytest.raises(ToolRefused, match="there is nothing from 50,000 on"):
        shop.fetch(url, start=50_000)


def test_a_page_that_is_too_large_is_refused_and_so_is_one_that_unpacks_to_it(shop: Shop) -> None:
    with pytest.raises(ToolRefused, match="is larger than 5 MB"):
        shop.fetch(shop.page(b"x" * (LARGEST_BYTES + 1), "text/plain"))
    bomb = {"Content-Encoding": "gzip"}
    packed = gzip.compress(b"\0" * (50 * LARGEST_BYTES))
    with pytest.raises(ToolRefused, match="is larger than 5 MB"):
        shop.fetch(shop.page(packed, "text/plain", **bomb))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain; charset=iso-8859-1", "für".encode("latin-1")),
        ("text/plain", "﻿für".encode()),
        ("text/plain", "für".encode("utf-16")),
        ("text/html", b'<meta charset="iso-8859-1">f\xfcr'),
        ("text/plain; charset=none-that-exists", "für".encode()),
    ],
)
def test_every_way_to_name_a_character_set_is_understood(shop: Shop, kind: str, body: bytes) -> None:
    assert shop.fetch(shop.page(body, kind), raw=True).endswith("für")


def test_bytes_that_are_no_text_do_not_stop_it(shop: Shop) -> None:
    assert "\N{REPLACEMENT CHARACTER}" in shop.fetch(shop.page(b"\x80\xfd" * 9, "text/plain"))


@pytest.mark.parametrize("url", ["ftp://x.example/", "kettle", "file:///etc/passwd", "http://"])
def test_what_is_no_address_of_a_page_is_refused(shop: Shop, url: str) -> None:
    with pytest.raises(ToolRefused, match="is no address"):
        shop.fetch(url)


def test_an_address_with_a_password_is_refused(shop: Shop) -> None:
    with pytest.raises(ToolRefused, match="pages are fetched without"):
        shop.fetch(f"http://me:hush@{shop.host}/page")


def test_a_private_address_is_refused_with_what_to_do(shop: Shop) -> None:
    with pytest.raises(ToolRefused, match=r"could not be fetched: localhost is a private address"):
        shop.fetch(f"http://localhost:{shop.server.server_port}/page")


def test_a_page_that_redirects_for_ever_is_refused(shop: Shop) -> None:
    with pytest.raises(ToolRefused, match="redirects more than five times"):
        shop.fetch(shop.page("", status=302, Location="/page"))


def test_no_secret_and_no_cookie_goes_along(shop: Shop) -> None:
    shop.fetch(shop.page("hello", "text/plain"))
    assert {name.lower() for name in shop.asked[0]} <= {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "user-agent",
    }


def test_a_page_that_takes_too_long_to_read_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable, "PARSE_SECONDS", 0)
    with pytest.raises(ToolRefused, match="could not be read"):
        shop.fetch(shop.page(ARTICLE))


def test_a_server_that_does_not_end_its_answer_is_given_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "LONGEST_SECONDS", 0.2)
    with pytest.raises(ToolRefused, match=r"did not arrive within 0\.2 s"):
        shop.fetch(shop.page("short", "text/plain", Slow="yes"))


def test_hostile_html_costs_no_more_than_its_limits(shop: Shop) -> None:
    deep = "<div>" * 100_000 + SENTENCE
    with suppress(ToolRefused):
        assert len(shop.fetch(shop.page(deep))) <= 2 * len(deep)
