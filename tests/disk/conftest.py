"""Databases that refuse to be written, by what the real ones have for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connection

Trouble = Callable[[], AbstractContextManager[None]]


@contextmanager
def read_only_database() -> Iterator[None]:
    """Every write is refused as on a disk that is mounted read-only."""
    on, off = {
        "sqlite": ("PRAGMA query_only = 1", "PRAGMA query_only = 0"),
        "postgresql": (
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(on)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(off)


@contextmanager
def full_database() -> Iterator[None]:
    """Not one page can be added to the SQLite file, and what is free within it is used up."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA max_page_count = 1")  # SQLite takes the present number instead
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 4294967294")


@pytest.fixture
def no_error_escapes(operator_client):  # type: ignore[no-untyped-def]
    """A browser that is shown the page of an error, where the test client would raise it."""
    operator_client.raise_request_exception = False
    return operator_client
