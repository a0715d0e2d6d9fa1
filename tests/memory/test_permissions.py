"""Who may do what: the shared vectors, and that no way around them exists below the tools."""

import json

import pytest
from django.db import connection

from memory import documents
from memory.exceptions import MemoryRefused
from memory.models import Revision
from memory.permissions import Caller, allowed, refusal
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import Apps, put
from tests.shared import shared_path

READ, APPEND, ALL = {"read"}, {"read", "append"}, {"read", "append", "replace"}
MATRIX = {
    ("user", "user"): ALL,
    ("user", "space"): ALL,
    ("user", "app"): set(),
    ("user", "other_app"): set(),
    ("app", "user"): READ,
    ("app", "space"): APPEND,
    ("app", "app"): ALL,
    ("app", "other_app"): set(),
    ("app without grant", "space"): set(),
    ("app without grant", "user"): READ,
    ("app without grant", "app"): ALL,
    ("app of another space", "space"): set(),
    ("app without id", "app"): set(),
    ("app without space", "space"): set(),
}
CELLS = [
    (*cell, operation, operation in rights) for cell, rights in MATRIX.items() for operation in sorted(ALL)
]


@pytest.fixture
def callers(apps: Apps) -> dict[str, Caller]:
    return {
        "user": Caller("user", space_id=apps.space.id),
        "app": Caller("app", "kettle", apps.space.id, True),
        "app without grant": Caller("app", "kettle", apps.space.id, False),
        "app of another space": Caller("app", "kettle", "another", True),
        "app without id": Caller("app", None, apps.space.id, True),
        "app without space": Caller("app", "kettle", None, True),
    }


@pytest.fixture
def places(apps: Apps, own_place: Place, shared_place: Place, place: Place) -> dict[str, Place]:
    return {"user": own_place, "space": shared_place, "app": place, "other_app": apps.install("lamp")}


def test_the_shared_vectors_hold(callers: dict[str, Caller], places: dict[str, Place]) -> None:
    for case in json.loads(shared_path("reference/vectors.json").read_text())["memory_permissions"]:
        found = allowed(callers[case["caller"]], places[case["scope"]], case["op"])
        assert found is case["allowed"], case


@pytest.mark.django_db
@pytest.mark.parametrize(("caller", "scope", "operation", "is_allowed"), CELLS)
def test_the_matrix_is_kept_below_the_tools(
    callers: dict[str, Caller],
    places: dict[str, Place],
    caller: str,
    scope: str,
    operation: str,
    is_allowed: bool,
) -> None:
    who, where = callers[caller], places[scope]
    path = put(where, "before")
    attempts = {
        "read": [
            lambda: documents.read(who, where, now=BEGINNING),
            lambda: documents.listing(who, where),
        ],
        "append": [lambda: documents.append(who, where, "x", now=BEGINNING)],
        "replace": [lambda: documents.replace(who, where, "x", now=BEGINNING)],
    }
    for attempt in attempts[operation]:
        if is_allowed:
            attempt()
        else:
            with pytest.raises(MemoryRefused) as caught:
                attempt()
            assert str(caught.value) == refusal(who, where)
            assert path.read_text() == "before"
            assert not Revision.objects.exists()


def test_a_refusal_asks_nothing_of_the_database(callers: dict[str, Caller], places: dict[str, Place]) -> None:
    with connection.execute_wrapper(lambda *arguments: pytest.fail("a query")), pytest.raises(MemoryRefused):
        documents.read(callers["user"], places["app"], now=BEGINNING)
