"""Line ends: what an editor shows and gives back leaves a file as it was, whatever it mixes."""

from hypothesis import given
from hypothesis import strategies as st

from memory.line_ends import like, lines_of, plain

WILD = st.text(st.sampled_from("ab\r\n\ufeff\u2028\x0b\x85"), max_size=30)


@given(st.one_of(st.text(), WILD))
def test_lines_joined_are_the_text(text: str) -> None:
    assert "".join(lines_of(text)) == text


@given(WILD)
def test_a_text_that_was_not_changed_keeps_every_byte(text: str) -> None:
    assert like(plain(text), text) == text


@given(WILD)
def test_a_form_that_sends_crlf_makes_no_difference(text: str) -> None:
    assert like(plain(text).replace("\n", "\r\n"), text) == text


@given(WILD, WILD)
def test_no_line_is_lost_or_made(text: str, model: str) -> None:
    assert plain(like(text, model)) == plain(text)
