"""Shortening: what is not a note stays whole, the newest notes stay, and it is done only where it helps."""

from hypothesis import given
from hypothesis import strategies as st

from memory.shortening import FEWEST_NOTES, KEPT_BYTES, _pieces, shortened

WHERE = "memory/archive/2026-11-23-0900.md"
NOW = "# now\n\n## State | 2 shops watched\n- kettle: 19.50\n\n## Patterns\n- mornings are cheap\n"


def entry(number: int, size: int = 2_000) -> str:
    """A history entry of the day ``number``, the larger the newer."""
    return f"## 2026-{number // 28 + 1:02}-{number % 28 + 1:02}-0900 | run {number}\n{'x' * size}\n"


def history(count: int, size: int = 2_000) -> str:
    return "# History\n\n" + "".join(entry(number, size) for number in range(count)[::-1])


def appended(number: int, text: str) -> str:
    return f"\n<!-- 2026-12-{number + 1:02}T09:00:00+00:00 by app:kettle -->\n{text}\n"


def test_the_newest_entries_stay_and_a_line_says_where_the_others_are() -> None:
    text = shortened(f"{NOW}\n{history(100)}", WHERE)
    assert text
    assert text.startswith(f"{NOW}\n# History\n\n{entry(99)}{entry(98)}")
    kept = text.count("| run ")
    assert text.endswith(
        f"{entry(100 - kept)}\n<!-- shortened by {100 - kept} older notes, which are in {WHERE} -->\n"
    )
    assert KEPT_BYTES - 4_000 < len(text) < KEPT_BYTES + 200


def test_now_stays_whole_however_long_it_is_and_the_fewest_notes_with_it() -> None:
    now = f"# now\n\n## State\n{'s' * 200_000}\n\n"
    text = shortened(now + history(100), WHERE)
    assert text
    assert text.startswith(now)
    assert text.count("| run ") == FEWEST_NOTES


def test_what_was_appended_at_the_end_is_as_new_as_its_time_says() -> None:
    """Appended text stands below the oldest entry, and must not go with it."""
    notes = "".join(appended(number, f"note {number}") for number in range(5))
    text = shortened(f"{NOW}\n{history(100)}{notes}", WHERE)
    assert text
    assert notes.strip() in text
    assert "| run 0\n" not in text


def test_a_file_of_appended_notes_only_is_shortened_too() -> None:
    text = shortened(NOW + "".join(appended(number, "n" * 5_000) for number in range(28)), WHERE)
    assert text
    assert text.startswith(NOW)
    assert "2026-12-28T" in text
    assert "2026-12-01T" not in text


def test_other_parts_stay_wherever_they_are() -> None:
    text = shortened(f"preface\n{NOW}\n{history(100)}## Not dated\nkept\n# Shops\n{entry(1)}", WHERE)
    assert text
    assert text.startswith("preface\n")
    assert f"## Not dated\nkept\n# Shops\n{entry(1)}" in text


def test_what_looks_like_an_entry_in_a_code_fence_is_none() -> None:
    fence = f"```\n# History\n{entry(1)}{appended(1, 'x')}```\n"
    text = shortened(f"{NOW}{fence}\n{history(100)}", WHERE)
    assert text
    assert fence in text


def test_the_line_of_an_earlier_shortening_goes() -> None:
    once = shortened(f"{NOW}\n{history(100)}", "memory/archive/old.md")
    assert once
    again = shortened(once.replace("# History\n", f"# History\n{history(100)[10:]}"), WHERE)
    assert again
    assert "old.md" not in again
    assert again.count("<!-- shortened") == 1


def test_it_is_not_done_where_it_would_save_little() -> None:
    assert shortened(f"{NOW}\n{history(20, 10)}", WHERE) is None
    assert shortened(f"# now\n{'s' * 200_000}\n{history(15, 1_000)}", WHERE) is None
    assert shortened("x" * 200_000, WHERE) is None


def test_lines_of_another_system_keep_their_ends() -> None:
    text = shortened(f"{NOW}\n{history(100)}".replace("\n", "\r\n"), WHERE)
    assert text
    assert text.count("\n") == text.count("\r\n")


HEADINGS = ["# now", "# History", "## 2026-01-01-0900 | a", "## 2026-01-02-0900", "## State", "### x"]
APPENDED = ["<!-- 2026-01-03T09:00:00+00:00 by app:kettle -->", "<!-- 2026-01-03T09:00:00Z by user -->"]
LINES = st.sampled_from([*HEADINGS, *APPENDED, "```", "~~~", "", "价格", "\r"])


@given(st.lists(LINES, max_size=30))
def test_the_pieces_are_the_whole_text(lines: list[str]) -> None:
    assert [line for piece in _pieces("\n".join(lines)) for line in piece.lines] == (lines or [""])


@given(st.lists(st.tuples(LINES, st.sampled_from([0, 10, 30_000])), min_size=1, max_size=30))
def test_what_is_taken_out_is_notes_and_only_the_oldest(parts: list[tuple[str, int]]) -> None:
    text = "\n".join(f"{line}\n{'x' * size}" for line, size in parts)
    shorter = shortened(text, WHERE)
    if shorter is None:
        return
    before, after = _pieces(text), _pieces(shorter)
    stays = ["\n".join(piece.lines).rstrip() for piece in before if not piece.moment]
    assert [text for text in stays if text] == [
        found for piece in after if not piece.moment and (found := "\n".join(piece.lines).rstrip())
    ]
    left = sorted(piece.moment for piece in after if piece.moment)
    assert left == sorted(piece.moment for piece in before if piece.moment)[-len(left) :]
