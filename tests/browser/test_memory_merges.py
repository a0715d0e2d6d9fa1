"""Drafts of a merge: apart from those of the editor, since marks may stand in them."""

from playwright.sync_api import Dialog, Page, expect

from tests.browser.test_memory import BASE, EDIT, field, is_kept, saved


def merging(page: Page, was: str, becomes: str) -> None:
    """Be on the merge page: the file that ``was`` so ``becomes`` another while it is edited."""
    page.goto(EDIT)
    field(page).fill(BASE.replace("first", "mine"))
    saved(becomes, was)
    page.get_by_role("button", name="Save", exact=False).first.click()
    page.get_by_role("heading", name="moved on while you wrote").wait_for()


def test_a_draft_of_a_merge_is_offered_to_a_merge_only(signed_in):
    saved(BASE)
    page = signed_in.new_page()
    page.on("dialog", Dialog.accept)
    merging(page, BASE, BASE.replace("first", "theirs"))
    field(page).press_sequentially("half decided ")
    is_kept(page)
    page.close()
    page = signed_in.new_page()
    page.on("dialog", Dialog.accept)
    page.goto(EDIT)
    page.get_by_role("button", name="Take it").click()
    assert "<<<<<<<" not in field(page).input_value()
    expect(page.get_by_role("button", name="Take it")).to_have_count(0)
    field(page).fill(BASE)
    merging(page, BASE.replace("first", "theirs"), BASE.replace("first", "theirs again"))
    page.get_by_role("button", name="Take it").click()
    assert field(page).input_value().startswith("half decided ")
