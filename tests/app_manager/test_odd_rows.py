"""Rows that somebody else wrote: no page, clock or worker fails over one (abuse case S15)."""

from datetime import timedelta

import pytest
from django.db import connection

from app_manager.models import App
from app_runtime.dispatch import trigger
from app_runtime.exceptions import NotRunnable
from scheduler.clock import run_once
from scheduler.models import Slot
from tests.app_manager.factories import NINE, TESTER, install_app

pytestmark = pytest.mark.django_db
COLUMNS = ["spec_json", "permissions_json", "user_config_json", "user_overrides_json"]
ODD = ["[]", "3", '"text"', "null", '{"name": 3, "granted": 4, "subscriptions": [1]}', '{"granted": [{}]}']
TABS = ["", "runs/", "config/", "memory/", "spec/", "access/", "manage/"]


def spoil(column: str, value: str) -> App:
    app = install_app()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE installed_apps SET {column} = %s", [value])
    return App.objects.get(pk=app.pk)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("value", ODD)
def test_every_page_shows_such_an_app(operator_client, column, value):
    app = spoil(column, value)
    for page in ["/", "/apps/", "/spaces/", "/memory/", *(f"/apps/{app.pk}/{tab}" for tab in TABS)]:
        assert operator_client.get(page).status_code == 200, page


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("value", ODD)
def test_the_clock_gives_its_due_times_a_verdict(column, value):
    spoil(column, value)
    run_once(NINE + timedelta(days=1))
    assert Slot.objects.exists()
    assert not Slot.objects.filter(verdict="error").exists()


@pytest.mark.parametrize("value", ["[]", '{"name": 3}'])
def test_a_spec_that_cannot_be_read_is_said_and_never_run(operator_client, value):
    app = spoil("spec_json", value)
    with pytest.raises(NotRunnable, match="cannot be read"):
        trigger(app, TESTER, NINE)
    assert "cannot be read" in operator_client.get(f"/apps/{app.pk}/").content.decode()


def test_a_status_that_there_is_not_is_shown_and_skipped_and_ends_with_a_pause(operator_client):
    app = install_app()
    App.objects.update(status="frozen")
    for page in ["/", "/apps/", *(f"/apps/{app.pk}/{tab}" for tab in TABS)]:
        assert operator_client.get(page).status_code == 200, page
    run_once(NINE + timedelta(days=1))
    slot = Slot.objects.latest("due_at")
    assert (slot.reason, slot.words) == ("paused", "its status “frozen” is none that there is")
    operator_client.post(f"/apps/{app.pk}/pause/")
    assert App.objects.get().status == "paused"


@pytest.mark.parametrize("column", COLUMNS)
def test_such_an_app_can_be_uninstalled_and_deleted(column):
    app = spoil(column, "[]")
    app.uninstall(actor=TESTER, now=NINE)
    app.delete_permanently(actor=TESTER, now=NINE)
    assert not App.objects.exists()
