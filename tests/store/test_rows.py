"""Rows as plain values."""

import pytest
from django.db import connection

from app_manager.models import App
from app_runtime.statuses import Status
from halo_site.store.rows import row_values
from tests.factories import NINE, make_app, make_run

pytestmark = pytest.mark.django_db


def test_columns_have_the_names_of_their_table_without_json() -> None:
    values = row_values(make_run(make_app()))
    assert {"app_id", "parent_run_id", "trigger_data", "started_at"} <= values.keys()
    assert not any(name.endswith("_json") for name in values)


def test_moments_are_milliseconds_and_words_plain_text() -> None:
    values = row_values(make_run(make_app(), Status.OK))
    assert (values["started_at"], type(values["status"])) == (int(NINE.timestamp() * 1000), str)


def test_what_is_no_object_is_given_as_it_stands() -> None:
    app = make_app()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE installed_apps SET user_config_json = '[1, 2]'")
    assert row_values(App.objects.get(pk=app.pk))["user_config"] == [1, 2]
