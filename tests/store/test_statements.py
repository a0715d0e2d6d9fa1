"""Statements that are made once and asked with other values each time."""

import pytest
from django.db import transaction

from app_manager.models import App
from halo_site.store.statements import GIVEN, Statement
from tests.factories import make_app

pytestmark = pytest.mark.django_db


def test_it_is_asked_with_other_values_each_time() -> None:
    name_of = Statement(lambda: App.objects.filter(pk=GIVEN).values_list("spec_id"))
    for app in (make_app("Kettle"), make_app("Toaster")):
        assert name_of.first(app.pk) == (app.name,)


def test_it_is_made_once() -> None:
    made: list[int] = []

    def rows() -> object:
        made.append(1)
        return App.objects.filter(status="active").values_list("pk")

    statement = Statement(rows)
    assert statement.first() is None
    make_app()
    assert statement.first() is not None
    assert made == [1]


def test_it_holds_rows_as_the_orm_would() -> None:
    app = make_app()
    hold = Statement(
        lambda: App.objects.select_for_update(no_key=True).filter(pk=GIVEN).values_list("status")
    )
    with transaction.atomic():
        assert hold.first(app.pk) == ("active",)
