"""Lena sorts a list without the mouse: walks, chooses, changes three tickets at once and takes it back."""

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
    """Lena has the list of live tickets before her."""
    with browser.new_context() as context:
        lena = context.new_page()
        faults: list[str] = []
        lena.on("pageerror", lambda error: faults.append(str(error)))
        lena.goto(f"{desk.url}/accounts/login/?next=/tickets/")
        lena.fill("#id_login", "lena")
        lena.fill("#id_password", "helpline")
        lena.keyboard.press("Enter")
        expect(lena.locator("tr[data-row]").nth(3)).to_be_visible()
        yield lena
        assert faults == []


def test_keys_walk_choose_and_open(page: Page) -> None:
    rows = page.locator("tr[data-row]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1).locator("[data-row-link]")).to_be_focused()
    page.keyboard.press("x")
    expect(rows.nth(1).locator("input")).to_be_checked()
    expect(page.locator("[data-chosen]")).to_have_text("1 chosen")
    page.keyboard.press("x")
    expect(rows.nth(1).locator("input")).not_to_be_checked()
    page.keyboard.press("k")
    first = rows.nth(0).locator("[data-row-link]")
    expect(first).to_be_focused()
    subject = first.inner_text()
    page.keyboard.press("o")
    expect(page.locator("h1")).to_contain_text(subject)


def test_letters_typed_into_the_filter_move_nothing(page: Page) -> None:
    words = page.locator("form[role=search] input[name=text]")
    words.focus()
    page.keyboard.type("jxk")
    expect(words).to_have_value("jxk")
    expect(words).to_be_focused()
    expect(page.locator("tr[data-row] input:checked")).to_have_count(0)


def test_three_tickets_are_changed_and_put_back_with_one_key(page: Page) -> None:
    before = page.locator("#folder-new .folder-count").inner_text()
    for _row in range(3):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("[data-chosen]")).to_have_text("3 chosen")
    page.select_option(".bulk-bar select[name=status]", "new")
    page.get_by_role("button", name="Change the chosen").click()
    expect(page.locator("#main")).to_contain_text("Nothing is changed yet")
    page.locator("form[action$='/apply/'] button").click()
    expect(page.locator("#toasts")).to_contain_text("changed.")
    expect(page.locator("#folder-new .folder-count")).not_to_have_text(before)
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("put back.")
    expect(page.locator("#folder-new .folder-count")).to_have_text(before)
