"""Characters that nobody sees are marks in what is shown of a text."""

import pytest

from halo_site.visible import MOST_MARKS, with_marks


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("\u202e", "U+202E"),
        ("\u2066", "U+2066"),
        ("\u200b", "U+200B"),
        ("\x1b", "U+001B"),
        ("\r", "U+000D"),
        ("\u202e\u202e\u2066", "U+202E x 2 U+2066"),
    ],
)
def test_what_nobody_sees_has_a_mark_in_its_place(text: str, named: str) -> None:
    assert with_marks(f"a{text}b") == f'a<span class="diff-hidden">{named}</span>b'


@pytest.mark.parametrize("text", ["a\tb\n", "שלום", "न\u200cन", "👩\u200d🔬", "价"])
def test_what_is_seen_stays_as_it_is(text: str) -> None:
    assert with_marks(text) == text


def test_windows_line_ends_are_line_ends() -> None:
    assert with_marks("a\r\nb") == "a\nb"


def test_the_text_is_text() -> None:
    assert with_marks("<b>\u202e&") == '&lt;b&gt;<span class="diff-hidden">U+202E</span>&amp;'


def test_a_text_full_of_them_makes_no_endless_page() -> None:
    page = with_marks("a\u202e" * 300_000)
    assert "\u202e" not in page
    assert page.count("<span") == MOST_MARKS
