"""Durations as a spec writes them: digits and one of s, m, h, d ("30m")."""

import json
import re
from functools import lru_cache

# BEHAVIOUR, App spec: no blanks, decimals, capitals or signs. Twelve digits are more than any calendar
# holds, and keep `int` away from texts that are made to be slow.
_DURATION = re.compile(r"([0-9]{1,12})([smhd])", re.ASCII)
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def parse_duration(text: str) -> int:
    """Milliseconds of a duration such as "30m".

    Raises ValueError with one sentence. Zero and short durations are legal; schedules refuse them.
    """
    if not isinstance(text, str):
        raise ValueError(_refusal(text))
    return _milliseconds(text)


@lru_cache(maxsize=1024)  # asked for every job that comes due, and the texts are few; refusals are not kept
def _milliseconds(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(_refusal(text))
    return int(match[1]) * _UNIT_MS[match[2]]


def _refusal(value: object) -> str:
    return f'The duration {_shown(value)} cannot be read; write digits and one of s, m, h, d, like "30m".'


def _shown(value: object) -> str:
    """A value as an error quotes it: on one line, and not a long one."""
    text = str(value)
    return json.dumps(f"{text[:40]}…" if len(text) > 40 else text, ensure_ascii=False)
