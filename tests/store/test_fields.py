"""Moments stored as milliseconds: exact, comparable, and never silently wrong (DESIGN §3)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from halo_site.models import AuditEntry
from halo_site.store.fields import HIGHEST_MS, LOWEST_MS, EpochMsField, from_ms, to_ms

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NAIVE = NOON.replace(tzinfo=None)


def entry(ts: datetime, name: str = "x") -> AuditEntry:
    return AuditEntry.objects.create(ts=ts, actor="system:test", verb="v", object_type="t", object_id=name)


def names(**lookup: object) -> list[str]:
    return sorted(AuditEntry.objects.filter(**lookup).values_list("object_id", flat=True))


@pytest.fixture
def three(db: None) -> None:
    """One entry a second before noon, one at noon, one a second after."""
    entry(NOON - SECOND, "before")
    entry(NOON, "noon")
    entry(NOON + SECOND, "after")


@given(st.integers(LOWEST_MS, HIGHEST_MS))
def test_every_millisecond_survives_the_way_to_python_and_back(value: int) -> None:
    assert to_ms(from_ms(value)) == value


@given(st.datetimes(timezones=st.timezones(), allow_imaginary=False))
def test_a_moment_in_any_zone_loses_less_than_a_millisecond(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:  # within a day of year 1 or 9999
        return
    lost = expected - from_ms(to_ms(moment))
    assert timedelta(0) <= lost < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999000, UTC)]
)
def test_moments_before_1970_come_back(moment: datetime) -> None:
    assert from_ms(to_ms(moment)) == moment


@pytest.mark.django_db
def test_the_database_gives_back_what_was_saved() -> None:
    saved = entry(datetime(2026, 11, 23, 12, 0, 0, 123456, timezone(timedelta(hours=9))))
    saved.refresh_from_db()
    assert saved.ts == datetime(2026, 11, 23, 3, 0, 0, 123000, UTC)


@pytest.mark.django_db
def test_the_column_holds_milliseconds() -> None:
    entry(NOON)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ts FROM halo_audit_log")
        assert cursor.fetchone() == (1795435200000,)


@pytest.mark.parametrize(
    ("lookup", "found"),
    [
        ({"ts": NOON}, ["noon"]),
        ({"ts__exact": NOON}, ["noon"]),
        ({"ts__gt": NOON}, ["after"]),
        ({"ts__gte": NOON}, ["after", "noon"]),
        ({"ts__lt": NOON}, ["before"]),
        ({"ts__lte": NOON}, ["before", "noon"]),
        ({"ts__range": (NOON - SECOND, NOON)}, ["before", "noon"]),
        ({"ts__in": [NOON, NOON + SECOND]}, ["after", "noon"]),
        ({"ts__isnull": True}, []),
        ({"ts__isnull": False}, ["after", "before", "noon"]),
        ({"ts": 1795435200000}, ["noon"]),
    ],
)
def test_comparisons_find_what_they_say(three: None, lookup: dict[str, object], found: list[str]) -> None:
    assert names(**lookup) == found


def test_rows_can_be_ordered_by_it(three: None) -> None:
    assert list(AuditEntry.objects.order_by("-ts").values_list("object_id", flat=True)) == [
        "after",
        "noon",
        "before",
    ]


PARTS = "year month day date week week_day quarter hour minute second time contains startswith regex iexact"


@pytest.mark.parametrize("part", PARTS.split())
def test_look_ups_that_would_find_nothing_raise(part: str) -> None:
    with pytest.raises(FieldError):
        AuditEntry.objects.filter(**{f"ts__{part}": 1})


def test_dates_of_a_column_raise() -> None:
    with pytest.raises(TypeError):
        list(AuditEntry.objects.datetimes("ts", "day"))


@pytest.mark.parametrize("value", [NAIVE, LOWEST_MS - 1, HIGHEST_MS + 1, 1.5, True, "soon", "1795435200000"])
def test_it_refuses_to_write_what_is_no_moment(value: object) -> None:
    with pytest.raises(ValueError, match=r"aware|time zone|neither"):
        EpochMsField().get_prep_value(value)


@pytest.mark.parametrize("value", [None, LOWEST_MS - 1, HIGHEST_MS + 1, 2**63 - 1, -(2**63)])
def test_what_is_out_of_range_reads_as_none(value: int | None) -> None:
    assert EpochMsField().from_db_value(value, None, connection) is None


def test_zero_is_1970() -> None:
    assert EpochMsField().from_db_value(0, None, connection) == datetime(1970, 1, 1, tzinfo=UTC)


def test_zero_reads_as_none_where_it_says_never() -> None:
    assert EpochMsField(zero_is_none=True).from_db_value(0, None, connection) is None


def test_none_is_written_as_zero_where_it_says_never() -> None:
    assert EpochMsField(zero_is_none=True).get_prep_value(None) == 0


def test_a_migration_keeps_the_meaning_of_zero() -> None:
    assert EpochMsField(zero_is_none=True).deconstruct()[3] == {"zero_is_none": True}


def test_a_form_gives_a_moment() -> None:
    assert EpochMsField().to_python("2026-11-23T12:00:00Z") == NOON


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-23 12:00", "2026-13-01T00:00:00Z"])
def test_a_form_refuses_other_text(text: str) -> None:
    with pytest.raises(ValidationError):
        EpochMsField().to_python(text)
