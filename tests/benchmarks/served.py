"""One installation, served by a process of its own: Django's test client behind a pipe.

`python -m tests.benchmarks.served` reads one JSON request a line and answers each with one line. The whole
middleware runs, signed in as an administrator; only the socket and the server in front of it are left out.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import django

from tests.benchmarks.piped import answer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "halo_site.settings")
SQL_READS = ("SELECT", "WITH")


class Served:
    """Answers requests about this process's installation."""

    def __init__(self) -> None:
        from django.contrib.auth.models import User
        from django.test import Client

        self.client = Client(SERVER_NAME="127.0.0.1")
        user = User.objects.filter(username="benchmark").first()
        self.client.force_login(user or User.objects.create_superuser("benchmark"))
        self.statements: dict[str, list[tuple[str, Any]]] = {}

    def samples(self) -> dict[str, str]:
        from tests.benchmarks.samples import samples

        with contexts():
            return samples(self.client)

    def addresses(self, samples: dict[str, str]) -> list[dict[str, str]]:
        """All addresses, as this installation shows them; it must be one with a full past."""
        from tests.benchmarks.addresses import admin_addresses, page_addresses

        with contexts():
            found = [*page_addresses(self.client, samples), *admin_addresses(self.client, samples)]
        return [asdict(address) for address in found]

    def look(self, path: str) -> dict[str, Any]:
        """Status, number of queries, size and time of a page; its queries are kept for `raw` and `plans`."""
        from django.db import connection

        seen: list[tuple[str, Any]] = []

        def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            seen.append((sql, params))
            return execute(sql, params, many, context)

        began = time.perf_counter()
        with connection.execute_wrapper(note):
            response = self.client.get(path)
        took = (time.perf_counter() - began) * 1000
        self.statements[path] = [each for each in seen if each[0].lstrip().startswith(SQL_READS)]
        size = len(response.getvalue())
        return {"status": response.status_code, "queries": len(seen), "bytes": size, "ms": took}

    def page(self, path: str) -> float:
        """How long the page takes, in milliseconds."""
        began = time.perf_counter()
        self.client.get(path)
        return (time.perf_counter() - began) * 1000

    def raw(self, path: str) -> float:
        """How long the page's SELECTs take by themselves, every row read, in milliseconds."""
        from django.db import connection

        began = time.perf_counter()
        with connection.cursor() as cursor:
            for sql, params in self.statements[path]:
                cursor.execute(sql, params)
                cursor.fetchall()
        return (time.perf_counter() - began) * 1000

    def plans(self, path: str) -> list[str]:
        """The statements of a page that take longest, with what SQLite does for them."""
        from django.db import connection

        found = []
        with connection.cursor() as cursor:
            for sql, params in self.statements[path]:
                began = time.perf_counter()
                cursor.execute(sql, params)
                cursor.fetchall()
                took = (time.perf_counter() - began) * 1000
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                steps = "; ".join(str(row[3]) for row in cursor.fetchall())
                found.append((took, f"{took:.1f} ms: {sql} → {steps}"))
        return [text for _took, text in sorted(found, reverse=True)[:3]]


@contextmanager
def contexts() -> Iterator[None]:
    """Responses have their templates' contexts inside the block: it takes time, so never while measuring."""
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment(debug=False)
    try:
        yield
    finally:
        teardown_test_environment()


def main() -> None:
    django.setup()
    answer(Served())


if __name__ == "__main__":
    main()
