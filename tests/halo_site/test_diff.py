"""Two texts side by side: nothing that differs is left out, nothing takes long, nothing stays invisible."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_site.alignment import changed_blocks
from halo_site.diff import CONTEXT, MAX_ROWS, Diff, Row, diff_of
from halo_site.likeness import paired, word_changes

LINES = st.lists(st.sampled_from(["a", "b", "c", "name: x", "name: y", "", "- web"]), max_size=30)


def rows(diff: Diff) -> list[Row]:
    return [row for stretch in diff.stretches for row in stretch.rows]


def text_of(side, kind=None):
    return "".join(span.text for span in side.spans if kind in (None, span.kind))


def old_text(diff):
    return "\n".join(text_of(row.old) for row in rows(diff) if row.old)


def new_text(diff):
    return "\n".join(text_of(row.new) for row in rows(diff) if row.new)


@given(LINES, LINES)
def test_both_texts_stand_whole_in_the_columns(old, new):
    diff = diff_of("\n".join(old), "\n".join(new))
    assert (old_text(diff), new_text(diff)) == ("\n".join(old), "\n".join(new))


@given(LINES, LINES)
def test_rows_that_count_as_unchanged_are_equal(old, new):
    for row in rows(diff_of("\n".join(old), "\n".join(new))):
        assert row.is_changed or text_of(row.old) == text_of(row.new)


@given(LINES, LINES)
def test_line_numbers_count_up(old, new):
    shown = rows(diff_of("\n".join(old), "\n".join(new)))
    for side in ("old", "new"):
        numbers = [getattr(row, side).number for row in shown if getattr(row, side)]
        assert numbers == list(range(1, len(numbers) + 1))


@given(LINES, LINES)
def test_what_lies_between_changed_blocks_is_equal(old, new):
    i = j = 0
    for block in changed_blocks(old, new):
        assert old[i : block.old_start] == new[j : block.new_start]
        assert not block.is_empty
        i, j = block.old_end, block.new_end
    assert old[i:] == new[j:]


@given(LINES)
def test_equal_texts_have_no_difference(lines):
    assert diff_of("\n".join(lines), "\n".join(lines)).is_same


@given(st.text(max_size=60), st.text(max_size=60))
def test_words_of_both_lines_stay_complete(old, new):
    one, other = word_changes(old, new)
    assert ("".join(text for text, _ in one), "".join(text for text, _ in other)) == (old, new)


@given(LINES, LINES)
def test_every_line_of_a_block_is_paired_once(old, new):
    pairs = paired(old, new)
    assert [i for i, _ in pairs if i is not None] == list(range(len(old)))
    assert [j for _, j in pairs if j is not None] == list(range(len(new)))


def test_changed_words_are_marked():
    (row,) = rows(diff_of("version: 1.0 of it", "version: 2.0 of it"))
    assert (text_of(row.old, "changed"), text_of(row.new, "changed")) == ("1", "2")


def test_a_line_stands_beside_the_one_it_is_like():
    shown = rows(diff_of("version: 1", "# a word about it\nversion: 2"))
    assert [(row.old is None, row.new is None) for row in shown] == [(True, False), (False, False)]


def test_chinese_is_compared_character_by_character():
    (row,) = rows(diff_of("description: 看价格", "description: 看天气"))
    assert text_of(row.new, "changed") == "天气"


def test_long_unchanged_stretches_are_folded_with_their_count():
    lines = [f"line {number}" for number in range(100)]
    diff = diff_of("\n".join(lines), "\n".join([*lines[:50], "new", *lines[50:]]))
    assert [stretch.length for stretch in diff.stretches if stretch.is_folded] == [50 - CONTEXT] * 2
    assert diff.added == 1


def test_a_stretch_of_one_line_is_not_folded():
    lines = [str(number) for number in range(CONTEXT + 1)]
    diff = diff_of("\n".join(lines), "\n".join([*lines, "new"]))
    assert not any(stretch.is_folded for stretch in diff.stretches)


def test_line_ends_make_no_difference():
    assert diff_of("a\r\nb\r\n", "a\nb\n").is_same


@pytest.mark.parametrize(
    ("hidden", "name"),
    [("\u202e", "U+202E"), ("\u200b", "U+200B"), ("\u2028", "U+2028"), ("\x85", "U+0085"), ("\r", "U+000D")],
)
def test_an_invisible_character_is_named(hidden, name):
    (row,) = rows(diff_of("a b", f"a {hidden}b"))
    assert [span.text for span in row.new.spans if span.kind == "hidden"] == [name]
    assert hidden not in text_of(row.new)


def test_of_a_very_long_line_the_change_is_shown():
    (row,) = rows(diff_of("x: " + "tea " * 200_000 + "end", "x: " + "tea " * 200_000 + "END"))
    assert sum(len(span.text) for span in row.new.spans) < 5_000
    assert "END" in text_of(row.new)


def test_changes_that_are_not_shown_are_counted():
    old = "\n".join(f"a{number}" for number in range(5_000))
    diff = diff_of(old, old.replace("a", "b"))
    assert len(rows(diff)) == MAX_ROWS
    assert diff.unshown == 2 * (5_000 - MAX_ROWS)


MIB = 1024 * 1024
SLOW = {
    "all lines differ": ("a\n" * (MIB // 2), "b\n" * (MIB // 2)),
    "two lines, the other way round": ("a\nb\n" * (MIB // 4), "b\na\n" * (MIB // 4)),
    "one line": ("a " * (MIB // 2), "b " * (MIB // 2)),
    "every line once": (
        "\n".join(str(number) for number in range(150_000)),
        "\n".join(str(number) for number in range(150_000, 0, -1)),
    ),
    "gaps": (
        "\n".join(f"{number}\na\nb" for number in range(80_000)),
        "\n".join(f"{number}\nb\na" for number in range(80_000)),
    ),
}


@pytest.mark.parametrize(("old", "new"), SLOW.values(), ids=SLOW)
def test_texts_of_a_mebibyte_are_compared_in_bounded_time(old, new):
    started = time.process_time()
    diff = diff_of(old, new)
    assert time.process_time() - started < 15  # about 1 s on an idle machine
    assert not diff.is_same
    assert sum(len(stretch.rows) for stretch in diff.stretches) < 3_000
