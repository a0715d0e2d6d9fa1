"""No GET and no HEAD of any address changes a row or a file (abuse case S4).

Link previews, mail scanners and prefetching browsers follow every link that they see. Whoever asks, however:
all tables and the whole data directory are compared before and after. Sessions and the moment of the last
sign-in are the only rows that may move.
"""

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halo_site.datadir.paths import DataDir
from halo_site.datadir.spaces import default_space
from tests.factories import tree
from tests.urltable import DOCUMENT, Planted, Url, every_url, plant

pytestmark = [pytest.mark.django_db, pytest.mark.sweep]
LOOKED_AT_ONCE = 10  # addresses
MAY_MOVE = {"django_session"}
COLUMNS_THAT_MAY_MOVE = {("auth_user", "last_login")}
HTMX = {"HX-Request": "true", "HX-Target": "main", "HX-Current-URL": "http://testserver/"}
ASKERS: dict[str, dict[str, str]] = {
    "a browser": {},
    "htmx": HTMX,
    "a boosted link": {**HTMX, "HX-Boosted": "true"},
    "htmx after the back button": {**HTMX, "HX-History-Restore-Request": "true"},
    "a link preview": {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
    "a mail scanner": {"User-Agent": "Mozilla/5.0 (compatible; BarracudaCentral; link check)"},
    "a prefetch": {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"},
    "a method in a header": {"X-HTTP-Method-Override": "POST"},
}
# What a forged link would say to have something done
FORGED = (
    "action=delete_selected&_selected_action=1&post=yes&confirmed=yes&_method=POST&save=1&run=1&order=a,b"
    "&csrfmiddlewaretoken=x&choice=Yes&answer=Yes&decision=approve&delete=1&seen=1"
)
HOSTILE = st.sampled_from(
    ["", "0", "-1", "1" * 30, "..", "../../x", "%00", "a\0b", "<b>", "' OR 1=1 --", "é", "💥", "user", "null"]
)
NAMES = st.sampled_from(
    [
        *("q", "before", "after", "status", "app", "space", "period", "since", "until", "place", "scope"),
        *("page", "p", "o", "show", "tab", "base", "next", "run", "actor", "verb", "object_id", "e", "mode"),
        *("action", "confirmed", "_method", "id__exact", "answer", "from", "to", "first", "last", "kind"),
    ]
)
TEXTS = HOSTILE | st.text(max_size=20).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))


@pytest.fixture
def planted(data_directory: DataDir) -> Planted:
    """Every thing that an address names; and a file of memory that was changed outside, still to be noted."""
    space = default_space()
    assert space is not None
    planted = plant(space)
    file = next(data_directory.root.rglob(DOCUMENT))
    file.write_text("# Changed by an editor\n")
    return planted


def rows() -> dict[str, str]:
    """Table → what is in it, as a digest of its rows in whatever order."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in MAY_MOVE:
                continue
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            kept = [place for place, name in enumerate(names) if (table, name) not in COLUMNS_THAT_MAY_MOVE]
            lines = sorted(repr([row[place] for place in kept]) for row in cursor.fetchall())
            found[table] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return found


def state(directory: DataDir) -> dict[str, Any]:
    """All rows and all files."""
    return {**rows(), **{f"file {name}": content for name, content in tree(directory.root).items()}}


def difference(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The tables and files that are not what they were."""
    return sorted(name for name in {**before, **after} if before.get(name) != after.get(name))


def ask(client: Client, method: str, path: str, query: Any = None, headers: Any = None) -> int:
    """The status of the answer, read to its end as a browser does."""
    response = getattr(client, method)(path, query or {}, headers=headers or {})
    if response.streaming:
        list(response.streaming_content)
    return int(response.status_code)


def test_a_row_that_changed_is_seen(planted: Planted, data_directory: DataDir) -> None:
    before = state(data_directory)
    type(planted.price).objects.filter(pk=planted.price.pk).update(model="another")
    (data_directory.root / "left.txt").write_text("…")
    table = type(planted.price)._meta.db_table
    assert difference(before, state(data_directory)) == sorted([table, "file left.txt"])


SOME = {"a browser", "htmx"}  # every address; the others by the search below, and all of them in chaos runs


@pytest.mark.parametrize(
    "asker",
    [pytest.param(name, marks=() if name in SOME else pytest.mark.chaos) for name in ASKERS],
)
def test_no_page_changes_anything_for_an_administrator(
    operator_client: Client, planted: Planted, data_directory: DataDir, asker: str
) -> None:
    assert list(changed_by(operator_client, planted, data_directory, ASKERS[asker])) == []


def test_no_page_changes_anything_for_a_stranger(planted: Planted, data_directory: DataDir) -> None:
    assert list(changed_by(Client(), planted, data_directory, {})) == []


def test_no_page_changes_anything_for_somebody_without_a_role(
    planted: Planted, data_directory: DataDir
) -> None:
    client = Client()
    client.force_login(User.objects.create_user("nobody"))
    assert list(changed_by(client, planted, data_directory, {})) == []


def changed_by(
    client: Client, planted: Planted, directory: DataDir, headers: dict[str, str]
) -> Iterator[str]:
    """Addresses whose GET or HEAD, plain or with what a forged link would say, changed something.

    What changed is named with the few addresses that were asked since it was last looked at.
    """
    client.raise_request_exception = False
    before = state(directory)
    for some in batched(every_url(), LOOKED_AT_ONCE):
        for url in some:
            path = url.path(planted)
            statuses = [
                ask(client, method, f"{path}{query}", headers=headers)
                for method in ("get", "head")
                for query in ("", f"?{FORGED}")
            ]
            if any(status >= 500 and url.route != "readyz" for status in statuses):
                yield f"{url.label}: {statuses}"
        after = state(directory)
        if after != before:
            yield f"{', '.join(url.label for url in some)}: {difference(before, after)}"
            before = after


def batched(urls: list[Url], size: int) -> Iterator[list[Url]]:
    yield from (urls[start : start + size] for start in range(0, len(urls), size))


URLS = every_url()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    url=st.sampled_from(URLS),
    method=st.sampled_from(["get", "head"]),
    headers=st.sampled_from(list(ASKERS.values())),
    query=st.dictionaries(NAMES, TEXTS, max_size=4),
    given_arguments=st.dictionaries(st.integers(0, 3), HOSTILE, max_size=2),
)
def test_no_argument_makes_a_page_change_anything(
    operator_client: Client,
    planted: Planted,
    data_directory: DataDir,
    url: Url,
    method: str,
    headers: dict[str, str],
    query: dict[str, str],
    given_arguments: dict[int, str],
) -> None:
    path = hostile(url, planted, given_arguments)
    before = state(data_directory)
    status = ask(operator_client, method, path, query, headers)
    assert difference(before, state(data_directory)) == []
    assert status < 500 or url.route == "readyz"


def hostile(url: Url, planted: Planted, others: dict[int, str]) -> str:
    """The address with some of its samples replaced, as text in its path."""
    path = url.path(planted)
    for place, (_name, sample) in enumerate(planted.arguments(url).items()):
        if place in others:
            path = path.replace(quote(str(sample), safe=":"), quote(others[place], safe=""), 1)
    return path
