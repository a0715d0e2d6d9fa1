"""Quiet hours, digests and repeats, over all times of day and over the hours that clocks skip or repeat."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app_runtime.notifications.quiet import cannot_wait, held_until, next_at, quiet_until
from app_runtime.notifications.rules import repeats_until, topic_of
from halo_site.datadir.notification_rules import Digest, QuietHours

ZONES = ("UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
clock_times = st.times().map(lambda at: at.strftime("%H:%M"))
FIRST, LAST = (datetime.fromisoformat(day) for day in ("2024-01-01", "2030-01-01"))
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
hours = st.tuples(clock_times, clock_times, st.sampled_from(ZONES)).filter(lambda each: each[0] != each[1])


def quiet_of(parts: tuple[str, str, str]) -> QuietHours:
    return QuietHours(start=parts[0], end=parts[1], zone=parts[2])


@given(hours, moments)
def test_quiet_ends_at_its_end_and_within_a_day(parts: tuple[str, str, str], now: datetime) -> None:
    quiet = quiet_of(parts)
    end = quiet_until(quiet, now)
    if end is not None:
        assert timedelta(0) < end - now <= timedelta(hours=26)
        wall = end.astimezone(ZoneInfo(quiet.zone)).time()
        skipped = wall != time.fromisoformat(quiet.end)
        assert (
            not skipped
            or end.astimezone(ZoneInfo(quiet.zone)).utcoffset()
            != (end - timedelta(hours=2)).astimezone(ZoneInfo(quiet.zone)).utcoffset()
        )


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


def test_a_skipped_end_counts_right_after_the_gap() -> None:
    quiet = QuietHours(start="22:00", end="02:30", zone="Europe/Vienna")
    now = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight before the clocks go forward
    assert quiet_until(quiet, now) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


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
