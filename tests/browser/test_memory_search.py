"""Searching memory in a browser: as one types, by the keyboard, and without a script."""

import pytest
from playwright.sync_api import expect

from memory import editing
from memory.places import user_place
from tests.conftest import BEGINNING

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def files(transactional_db):
    texts = {
        "kettle.md": "# Prices\nThe kettle costs 20.",
        "shop.md": "今天水壶的价格上涨了。<img src=x onerror=alert(1)>",
    }
    for name, text in texts.items():
        editing.create(user_place(), name, text, by="operator", now=BEGINNING)


def test_typing_finds_and_the_address_follows(watched_page):
    page = watched_page
    page.goto("/memory/search/")
    page.evaluate("window.isSamePage = true")
    page.get_by_label("Words").press_sequentially("kett")
    expect(page.locator(".hit")).to_have_count(1)
    expect(page.locator(".hit-text mark")).to_have_text("kett")
    expect(page).to_have_url("/memory/search/?q=kett&scope=&place=")
    page.get_by_label("Words").fill("价格")
    expect(page.locator(".hit-text")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.evaluate("window.isSamePage")
    page.go_back()
    expect(page.locator(".hit-text mark")).to_have_text("kett")


def test_a_slash_leads_to_the_field(watched_page):
    page = watched_page
    page.goto("/memory/search/?q=kettle")
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.get_by_label("Words")).to_be_focused()
    page.keyboard.type("/")
    expect(page.get_by_label("Words")).to_have_value("/")


def test_it_works_without_a_script(plain_page):
    page = plain_page
    page.goto("/memory/")
    page.get_by_label("Search all memory").fill("kettle")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".hit")).to_have_count(1)
    page.locator(".hit a").click()
    expect(page.locator(".head-title")).to_have_text("user-memory/kettle.md")
