"""Ada answers a mail on the ticket page: what she wrote is kept, a template comes by "/", and what is sent can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.peers.browser import PATIENCE_MS
from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MAIL = """From: Rosa Beck <rosa@acme.example>
To: support@desk.example
Subject: Beamer in room 12
Message-ID: <beamer-12@acme.example>
Date: Mon, 23 Nov 2026 09:00:00 +0100

Good morning, the beamer in room 12 stays dark.
"""


@pytest.fixture(scope="module")
def ticket(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the ticket Rosa's mail opened."""
    folder: Path = tmp_path_factory.mktemp("mails")
    (folder / "beamer.eml").write_text(MAIL)
    desk.command("mail", "ingest", str(folder), "--mailbox", "support")
    [row] = desk.api("GET", "/inbound?from=rosa@acme.example&verdict=ticket")["items"]
    return f"{desk.url}/tickets/{row['ticket']}/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    """Ada has signed in; nothing may go wrong behind her pages."""
    with browser.new_context(color_scheme="light") as context:
        ada = context.new_page()
        expect.set_options(timeout=PATIENCE_MS)
        faults: list[str] = []
        ada.on("pageerror", lambda error: faults.append(str(error)))
        ada.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        ada.goto(f"{desk.url}/accounts/login/")
        ada.fill("#id_login", "ada")
        ada.fill("#id_password", "helpline")
        ada.keyboard.press("Enter")
        expect(ada.locator("#rail")).to_be_visible()
        yield ada
        assert faults == []


def write(page: Page, words: str) -> None:
    """Type into the editor and wait until the draft is kept."""
    page.locator("trix-editor").click()
    with page.expect_response(lambda answer: answer.url.endswith("/draft/")):
        page.keyboard.type(words)
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept")


def test_an_answer_is_kept_sent_and_taken_back(page: Page, ticket: str) -> None:
    page.goto(ticket)
    write(page, "I will bring you another one.")

    page.reload()
    editor = page.locator("trix-editor")
    expect(editor).to_contain_text("I will bring you another one.")

    page.get_by_role("button", name="Send", exact=True).click()
    sent = page.locator(".thread-mail").last
    expect(sent).to_contain_text("Held back for a moment")
    expect(sent.frame_locator("iframe").locator("body")).to_contain_text("I will bring you another one.")
    expect(editor).not_to_contain_text("another one")

    page.locator("h1").click()
    page.keyboard.press("z")
    expect(editor).to_contain_text("I will bring you another one.")
    expect(page.locator("[data-held]")).to_have_count(0)
    page.get_by_role("button", name="Discard").click()
    expect(editor).not_to_contain_text("another one")
