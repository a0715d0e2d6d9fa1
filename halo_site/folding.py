"""Safe HTML of a markdown text with what belongs to each of its headings folded together."""

import re

MOST_HEADINGS = 500  # of a text that is folded; one with more has only its anchors
# Headings, and what makes a heading part of something else. The text is sanitized: these are real tags.
MARK = re.compile(
    r'<h([1-6]) data-sourcepos="(\d+):[^"]*">(.*?)</h\1>|<(/?)(?:blockquote|ul|ol|table)\b[^>]*>', re.DOTALL
)


def folded(page: str) -> str:
    """Wrap each heading that stands by itself, and what follows it, into ``<details open id="L<line>">``.

    A heading of a lower rank is folded within the one above it. One in a quote or a list stays as it is.
    """
    parts: list[str] = []
    ranks: list[int] = []  # of the sections that are open
    can_fold = page.count(" data-sourcepos=") <= MOST_HEADINGS
    depth, done = 0, 0
    for mark in MARK.finditer(page):
        parts.append(page[done : mark.start()])
        done = mark.end()
        if mark[1] is None:
            depth += -1 if mark[4] else 1
            parts.append(mark[0])
        elif depth or not can_fold:
            parts.append(_heading(mark, "" if depth else f' id="L{mark[2]}"'))
        else:
            parts.append(_section(mark, ranks))
    return "".join([*parts, page[done:], "</details>" * len(ranks)])


def _heading(mark: re.Match[str], attributes: str) -> str:
    return f"<h{mark[1]}{attributes}>{mark[3]}</h{mark[1]}>"


def _section(mark: re.Match[str], ranks: list[int]) -> str:
    """Close the sections that end here, and open the heading's own."""
    rank, closed = int(mark[1]), 0
    while ranks and ranks[-1] >= rank:
        ranks.pop()
        closed += 1
    ranks.append(rank)
    ends = "</details>" * closed
    return f'{ends}<details open id="L{mark[2]}"><summary>{_heading(mark, "")}</summary>'
