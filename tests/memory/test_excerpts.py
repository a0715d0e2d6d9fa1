"""The line that is shown of a file, and what is marked in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.excerpts import LENGTH, excerpt, marked
from memory.words import query_words


def drawn(parts):
    return "".join(f"[{part.text}]" if part.is_hit else part.text for part in parts)


def test_the_line_with_most_of_the_words_is_shown_under_its_headings():
    text = "# now\n## State\nA kettle.\n## Prices\nThe kettle has a price.\n"
    shown = excerpt(text, query_words("price kettle"))
    assert (shown.line, shown.headings) == (5, ("now", "Prices"))
    assert drawn(shown.parts) == "The [kettle] has a [price]."


def test_of_a_heading_its_text_is_shown_under_those_above_it():
    shown = excerpt("# now\n## The kettle ##\n", query_words("kettle"))
    assert (shown.headings, drawn(shown.parts)) == (("now",), "The [kettle]")


def test_a_heading_in_a_code_fence_is_none():
    shown = excerpt("# real\n```\n# not\nkettle\n```\n", query_words("kettle"))
    assert shown.headings == ("real",)


def test_marks_stand_where_the_text_is_written():
    assert drawn(marked("Un Café français", query_words("cafe FRAN"))) == "Un [Café] [fran]çais"
    assert drawn(marked("Un Cafe\u0301 noir", query_words("café"))) == "Un [Cafe\u0301] noir"
    assert drawn(marked("今天的价格上涨", query_words("价格"))) == "今天的[价格]上涨"
    assert drawn(marked("Die Straße hier", query_words("strasse"))) == "Die [Straße] hier"


def test_a_long_line_is_cut_around_the_first_word():
    shown = drawn(marked("a " * 500 + "kettle " + "b " * 500, query_words("kettle")))
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert "[kettle]" in shown
    assert len(shown) < LENGTH + 10


def test_a_line_far_down_has_its_number_and_the_headings_above_it():
    text = "# one\n" + "nothing here\n" * 500 + "## two\r\n" + "价 nothing\n" * 500 + "the Kéttle\n"
    shown = excerpt(text, query_words("kettle"))
    assert (shown.line, shown.headings) == (1003, ("one", "two"))
    assert drawn(shown.parts) == "the [Kéttle]"


def test_words_on_different_lines_are_shown_by_the_first_of_them():
    shown = excerpt("x\n" * 3000 + "a kettle\n" + "x\n" * 3000 + "a pot\n", query_words("pot kettle"))
    assert (shown.line, drawn(shown.parts)) == (3001, "a [kettle]")


@pytest.mark.parametrize("before", [1_900, 1_999, 2_000, 3_990, 50_000])
def test_the_word_is_marked_however_long_the_line_before_it(before):
    shown = drawn(marked("é" * before + " kettle " + "b " * 5_000, query_words("kettle")))
    assert "[kettle]" in shown
    assert (shown[0], shown[-1]) == ("…", "…")
    assert len(shown) < LENGTH + 10


def test_the_end_of_a_word_in_a_long_line_is_not_marked():
    line = "é" * 1_940 + "kettle " + "b " * 2_000 + "kettle"
    assert drawn(marked(line, query_words("kettle"))).endswith("[kettle]")


def test_nothing_is_shown_where_no_word_is():
    assert excerpt("# now\n", query_words("kettle")) is None


@given(st.text(max_size=150), st.text(max_size=20))
def test_marking_changes_no_character(line, query):
    if len(line) <= LENGTH:
        assert "".join(part.text for part in marked(line, query_words(query) or query_words("x"))) == line


def test_the_heading_after_a_byte_order_mark_is_shown_above_the_line():
    assert excerpt("\ufeff# now\nkettle", query_words("kettle")).headings == ("now",)


@pytest.mark.parametrize("block", ["<!--\n# not\n-->\n", "- ```\n  # not\n  ```\n"])
def test_a_heading_in_html_or_a_fence_of_a_list_is_shown_above_no_line(block):
    assert excerpt(f"# real\n{block}kettle\n", query_words("kettle")).headings == ("real",)
