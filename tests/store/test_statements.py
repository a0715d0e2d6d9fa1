"""Statements that are made once and asked with other values each time."""

import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from app_manager.models import App
from halo_site.store import statements
from halo_site.store.fields import to_ms
from halo_site.store.statements import GIVEN, GIVEN_MS, Listed, Statement, made
from tests.factories import make_app

pytestmark = pytest.mark.django_db


def test_it_is_asked_with_other_values_each_time() -> None:
    name_of = Statement(lambda: App.objects.filter(pk=GIVEN).values_list("spec_id"))
    for app in (make_app("Kettle"), make_app("Toaster")):
        assert name_of.first(app.pk) == (app.name,)


def test_it_is_made_once() -> None:
    asked: list[int] = []

    def rows() -> object:
        asked.append(1)
        return App.objects.filter(status="active").values_list("pk")

    statement = Statement(rows)
    assert statement.first() is None
    make_app()
    assert statement.first() is not None
    assert asked == [1]


def test_it_holds_rows_as_the_orm_would() -> None:
    app = make_app()
    hold = Statement(
        lambda: App.objects.select_for_update(no_key=True).filter(pk=GIVEN).values_list("status")
    )
    with transaction.atomic():
        assert hold.first(app.pk) == ("active",)


def test_many_keys_are_asked_for_together_however_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_KEYS_AT_ONCE", 2)
    apps = [make_app(f"Kettle {number}") for number in range(3)]
    active = Listed(lambda: App.objects.filter(status="active", pk__in=[GIVEN]).values_list("pk", "spec"))
    for some in (apps, apps[:1], []):
        with CaptureQueriesContext(connection) as captured:
            found = active.rows([app.pk for app in some])
        assert {key: json.loads(spec) for key, spec in found} == {app.pk: app.spec for app in some}
        assert len(captured) == -(-len(some) // 2)


def test_a_moment_is_given_too() -> None:
    app = make_app()
    before, at, after = (to_ms(app.installed_at) + step for step in (-1, 0, 1))
    since = App.objects.filter(installed_at__gte=GIVEN_MS).values_list("pk")
    one, many = Statement(since.all), Listed(since.filter(pk__in=[GIVEN]).all)
    assert [len(one.rows(moment)) for moment in (before, at, after)] == [1, 1, 0]
    assert [len(many.rows([app.pk], moment)) for moment in (before, at, after)] == [1, 1, 0]


def test_a_row_becomes_the_model_that_it_is_of() -> None:
    app = make_app()
    names = ("spec", "id", "status")
    (row,) = Listed(lambda: App.objects.filter(pk__in=[GIVEN]).values_list(*names)).rows([app.pk])
    found = made(App, names, row)
    assert (found.pk, found.status, found.spec) == (app.pk, app.status, app.spec)
    assert found.installed_at == app.installed_at  # read when it is asked for
