"""What counts as a word, and where its beginning is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.words import MOST_CHARACTERS, QUERY_CHARACTERS, all_terms, fold, is_shortened, query_words, terms


def found_by(query: str, text: str) -> bool:
    """Whether the index finds it: each term begins one of the text's, and doubtful words stand there."""
    words, held = query_words(query), list(terms(text))
    has_terms = all(any(term.startswith(wanted) for term in held) for wanted in all_terms(words))
    return bool(words) and has_terms and all(any(True for _ in word.places(fold(text))) for word in words)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("kettle", "The Kettle costs 20"),
        ("KETT", "the kettle"),
        ("resume", "Résumé"),
        ("Résumé", "resume"),
        ("RE\u0301SUME\u0301", "résumé"),
        ("strasse", "Straße"),
        ("ελλας", "Ελλάς"),
        ("istanbul", "İstanbul"),
        ("价格", "今天的价格上涨了。"),
        ("价", "今天的价格"),
        ("格", "今天的价格"),  # the last of its run
        ("价格上涨", "价格上涨了"),
        ("カタ", "ｶﾀｶﾅ"),  # half width
        ("が", "か\u3099っこう"),  # composed of two
        ("東京", "私は東京都に住む"),
        ("가격", "오늘의가격이"),
        ("ราคา", "วันนี้ราคาขึ้น"),
        ("iphone价格", "新iPhone价格表"),
        ("17", "price 17.20"),
        ("foo bar", "bar, foo"),
        ("snake", "the_snake_case"),
    ],
)
def test_a_word_is_found(query, text):
    assert found_by(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("ettle", "kettle"),  # within a word
        ("kettle pot", "kettle"),
        ("格价", "价格"),
        ("价格上", "价格 格上"),  # every pair, but not the word
        ("x" * 65, "x" * 64),
        ("か", "が"),
        ("...", "..."),
        ("", "kettle"),
    ],
)
def test_what_is_not_there_is_not_found(query, text):
    assert not found_by(query, text)


@given(st.text(max_size=200))
def test_folding_keeps_every_line_break_in_its_place(text):
    assert fold(text).count("\n") == text.count("\n")
    assert [fold(line) for line in text.split("\n")] == fold(text).split("\n")


@given(st.text(max_size=300))
def test_every_term_of_a_text_finds_it(text):
    for term in set(terms(text)):
        assert found_by(term, text) or len(term) == MOST_CHARACTERS


@given(st.text(max_size=300))
def test_terms_hold_nothing_that_a_database_would_take_for_an_operator(text):
    assert all(not set(term) & set(" '\"*:&|!()<>\\\0\n\t") for term in terms(text))


def test_a_query_has_bounds_and_says_where_it_is_cut():
    assert len(query_words(" ".join(f"w{number}" for number in range(40)))) == 12
    assert is_shortened("x" * (QUERY_CHARACTERS + 1))
    assert is_shortened(" ".join(f"w{number}" for number in range(13)))
    assert not is_shortened("kettle " * 13)


@given(st.text(max_size=80), st.text(st.characters(max_codepoint=127), max_size=80))
def test_lines_of_ascii_have_the_same_terms_by_themselves(text, plain):
    assert set(terms(f"{plain}\n{text}")) == set(terms(plain)) | set(terms(text))
    assert set(terms(f"{plain} é")) == set(terms(plain)) | {"e"}  # together in one line
