"""Files with names that make layouts wide, in a browser."""

import pytest

from memory import editing
from memory.places import user_place
from tests.browser.test_memory import NOW

LONGEST = f"{'n' * 249}.md"


@pytest.fixture
def long_name(db) -> str:
    editing.create(user_place(), LONGEST, "# now\n", by="somebody", now=NOW)
    return LONGEST


@pytest.mark.parametrize("page", ["", "edit/", "history/", "blame/"])
def test_a_long_name_makes_no_page_wider_than_a_phone(signed_in, long_name, page):
    phone = signed_in.new_page()
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.goto(f"/memory/user/{long_name}/{page}")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390, phone.evaluate(
        """[...document.querySelectorAll("main *")].filter((each) => each.getBoundingClientRect().right > 390)
        .map((each) => `${each.tagName}.${each.className}`).slice(0, 12)"""
    )
