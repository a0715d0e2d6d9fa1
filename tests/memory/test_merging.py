"""Merging: what diff3 promises, for any texts, and that no line that somebody added is lost."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_site.alignment import Block, changed_blocks
from memory import merging
from memory.line_ends import lines_of
from memory.merging import Merge, merge

# Few different lines, so that texts share some; ends of every kind, and now and then none at the end
LINE = st.builds("".join, st.tuples(st.sampled_from(["", "a", "b", "c", "- kettle", "价格"]), st.just("\n")))
TEXTS = st.builds(
    lambda lines, last: "".join(lines) + last,
    st.lists(LINE, max_size=12),
    st.sampled_from(["", "", "a", "z"]),
)
WILD = st.text(st.sampled_from("ab\r\n\u2028\x0c"), max_size=30)
ANY = st.one_of(TEXTS, WILD)


def lines_in(merged: Merge) -> Counter[str]:
    """The lines of the proposal, without their ends: a last line may have got one."""
    return Counter(line.rstrip("\r\n") for line in lines_of(merged.text))


@given(ANY, ANY)
def test_one_sided_changes_are_taken_as_they_are(base: str, changed: str) -> None:
    assert merge(base, changed, base) == Merge(changed, ())
    assert merge(base, base, changed) == Merge(changed, ())
    assert merge(base, changed, changed) == Merge(changed, ())


@given(TEXTS, TEXTS, TEXTS)
def test_every_line_that_a_side_added_is_in_the_proposal(base: str, mine: str, theirs: str) -> None:
    found = lines_in(merge(base, mine, theirs))
    for side in (mine, theirs):
        added = {line.rstrip("\r\n") for line in lines_of(side)} - {
            line.rstrip("\r\n") for line in lines_of(base)
        }
        assert added <= set(found)


@given(TEXTS, TEXTS, TEXTS)
def test_no_line_is_in_the_proposal_that_nobody_wrote(base: str, mine: str, theirs: str) -> None:
    known = {line.rstrip("\r\n") for text in (mine, theirs) for line in lines_of(text)}
    assert set(lines_in(merge(base, mine, theirs))) <= known


@given(ANY, ANY, ANY)
def test_clean_merges_are_the_same_from_both_sides(base: str, mine: str, theirs: str) -> None:
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert one.is_clean == other.is_clean
    if one.is_clean:
        assert one.text == other.text


@given(TEXTS, TEXTS, TEXTS)
def test_clashes_name_the_lines_of_both_in_the_proposal(base: str, mine: str, theirs: str) -> None:
    merged = merge(base, mine, theirs)
    lines = lines_of(merged.text)
    for clash in merged.conflicts:
        assert "".join(lines[clash.start : clash.middle]).rstrip("\n") == clash.mine.rstrip("\n")
        assert "".join(lines[clash.middle : clash.end]).rstrip("\n") == clash.theirs.rstrip("\n")
        assert clash.mine in mine
        assert clash.theirs in theirs
        assert clash.base in base


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "text"),
    [
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"),
        ("a\nb\nc\n", "b\nc\n", "a\nb\nc\nd\n", "b\nc\nd\n"),
        ("", "a\n", "a\n", "a\n"),
        ("a\nb\nc", "a\nx\nb\nc", "a\nb\nC", "a\nx\nb\nC"),
    ],
    ids=["both ends", "deleted and appended", "the same twice", "no last newline"],
)
def test_changes_in_different_places_merge(base: str, mine: str, theirs: str, text: str) -> None:
    assert merge(base, mine, theirs) == Merge(text, ())


def test_different_changes_of_one_place_stand_one_after_the_other() -> None:
    merged = merge("a\nb\nc\n", "a\nmine\nc\n", "a\ntheirs\nc\n")
    assert merged.text == "a\nmine\ntheirs\nc\n"
    (clash,) = merged.conflicts
    assert (clash.base, clash.mine, clash.theirs) == ("b\n", "mine\n", "theirs\n")
    assert (clash.start, clash.middle, clash.end) == (1, 2, 3)


def test_a_deletion_against_a_change_is_for_a_person() -> None:
    (clash,) = merge("a\nb\nc\n", "a\nc\n", "a\nB\nc\n").conflicts
    assert (clash.mine, clash.theirs) == ("", "B\n")


def test_two_appended_texts_are_both_kept_and_their_common_lines_once() -> None:
    merged = merge("a\n", "a\n\nmine", "a\n\ntheirs")
    assert merged.text == "a\n\nmine\ntheirs"


def test_a_large_text_merges_in_a_moment() -> None:
    base = "".join(f"line {number}\n" for number in range(40_000))
    mine, theirs = base.replace("line 7\n", "mine\n"), base.replace("line 39000\n", "theirs\n")
    assert merge(base, mine, theirs).text == mine.replace("line 39000\n", "theirs\n")


class CountedBlocks(list[Block]):
    """Blocks that count how many of them were looked at or copied."""

    looked_at = 0

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        CountedBlocks.looked_at += len(found) if isinstance(at, slice) else 1
        return CountedBlocks(found) if isinstance(at, slice) else found


def test_many_changes_take_steps_in_proportion_to_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "changed_blocks", lambda old, new: CountedBlocks(changed_blocks(old, new)))
    steps = []
    for count in (500, 1_000):
        CountedBlocks.looked_at = 0
        base = "".join(f"{number}\n-\n" for number in range(count))
        merge(base, base.replace("-", "mine"), base.replace("-", "theirs"))
        steps.append(CountedBlocks.looked_at)
    assert steps[1] < 3 * steps[0]
