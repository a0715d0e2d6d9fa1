"""Names of files in a browser: long ones, and drafts of a file that gets another."""

import pytest
from django.utils import timezone
from playwright.sync_api import Dialog, expect

from memory import editing
from memory.places import user_place
from tests.browser.test_memory import NOW, field, is_kept

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


def typed(context, name: str, text: str) -> None:
    """Type ``text`` into the editor of a file and leave it unsaved."""
    page = context.new_page()
    page.on("dialog", Dialog.accept)
    page.goto(f"/memory/user/{name}/edit/")
    field(page).fill(text)
    is_kept(page)
    page.close()


def test_a_draft_follows_its_file_to_another_name(signed_in):
    editing.create(user_place(), "old.md", "# now\n", by="somebody", now=NOW)
    typed(signed_in, "old.md", "# now\n\nnever saved\n")
    editing.rename(user_place(), "old.md", "new.md", by="somebody", now=timezone.now())
    editing.create(user_place(), "old.md", "# another file\n", by="somebody", now=NOW)
    typed(signed_in, "old.md", "# another file\n\nand no draft of the first\n")
    page = signed_in.new_page()
    page.on("dialog", Dialog.accept)
    page.goto("/memory/user/new.md/edit/")
    offers = page.get_by_role("button", name="Take it")
    offers.first.wait_for()
    expect(offers).to_have_count(1)
    offers.click()
    expect(field(page)).to_have_value("# now\n\nnever saved\n")
    field(page).press("Control+s")
    page.locator(".message").get_by_text("Saved.").wait_for()
    place = user_place()
    assert (place.base / place.below("new.md")).read_text() == "# now\n\nnever saved\n"
