"""What belongs to a heading is folded with it; the anchors are the lines of the text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_site import folding
from halo_site.markdown import render, render_folded

DETAILS = re.compile(r"</?details[^>]*>|</?summary>")
ANCHOR = re.compile(r'<details open id="L(\d+)">')


def without_folds(page: str) -> str:
    return DETAILS.sub("", page)


def test_a_heading_is_folded_with_what_follows_it():
    assert render_folded("# a\n\ntext\n") == (
        '<details open id="L1"><summary><h1>a</h1></summary>\n<p>text</p>\n</details>'
    )


def test_a_lower_rank_is_folded_within_the_higher():
    page = render_folded("# a\n## b\n# c\n")
    folds = re.findall(r'</?details(?: open id="L\d")?>', page)
    opened = [f'<details open id="L{line}">' for line in (1, 2, 3)]
    assert folds == [*opened[:2], "</details>", "</details>", opened[2], "</details>"]


def test_anchors_are_lines_of_headings_that_stand_by_themselves():
    text = "intro\n\n# a\n\n> # quoted\n\n- # listed\n\nunderlined\n---\n\n```\n# code\n```\n\n## z\n"
    assert ANCHOR.findall(render_folded(text)) == ["3", "9", "16"]


def test_a_planted_position_is_no_anchor():
    page = render_folded(
        '<h1 data-sourcepos="7:1-7:2" id="x">a</h1>\n\n&lt;h1 data-sourcepos="7:1-7:2"&gt;\n'
    )
    assert "id=" not in page
    assert "<h1" not in page


def test_too_many_headings_have_anchors_and_no_folds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(folding, "MOST_HEADINGS", 1)
    assert render_folded("# a\n# b\n") == '<h1 id="L1">a</h1>\n<h1 id="L2">b</h1>\n'


@given(
    st.lists(
        st.sampled_from(["# a", "## b", "> # c", "- x", "text", "```", "<details>", "---", "|a|b|\n|-|-|"])
    )
)
def test_folding_changes_nothing_but_folds(lines: list[str]):
    text = "\n\n".join(lines)
    page = render_folded(text)
    assert without_folds(page) == render(text)
    assert page.count("<details open") == page.count("</details>")


@given(st.text())
def test_no_text_is_rendered_differently(text: str):
    assert without_folds(render_folded(text)) == render(text)
