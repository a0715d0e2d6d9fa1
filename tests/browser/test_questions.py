"""Questions in a browser: with keys, on a phone with one thumb, and without a script."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from app_manager.models import App
from app_runtime.escalations.questions import Answer
from app_runtime.models import Entry, Run
from tests.app_runtime.escalations.asking import BEN, TWO, ask, drop, say
from tests.factories import MINUTE, make_app

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def asked(transactional_db) -> list[Entry]:
    """Two questions of one app; the first asks one thing, the second two."""
    app: App = make_app()
    now = timezone.now()
    first = ask(app, at=now - 20 * MINUTE, deadline=now + 60 * MINUTE)
    return [first, ask(app, at=now - 10 * MINUTE, questions=TWO)]


def test_the_keys_move_open_answer_and_explain(asked, watched_page):
    page = watched_page
    page.goto("/escalations/")
    assert page.title().startswith("(2) ")
    page.keyboard.press("j")
    page.keyboard.press("j")
    marked = page.locator("[data-question].is-marked")
    assert marked.get_attribute("id") == f"question-{asked[1].pk}"
    page.keyboard.press("k")
    assert marked.get_attribute("id") == f"question-{asked[0].pk}"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/escalations/{asked[0].pk}/")
    page.keyboard.press("n")
    page.wait_for_url(f"**/escalations/{asked[1].pk}/")
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Dismiss it")).to_be_visible()
    assert Entry.objects.open().count() == 2


def test_a_key_leads_to_the_answer_and_enter_gives_it(asked, watched_page):
    page = watched_page
    page.goto(f"/escalations/{asked[0].pk}/")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.get_by_text("Answered. Run").wait_for()
    page.keyboard.press("n")
    page.wait_for_url(f"**/escalations/{asked[1].pk}/")
    assert Entry.objects.get(pk=asked[0].pk).user_response["choice"] == "Yes"


@pytest.mark.parametrize(("key", "focused"), [("a", "Yes"), ("d", "Dismiss it")])
def test_a_key_on_the_inbox_leads_to_the_first_thing_to_press(asked, watched_page, key, focused):
    page = watched_page
    page.goto("/escalations/")
    page.keyboard.press("j")
    page.keyboard.press(key)
    page.wait_for_url(f"**/escalations/{asked[0].pk}/#*")
    page.wait_for_function("words => document.activeElement.textContent.trim() === words", arg=focused)
    page.wait_for_load_state("load")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("document.activeElement.textContent.trim()") == focused


def test_keys_can_be_switched_off_for_good(asked, watched_page):
    page = watched_page
    page.goto("/escalations/")
    page.keyboard.press("?")
    page.get_by_label("Use keys in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(page.locator(".is-marked")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use keys in this browser").check()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator(".is-marked")).to_have_count(1)


def test_keys_typed_into_a_field_are_text(asked, watched_page):
    page = watched_page
    page.goto(f"/escalations/{asked[0].pk}/")
    page.get_by_label("Or in your own words").fill("")
    page.keyboard.type("dna?")
    expect(page.get_by_label("Or in your own words")).to_have_value("dna?")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_one_thumb_answers(asked, signed_in, scheme):
    page = signed_in.new_page()
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"/escalations/{asked[0].pk}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    choice = page.get_by_role("button", name="Yes", exact=True).bounding_box()
    assert choice["height"] >= 44
    assert choice["width"] >= 250
    page.get_by_role("button", name="Yes", exact=True).click()
    page.get_by_text("Answered. Run").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    run = Run.objects.queued().get()
    page.goto(f"/escalations/{asked[0].pk}/")
    expect(page.get_by_role("link", name=f"Run {run.short_id} goes on with it")).to_be_visible()


def test_without_a_script_everything_works(asked, plain_page):
    page = plain_page
    page.goto("/escalations/")
    page.get_by_role("link", name="Answer 2 questions…").click()
    page.get_by_label("Blue").check()
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_text("Question 2 has no answer").first).to_be_visible()
    expect(page.get_by_label("Blue")).to_be_checked()
    page.get_by_label("Your answer").fill("three")
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_text("Answered. Run")).to_be_visible()
    page.get_by_role("link", name="Next question").click()
    page.get_by_text("Dismiss the question…").click()
    page.get_by_role("button", name="Dismiss it").click()
    expect(page.get_by_text("Dismissed. The app is told nothing")).to_be_visible()
    expect(page.get_by_role("link", name="Next question")).to_have_count(0)


def test_an_empty_list_is_filled_by_itself(transactional_db, watched_page):
    page = watched_page
    page.goto("/escalations/")
    page.get_by_label("What it asks").fill("half a word")
    newest = ask(make_app(), at=timezone.now(), question="Shall I stop?", summary="Shall I stop?")
    page.locator(f"#question-{newest.pk}").wait_for()
    expect(page.get_by_label("What it asks")).to_have_value("half a word")
    assert page.evaluate("document.activeElement.id") == "filter-q"
    expect(page.get_by_role("heading", name="One question waits for you")).to_be_visible()
    expect(page.locator(".new-pill")).to_have_count(0)
    page.wait_for_function("() => document.title.startsWith('(1) ')")
    expect(page.locator("#needs")).to_have_text("1")


@pytest.fixture
def phone(browser, signed_in, live_server):
    """A signed-in phone: nothing on it hovers, and nothing has the focus until it is tapped."""
    context = browser.new_context(base_url=live_server.url, viewport=PHONE, is_mobile=True, has_touch=True)
    context.add_cookies(signed_in.cookies())
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_nothing_moves_under_a_finger(asked, phone):
    phone.goto("/escalations/")
    button = phone.locator(f"#question-{asked[0].pk}").get_by_role("button", name="Yes", exact=True)
    second = phone.locator(f"#question-{asked[1].pk}")
    before = (button.bounding_box(), second.bounding_box())
    now = timezone.now()
    newest = ask(asked[0].app, at=now, deadline=now + MINUTE, question="Stop?", summary="Stop?")
    drop(asked[1], actor=BEN, now=now)
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    phone.get_by_role("link", name="1 new question").wait_for()
    assert (button.bounding_box(), second.bounding_box()) == before
    at = before[0]
    phone.touchscreen.tap(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    phone.get_by_text("Answered. Run").wait_for()
    assert Entry.objects.get(pk=asked[0].pk).user_response["choice"] == "Yes"
    assert Entry.objects.get(pk=newest.pk).user_response is None


def test_what_somebody_else_decided_has_nothing_to_tap_and_stays_in_its_place(asked, phone):
    phone.goto("/escalations/")
    first, second = (phone.locator(f"#question-{question.pk}") for question in asked)
    before = (first.bounding_box(), second.bounding_box())
    drop(asked[0], actor=BEN, now=timezone.now())
    phone.get_by_role("link", name="The list has changed: show it").wait_for()
    assert (first.bounding_box(), second.bounding_box()) == before
    assert " ".join(first.locator(".ask-ended").inner_text().split()) == "Dismissed by ben"
    expect(first.get_by_role("button")).to_have_count(0)
    expect(first.get_by_role("link", name="Answer in words…")).to_have_count(0)
    phone.get_by_role("link", name="The list has changed: show it").tap()
    first.wait_for(state="detached")


def test_a_list_with_questions_says_what_came_and_shows_it_when_asked(asked, watched_page):
    page = watched_page
    page.goto("/escalations/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    now = timezone.now()
    newest = ask(asked[0].app, at=now, deadline=now + MINUTE, question="Stop?", summary="Stop?")
    page.get_by_role("link", name="1 new question").wait_for()
    assert page.locator(".is-marked").get_attribute("id") == f"question-{asked[1].pk}"
    page.wait_for_function("() => document.title.startsWith('(3) ')")
    page.get_by_role("link", name="1 new question").click()
    page.locator(f"#question-{newest.pk}").wait_for()
    assert page.locator("[data-question]").first.get_attribute("id") == f"question-{newest.pk}"


def test_the_count_comes_to_every_page(asked, watched_page):
    page = watched_page
    page.goto("/usage/")
    assert page.title().startswith("(2) Usage")
    say(asked[0], Answer("Yes"), now=timezone.now())
    page.wait_for_function("() => document.title.startsWith('(1) ')")
    drop(asked[1], now=timezone.now())
    page.wait_for_function("() => document.title.startsWith('Usage')")
    expect(page.locator("#needs")).not_to_be_visible()
