"""Ada and Ben open the same ticket: each sees the other look, sees him write, and sees him leave."""

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


def page_of(browser: Browser, desk: Desk, who: str, path: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{desk.url}/accounts/login/?next={path}")
    page.fill("#id_login", who)
    page.fill("#id_password", "helpline")
    page.keyboard.press("Enter")
    return page


def test_ben_comes_writes_and_leaves_before_adas_eyes(browser: Browser, desk: Desk) -> None:
    ada = page_of(browser, desk, "ada", "/tickets/")
    ada.locator("[data-row-link]").first.click()
    expect(ada.locator("#ticket-lead")).to_be_visible()
    path = ada.evaluate("location.pathname")
    here = ada.locator("#ticket-here")
    expect(here).to_have_text("")
    ben = page_of(browser, desk, "ben", path)
    expect(here).to_contain_text("Ben Hartmann looks")
    expect(ben.locator("#ticket-here")).to_contain_text("Ada Vermeer looks")
    ben.locator("#note-body").click()
    ben.keyboard.type("I know this one")
    expect(here).to_contain_text("Ben Hartmann writes")
    ben.close()
    expect(here).to_have_text("")
    ada.context.close()
    ben.context.close()
