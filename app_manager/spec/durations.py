"""Durations of a spec: digits and one of s, m, h, d (BEHAVIOUR, App spec)."""

import re

from app_manager.spec.problem import clipped

MIN_INTERVAL_MS = 10_000  # 10 s (BEHAVIOUR, Schedules)
MAX_DURATION_MS = 36_500 * 86_400_000  # 100 years: larger ones overflow dates
_DURATION = re.compile(r"([0-9]+)([smhd])")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def parse_duration(text: str) -> int:
    """Milliseconds of `45s`, `30m`, `2h` or `7d`. ValueError with a sentence for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None:
        shown = clipped(text)
        raise ValueError(f"a duration is digits and one of s, m, h, d, such as 30m; this one is `{shown}`")
    digits = match[1].lstrip("0")
    milliseconds = int(digits[:12] or "0") * _UNIT_MS[match[2]]
    if len(digits) > 12 or milliseconds > MAX_DURATION_MS:
        raise ValueError("a duration must be at most 36500d, which is 100 years")
    return milliseconds


def parse_interval(text: str) -> int:
    """Milliseconds of an interval. ValueError with a sentence if it is no duration or under 10 s."""
    milliseconds = parse_duration(text)
    if milliseconds < MIN_INTERVAL_MS:
        raise ValueError(f"an interval must be at least 10 s, this one is {milliseconds // 1000} s")
    return milliseconds
