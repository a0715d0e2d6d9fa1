"""Sections of markdown: the shared vectors, CommonMark's corners, properties for any text."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory import sections
from memory.sections import Heading
from tests.shared import shared_path

FILE = "# now\n\n## State\n- a\n\n## Rules\n- b\n\n# History\n\n## 2026-01-01-0900 | first\n"
LINES = st.lists(
    st.one_of(
        st.text(alphabet=st.characters(exclude_characters="\n")),
        st.sampled_from(["# A", "## b", "```", "~~~", ""]),
    )
)
DOCUMENTS = LINES.map("\n".join)


def vectors(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads(shared_path("reference/vectors.json").read_text())[name]
    return cases


def test_the_shared_vectors_of_sections_hold() -> None:
    for case in vectors("memory_sections"):
        assert sections.read(case["markdown"], case["mode"], case["arg"]) == case["expected"], case


def test_the_shared_vectors_of_history_headings_hold() -> None:
    for case in vectors("history_heading"):
        found = sections.with_history_heading(case["content"], case["timestamp"], case["by"])
        assert found == case["expected"], case


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("# a", Heading(1, 1, "a")),
        ("###### a", Heading(1, 6, "a")),
        ("   # a", Heading(1, 1, "a")),
        ("#\ta", Heading(1, 1, "a")),
        ("# a #", Heading(1, 1, "a")),
        ("# a ### ", Heading(1, 1, "a")),
        ("# a#", Heading(1, 1, "a#")),
        ("# c \\#x", Heading(1, 1, "c \\#x")),
        ("#", Heading(1, 1, "")),
        ("# #", Heading(1, 1, "")),
        ("# a\r", Heading(1, 1, "a")),
        ("## 状态 | 两家店", Heading(1, 2, "状态 | 两家店")),
    ],
)
def test_an_atx_heading_is_seen(line: str, heading: Heading) -> None:
    assert sections.outline(line) == [heading]


@pytest.mark.parametrize(
    "line", ["#a", "####### a", "    # a", "\t# a", "> # a", "a # b", "\\# a", "<!-- # a -->", "a\n==="]
)
def test_what_is_no_atx_heading_is_not_seen(line: str) -> None:
    assert sections.outline(line) == []


@pytest.mark.parametrize(
    "fence",
    [
        "```\n# a\n```",
        "~~~ py\n# a\n```\n~~~",
        "````\n# a\n```\n````",
        "  ```\n# a\n  ```",
        "```\n# a\n```` x\n```",
        "```\n# a",
        "```\n\t```\n# a",
        "```\n```\u00a0\n# a",
        "- ```\n  # a\n  ```",
        "10. ~~~\n    # a\n    ~~~\n",
    ],
)
def test_a_heading_in_a_code_fence_is_none(fence: str) -> None:
    assert sections.outline(fence) == []


@pytest.mark.parametrize(
    "text", ["```\n```\n# a", "``` `\n# a", "``\n# a", "    ```\n# a", "~~~\n~~~~~\n# a"]
)
def test_a_heading_after_what_is_no_open_fence_is_one(text: str) -> None:
    assert [heading.text for heading in sections.outline(text)] == ["a"]


@pytest.mark.parametrize(
    "html",
    [
        "<!--\n# a\n-->",
        "<pre>\n\n# a\n</pre>",
        "<div>\n# a\n</div>",
        "<?x\n# a\n?>",
        "<![CDATA[\n# a\n]]>",
        "<!X\n# a\n>",
        '<b class="c">\n# a',
        "<!-- never closed\n\n# a",
        "- <!--\n  # a\n  -->",
    ],
)
def test_a_heading_in_a_block_of_html_is_none(html: str) -> None:
    assert sections.outline(html) == []


@pytest.mark.parametrize(
    "text",
    [
        "<!-- b -->\n# a",
        "<div>\n\n# a\n</div>",
        "text\n<b>\n# a",
        "    <!--\n# a",
        "- ```\n# a",
        "- ```\n  ```\n# a",
        "<b> text\n# a",
    ],
)
def test_a_heading_after_what_ends_or_is_no_block_is_one(text: str) -> None:
    assert [heading.text for heading in sections.outline(text)] == ["a"]


def test_a_section_can_be_named_as_the_headers_show_it() -> None:
    assert sections.read(FILE, "section", "## Rules") == "## Rules\n- b\n"


def test_a_section_ends_at_no_heading_inside_a_fence() -> None:
    assert sections.read("# a\n```\n# b\n```\nc\n# d", "section", "a") == "# a\n```\n# b\n```\nc"


MARKED = "\ufeff# now\na\n# History\nb"


def test_a_byte_order_mark_hides_no_first_heading() -> None:
    assert sections.read(MARKED, "headers") == "L1: # now\nL3: # History"
    assert sections.read(MARKED, "section", "# now") == "# now\na"


def test_the_history_of_a_file_that_begins_with_a_byte_order_mark_is_found() -> None:
    text = sections.with_history_heading("\ufeff# History\n", "2026-01-02-0900", None)
    assert text == "\ufeff# History\n\n## 2026-01-02-0900\n"


def test_the_outline_of_a_snapshot_has_the_heading_after_a_byte_order_mark() -> None:
    assert "\nL1: # now\n" in sections.snapshot(MARKED + "\nx" * 40)


def test_headers_of_a_file_without_headings_say_so() -> None:
    assert sections.read("text", "headers") == "(no headings)"


def test_a_cut_tail_says_how_much_of_the_file_it_is() -> None:
    assert sections.read("a\nb\nc\nd", "tail", 2) == "(last 2 of 4 lines)\nc\nd"


def test_an_unknown_mode_is_an_error() -> None:
    with pytest.raises(ValueError, match="modes are full"):
        sections.read(FILE, "middle")


def test_a_history_heading_is_signed_and_comes_first() -> None:
    text = sections.with_history_heading(FILE, "2026-01-02-0900", "run#8f3c12aa")
    assert text.partition("# History\n\n")[2].startswith(
        "## 2026-01-02-0900 [by: run#8f3c12aa]\n\n## 2026-01-01-0900"
    )


def test_history_in_a_code_fence_is_not_taken_for_the_history() -> None:
    text = sections.with_history_heading("```\n# History\n```\n", "2026-01-02-0900", None)
    assert text == "```\n# History\n```\n\n# History\n\n## 2026-01-02-0900\n"


def test_a_file_with_windows_line_ends_keeps_them() -> None:
    text = sections.with_history_heading("# History\r\n\r\n## old\r\n", "2026-01-02-0900", None)
    assert text == "# History\r\n\r\n## 2026-01-02-0900\r\n\r\n## old\r\n"


def test_a_snapshot_of_thirty_lines_is_the_whole_file() -> None:
    text = "# now\n" + "x\n" * 28 + "x"
    assert sections.snapshot(text) == text


def test_a_snapshot_of_a_longer_file_is_its_first_section_and_an_outline() -> None:
    text = "# now\n\n## State\n- a\n\n# History\n" + "\n## old\nnot shown\n" * 20
    shown = sections.snapshot(text)
    assert shown.startswith("# now\n\n## State\n- a\n\n(The file has 66 lines.")
    assert "L6: # History\nL8: ## old" in shown
    assert "not shown" not in shown


def test_a_snapshot_says_what_it_cut() -> None:
    shown = sections.snapshot("# now\n" + "word " * 5000 + "\n" + "\n".join(f"## {n}" for n in range(3000)))
    assert shown.count("cut here") == 2
    assert len(shown.encode()) <= sections.SNAPSHOT_BYTES


@given(DOCUMENTS, st.integers(1, 5))
def test_a_snapshot_is_never_over_its_limit(text: str, times: int) -> None:
    long = (text + "\n# heading\n") * (times * 400)
    assert len(sections.snapshot(long).encode(errors="replace")) <= sections.SNAPSHOT_BYTES


@given(DOCUMENTS)
def test_sections_of_the_first_rank_add_up_to_the_file(text: str) -> None:
    headings = sections.outline(text)
    lines = text.split("\n")
    if headings:
        top = min(heading.level for heading in headings)
        starts = [heading.line for heading in headings if heading.level == top]
        first = next(heading for heading in headings if heading.line == starts[0])
        part = sections.section("\n".join(lines[first.line - 1 :]), lines[first.line - 1])
        end = starts[1] - 1 if len(starts) > 1 else len(lines)
        if lines[first.line - 1].strip():
            assert part == "\n".join(lines[first.line - 1 : end])


@given(DOCUMENTS)
def test_the_outline_points_at_lines_that_are_headings(text: str) -> None:
    lines = text.split("\n")
    for heading in sections.outline(text):
        assert lines[heading.line - 1].lstrip(" ").startswith("#" * heading.level)
        assert heading.text in lines[heading.line - 1]


@given(DOCUMENTS, st.integers(1, 20))
def test_a_tail_is_the_end_of_the_file(text: str, count: int) -> None:
    part = sections.tail(text, count)
    kept = "".join(re.findall(r"[^\n]*\n|[^\n]+", text)[-count:])
    assert part == text or part.partition("\n")[2] == kept


@given(st.one_of(st.none(), DOCUMENTS))
def test_a_history_heading_takes_nothing_away(text: str | None) -> None:
    headed = sections.with_history_heading(text, "2026-01-02-0900", "run#8f3c12aa")
    rest = iter(headed.split("\n"))
    assert not text or not text.strip() or all(line in rest for line in text.split("\n"))
    assert "## 2026-01-02-0900 [by: run#8f3c12aa]" in headed
