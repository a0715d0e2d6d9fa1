"""What an agent hides in a choice is seen before anybody chooses it (S23)."""

import re

import pytest
from django.test import Client

from app_manager.models import App
from tests.app_runtime.escalations.asking import ask, page

pytestmark = pytest.mark.django_db
MARKED = 'Pay <span class="diff-hidden">U+202E</span>eno'


@pytest.mark.parametrize("questions", [1, 2])
def test_what_nobody_sees_is_a_mark_in_a_choice(operator_client: Client, app: App, questions: int) -> None:
    more = [{"question": "How many?"}] * (questions - 1)
    asked = ask(app, questions=[{"question": "Pay?", "choices": ["Pay \u202eeno", "No"]}, *more])
    text = operator_client.get(f"/escalations/{asked.pk}/").content.decode()
    assert f">{MARKED}</" in text
    assert MARKED in page(operator_client)
    assert "\u202e" not in re.sub('value="[^"]*"', "", text)
