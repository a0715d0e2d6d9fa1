"""Which of a spec's translations a viewer reads."""

import pytest
from django.utils import translation as active

from app_manager.localized import part, text, translation
from tests.app_manager.factories import install_app

BLOCKS = {"zh-CN": {"name": "cn"}, "zh-TW": {"name": "tw"}, "en_US": {"name": "us"}, "de": "no block"}


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("zh-hans", "cn"),
        ("zh-hant", "tw"),
        ("zh-CN", "cn"),
        ("en", "us"),
        ("en-gb", "us"),
        ("de", None),
        ("fr", None),
    ],
)
def test_the_best_block_is_taken(language, name):
    assert translation(BLOCKS, language).get("name") == name


@pytest.mark.parametrize("i18n", [None, [], "x", {"en": 3}])
def test_nonsense_has_no_translation(i18n):
    assert translation(i18n, "en") == {}


def test_a_translation_that_is_no_text_gives_way():
    assert text({"name": 3}, "name", "kettle") == text({"name": " "}, "name", "kettle") == "kettle"


def test_parts_that_are_not_there_are_empty():
    assert part({"a": {"b": 3}}, "a", "b") == part({}, "a", "b") == {}


@pytest.mark.django_db
def test_an_app_is_called_as_its_viewer_speaks():
    app = install_app(i18n={"zh-CN": {"name": "水壶", "description": "看价格。"}})
    with active.override("zh-hans"):
        assert (app.name, app.description) == ("水壶", "看价格。")
    assert app.name == "Kettle Watch"
