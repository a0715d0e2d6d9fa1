"""Long texts in the editor, and files that are larger than any text may be."""

import pytest
from django.test import Client

from memory.places import Place
from tests.memory.conftest import put
from tests.memory.test_editor_pages import url

pytestmark = pytest.mark.django_db


def test_a_long_text_has_its_preview_when_it_is_asked_for(operator_client: Client, place: Place) -> None:
    put(place, "# top\n\n" + "words\n" * 20_000)
    opened = operator_client.get(url(place, "edit")).content.decode()
    asked = operator_client.post(
        url(place, "preview"), {"text": "# top\n\n" + "words\n" * 20_000}
    ).content.decode()
    assert ("<h1>top</h1>" in opened, "<h1>top</h1>" in asked) == (False, True)


def test_an_outline_that_is_cut_says_so(operator_client: Client, place: Place) -> None:
    put(place, "# one more\n" * 501)
    assert "The first 500 headings are listed" in operator_client.get(url(place, "edit")).content.decode()
