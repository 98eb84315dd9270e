"""Ada works a morning without touching the mouse, and her document is never thrown away."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    """Ada has signed in; `window.shift` marks this document."""
    with browser.new_context(color_scheme="light") as context:
        ada = context.new_page()
        faults: list[str] = []
        ada.on("pageerror", lambda error: faults.append(str(error)))
        ada.goto(f"{desk.url}/accounts/login/")
        ada.fill("#id_login", "ada")
        ada.fill("#id_password", "helpline")
        ada.keyboard.press("Enter")
        expect(ada.locator("#rail")).to_be_visible()
        ada.evaluate("window.shift = 1")
        yield ada
        assert faults == []


def same_document(page: Page) -> bool:
    return bool(page.evaluate("window.shift === 1"))


def test_slash_searches_and_back_comes_back(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("vpn")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("vpn")
    page.go_back()
    expect(page.locator("h1")).to_have_text("My work")
    expect(page.locator(".topbar")).to_have_count(1)
    assert same_document(page)


def test_the_help_panel_opens_and_closes_by_key(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_g_and_a_letter_goes_to_a_page_of_the_rail(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.locator("h1")).to_have_text("Calls")
    expect(page.locator("#rail [aria-current=page]")).to_have_text("Calls")
    assert same_document(page)


def test_the_first_tab_leads_past_the_rail(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_letters_typed_into_a_field_press_nothing(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("g?c")
    expect(page.locator("#search")).to_have_value("g?c")
    expect(page.locator("#help")).to_be_hidden()


def test_what_is_typed_is_not_left_behind_without_asking(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.url}/tickets/new/")
    page.evaluate("window.shift = 1")
    page.locator("#main form input[type=text], #main form textarea").first.fill("half a sentence")
    page.evaluate("document.activeElement.blur()")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_function("() => true")
    assert asked == ["confirm"]
    assert page.url.endswith("/tickets/new/")


def test_a_chosen_theme_stays(page: Page) -> None:
    page.click("[data-theme-toggle]")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_lost_server_is_said_and_forgotten_when_it_is_back(page: Page, desk: Desk) -> None:
    expect(page.locator("#live-lost")).to_be_hidden()
    with desk.unwatched():
        desk.kill("web")
        expect(page.locator("#live-lost")).to_be_visible(timeout=10_000)
    expect(page.locator("#live-lost")).to_be_hidden(timeout=30_000)
    assert same_document(page)
