"""A form with more answers than there are questions."""

import pytest
from django.http import HttpResponse
from django.test import Client

from app_manager.models import App
from app_runtime.escalations.questions import digest_of
from app_runtime.models import Entry
from tests.app_runtime.escalations.asking import ask

pytestmark = pytest.mark.django_db


def sent(client: Client, app: App, **fields: str) -> HttpResponse:
    """The answer to a form about one question."""
    asked = ask(app)
    answer = client.post(f"/escalations/{asked.pk}/answer/", {"digest": digest_of(asked), **fields})
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize("more", ["text-1", "choice-1", "text-999"])
def test_they_are_refused(operator_client: Client, app: App, more: str) -> None:
    response = sent(operator_client, app, **{"choice-0": "Yes", more: "and this"})
    assert response.status_code == 422
    assert "answers to 1 questions" in response.content.decode()
    assert Entry.objects.open().exists()


def test_an_empty_field_too_many_is_no_answer(operator_client: Client, app: App) -> None:
    assert sent(operator_client, app, **{"choice-0": "Yes", "text-1": ""}).status_code == 303
    assert not Entry.objects.open().exists()
