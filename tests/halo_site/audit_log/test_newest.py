"""The newest line about each of many things, in one query."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from halo_site import audit
from halo_site.audit_log.newest import newest_lines

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def note(kind: str, key: str, verb: str, minutes: int = 0) -> int:
    now = NINE + timedelta(minutes=minutes)
    return int(audit.record(audit.system("test"), verb, object_type=kind, object_id=key, now=now).pk)


def test_each_thing_has_its_newest_line_of_these_verbs() -> None:
    note("job", "a", "on")
    newest = note("job", "a", "on", 1)
    note("job", "a", "configure", 2)
    other = note("app", "a", "install")
    note("job", "b", "configure")
    with CaptureQueriesContext(connection) as queries:
        found = newest_lines([("job", "a"), ("app", "a"), ("job", "b"), ("job", "a")], ("on", "install"))
    assert len(queries) == 1
    assert {subject: line.pk for subject, line in found.items()} == {
        ("job", "a"): newest,
        ("app", "a"): other,
    }


def test_of_two_lines_of_one_moment_the_later_one_counts() -> None:
    note("job", "a", "on")
    later = note("job", "a", "on")
    assert newest_lines([("job", "a")], ("on",))[("job", "a")].pk == later


def test_nothing_asks_nothing() -> None:
    assert newest_lines([], ("on",)) == {}


def test_a_whole_page_of_things_is_one_statement() -> None:
    assert newest_lines([("job", str(number)) for number in range(60)], ("on", "off")) == {}
