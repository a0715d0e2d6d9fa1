"""The state machine against the documented table."""

import json

import pytest

from app_manager.exceptions import StatusRefused
from app_manager.models import App
from app_manager.states import Status, may_become
from halo_site.models import AuditEntry
from tests.app_manager.factories import NINE, TESTER, install_app
from tests.shared import shared_path


def test_it_agrees_with_the_documented_transitions():
    vectors = json.loads(shared_path("reference/vectors.json").read_text())["status_transitions"]
    ours = {(vector["from"], vector["to"]): may_become(vector["from"], vector["to"]) for vector in vectors}
    assert ours == {(vector["from"], vector["to"]): vector["allowed"] for vector in vectors}


@pytest.mark.parametrize("status", Status)
def test_staying_is_not_a_change(status):
    assert not may_become(status, status)


@pytest.mark.django_db
def test_a_change_is_in_the_audit_log():
    app = install_app()
    app.change_status(Status.PAUSED, actor=TESTER, now=NINE, reason="tea time")
    line = AuditEntry.objects.latest("id")
    assert (line.verb, line.summary, line.before, line.after) == (
        "paused",
        "Kettle Watch: tea time",
        {"status": "active"},
        {"status": "paused"},
    )


@pytest.mark.django_db
def test_of_two_changes_at_once_one_is_refused():
    app = install_app()
    other = App.objects.get(pk=app.pk)
    app.change_status(Status.PAUSED, actor=TESTER, now=NINE)
    with pytest.raises(StatusRefused):
        other.change_status(Status.ERROR, actor=TESTER, now=NINE)
    assert App.objects.get().status == "paused"
