"""Quiet hours, digests and repeats, over all times of day and over the hours that clocks skip or repeat."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app_runtime.notifications.quiet import cannot_wait, held_until, next_at, quiet_until
from app_runtime.notifications.rules import repeats_until, topic_of
from halo_site.datadir.notification_rules import Digest, QuietHours

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
clock_times = st.times().map(lambda at: at.strftime("%H:%M"))
FIRST, LAST = (datetime.fromisoformat(day) for day in ("2024-01-01", "2030-01-01"))
# Half of them around a change of the clocks
CHANGES = ("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-04", "2026-10-03")
around = st.tuples(st.sampled_from(CHANGES), st.timedeltas(timedelta(0), timedelta(days=2))).map(
    lambda pair: datetime.fromisoformat(pair[0]).replace(tzinfo=UTC) + pair[1]
)
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC)) | around
hours = st.tuples(clock_times, clock_times, st.sampled_from(ZONES)).filter(lambda each: each[0] != each[1])


def quiet_of(parts: tuple[str, str, str]) -> QuietHours:
    return QuietHours(start=parts[0], end=parts[1], zone=parts[2])


@given(hours, moments)
def test_quiet_ends_later_within_a_day_and_is_over_then(parts: tuple[str, str, str], now: datetime) -> None:
    quiet = quiet_of(parts)
    end = quiet_until(quiet, now)
    if end is not None:
        assert timedelta(0) < end - now <= timedelta(hours=26)
        assert quiet_until(quiet, end) is None


@given(hours, moments)
def test_within_quiet_hours_the_end_stays_the_same(parts: tuple[str, str, str], now: datetime) -> None:
    quiet = quiet_of(parts)
    end = quiet_until(quiet, now)
    if end is not None:
        for moment in (now + (end - now) * share for share in (0.25, 0.5, 0.999)):
            assert quiet_until(quiet, moment) == end


@given(hours, moments)
def test_it_is_quiet_or_it_is_the_other_time(parts: tuple[str, str, str], now: datetime) -> None:
    start, end, zone = parts
    there, back = quiet_until(quiet_of(parts), now), quiet_until(quiet_of((end, start, zone)), now)
    assert (there is None) != (back is None)


@given(hours, clock_times, moments)
def test_a_digest_never_comes_before_the_quiet_ends(
    parts: tuple[str, str, str], at: str, now: datetime
) -> None:
    end = quiet_until(quiet_of(parts), now)
    until = held_until(quiet_of(parts), Digest(at=at), now)
    assert (until is None) == (end is None)
    if end is not None and until is not None:
        assert timedelta(0) <= until - end <= timedelta(hours=26)


@given(clock_times, st.sampled_from(ZONES), moments)
def test_the_next_time_is_later(at: str, zone: str, now: datetime) -> None:
    assert next_at(at, zone, now) > now


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "start", "end", "now", "until"),
    [
        # The end is skipped: right after the gap
        ("Europe/Berlin", "22:00", "02:30", "2026-03-28 23:00", "2026-03-29 01:00"),
        ("America/New_York", "22:00", "02:30", "2026-03-08 06:59", "2026-03-08 07:00"),
        ("Australia/Lord_Howe", "22:00", "02:10", "2026-10-03 14:00", "2026-10-03 15:30"),
        # It occurs twice: at the first
        ("Europe/Berlin", "22:00", "02:30", "2026-10-24 23:00", "2026-10-25 00:30"),
        ("America/New_York", "22:00", "01:30", "2026-11-01 04:00", "2026-11-01 05:30"),
        ("Australia/Lord_Howe", "22:00", "01:45", "2026-04-04 14:00", "2026-04-04 14:45"),
        # ... and not quiet once more when the clocks show it again
        ("Europe/Berlin", "22:00", "02:30", "2026-10-25 01:10", None),
        # A start that occurs twice: from the first on, without a break
        ("Europe/Berlin", "02:30", "06:00", "2026-10-25 01:10", "2026-10-25 05:00"),
        # Both days are an hour longer or shorter, and the end is that of the clock on the wall
        ("Europe/Berlin", "22:00", "07:00", "2026-03-28 21:00", "2026-03-29 05:00"),
        ("Europe/Berlin", "22:00", "07:00", "2026-10-24 20:00", "2026-10-25 06:00"),
        ("America/New_York", "22:00", "07:00", "2026-03-08 03:00", "2026-03-08 11:00"),
        ("America/New_York", "22:00", "07:00", "2026-11-01 02:00", "2026-11-01 12:00"),
        # A gap swallows start and end: nothing is left of them, or nothing of what lies between two nights
        ("Europe/Berlin", "02:10", "02:50", "2026-03-29 01:00", None),
        ("Europe/Berlin", "02:50", "02:10", "2026-03-29 00:30", "2026-03-30 00:10"),
    ],
)
def test_quiet_hours_when_the_clocks_change(
    zone: str, start: str, end: str, now: str, until: str | None
) -> None:
    wanted = at(until) if until else None
    assert quiet_until(QuietHours(start=start, end=end, zone=zone), at(now)) == wanted


@pytest.mark.parametrize(
    ("zone", "clock_time", "after", "wanted"),
    [
        ("Europe/Berlin", "02:30", "2026-03-29 00:59", "2026-03-29 01:00"),
        ("Europe/Berlin", "02:30", "2026-03-29 01:00", "2026-03-30 00:30"),
        ("Europe/Berlin", "02:30", "2026-10-25 00:29", "2026-10-25 00:30"),
        ("Europe/Berlin", "02:30", "2026-10-25 00:30", "2026-10-26 01:30"),
        ("Australia/Lord_Howe", "02:10", "2026-10-03 15:00", "2026-10-03 15:30"),
        ("America/New_York", "08:00", "2026-03-08 11:00", "2026-03-08 12:00"),
    ],
)
def test_the_next_time_when_the_clocks_change(zone: str, clock_time: str, after: str, wanted: str) -> None:
    assert next_at(clock_time, zone, at(after)) == at(wanted)


def test_a_deadline_at_the_end_of_the_quiet_cannot_wait() -> None:
    end = datetime(2026, 3, 28, 7, tzinfo=UTC)
    assert cannot_wait(end, end)
    assert not cannot_wait(end + timedelta(seconds=1), end)
    assert not cannot_wait(None, end)


@given(moments, st.integers(0, 10_000), st.timedeltas(timedelta(0), timedelta(days=8)))
def test_a_repeat_waits_for_the_end_of_its_window(told: datetime, minutes: int, later: timedelta) -> None:
    until = repeats_until(told, minutes, told + later)
    assert (until is not None) == (later < timedelta(minutes=minutes))
    assert until in {None, told + timedelta(minutes=minutes)}


def test_failures_are_the_same_whatever_numbers_stand_in_them() -> None:
    assert topic_of("Timeout after 4.2 s in run 0a1b2c3d4e5f") == topic_of(
        "timeout after 31 s in run ffffffffffff"
    )
    assert topic_of("Timeout") != topic_of("Refused")
