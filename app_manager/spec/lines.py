"""Lines and columns of a text, as an editor counts them."""

import re
from bisect import bisect_right

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class Lines:
    """Turns an index of a text into a line and a column, both counted from 1.

    The marks of the YAML parser also count U+0085, U+2028 and U+2029 as line breaks, which no editor does;
    so only their index is used.
    """

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
        self._end = len(text.rstrip())

    def place(self, index: int) -> tuple[int, int]:
        """Line and column; what lies behind the last visible character is reported right behind that one."""
        index = min(index, self._end)
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1
