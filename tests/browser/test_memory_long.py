"""Long texts in the editor: it stays quick, and says what is too large before anything is lost."""

from playwright.sync_api import Dialog, expect

from tests.browser.test_memory import BASE, EDIT, field, saved

LONG = "some words here\n" * 10_000


def test_the_preview_of_a_long_text_waits_until_it_is_asked_for(watched_page):
    saved("# top\n\n" + LONG)
    watched_page.on("dialog", Dialog.accept)
    asked = []
    watched_page.on(
        "request", lambda request: asked.append(request.url) if "preview" in request.url else None
    )
    watched_page.goto(EDIT)
    field(watched_page).press("a")
    watched_page.get_by_text("What stands here is about the text as it was").wait_for()
    assert (asked, watched_page.locator("#memory-preview h1").count()) == ([], 0)
    field(watched_page).evaluate("(box) => box.setSelectionRange(0, 0)")
    field(watched_page).press_sequentially("# new\n\n")
    watched_page.get_by_role("button", name="Show the preview").click()
    watched_page.locator("#memory-preview h1").get_by_text("new").wait_for()
    expect(watched_page.get_by_text("What stands here is about")).to_be_hidden()


PASTE = """(box, words) => {
  const data = new DataTransfer();
  data.setData("text/plain", words);
  const about = { clipboardData: data, bubbles: true, cancelable: true };
  return box.dispatchEvent(new ClipboardEvent("paste", about));
}"""


def test_what_would_be_too_large_is_not_pasted(watched_page):
    saved(BASE)
    watched_page.goto(EDIT)
    assert field(watched_page).evaluate(PASTE, "small") is True
    assert field(watched_page).evaluate(PASTE, "5 MB " * 1024 * 1024) is False
    words = watched_page.locator(".message").inner_text()
    assert words.startswith("What you pasted was not put in: with it the text would have 5,242,9")
    expect(field(watched_page)).to_have_value(BASE)


def test_a_text_that_grew_too_large_says_so_at_once(signed_in):
    page = signed_in.new_page()
    page.goto(EDIT)
    field(page).fill("é" * 600_000)
    page.locator(".message").get_by_text("The text has 1,200,000 bytes").wait_for()
    field(page).fill("short")
    page.locator("[data-told]:text('The text has')").wait_for(state="detached")


def test_what_is_too_large_to_be_sent_stays_on_the_page(signed_in):
    """The server would read no form of this size; without scripts its answer has the text."""
    saved(BASE)
    page = signed_in.new_page()
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto(EDIT)
    # Out of sight, since a busy machine takes a minute to lay it out
    field(page).evaluate("(box) => { box.hidden = true; box.value = 'kettle\\n'.repeat(1_100_000); }")
    page.get_by_role("button", name="Save").click()
    page.locator(".message").get_by_text("Nothing was sent: this text has 7,700,000 bytes").wait_for()
    assert (sent, page.locator("#memory-text").evaluate("(box) => box.value.length")) == ([], 7_700_000)
