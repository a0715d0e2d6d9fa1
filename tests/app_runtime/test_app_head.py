"""An app is shown as the same thing on every page of it."""

import pytest

from app_runtime.models import Entry
from tests.app_manager.factories import install_app
from tests.conftest import BEGINNING

TABS = ("", "runs/", "config/", "memory/", "spec/", "access/")


@pytest.mark.parametrize("tab", TABS)
def test_an_open_question_counts_for_more_than_the_status(operator_client, tab):
    app = install_app()
    Entry.objects.create(
        app=app, run_id="gone", type="escalation", ts=BEGINNING, content={"summary": "Go on?"}
    )
    page = operator_client.get(f"/apps/{app.pk}/{tab}").content.decode()
    assert 'class="chip tone-wait"' in page.partition("</header>")[2].partition("</header>")[0]
