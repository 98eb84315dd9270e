"""Mallory writes to the desk: in Ada's browser nothing of it runs, and nothing is loaded until she asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect, sync_playwright

from helpline.mail.letters.views import policy
from tests.journeys import hostile_mail
from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.postgres]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
OURS = ("127.0.0.1", "localhost")
#: what no frame may hold, whatever the mail said; our own head is left out
FOUND_IN_FRAMES = """() => {
  const bad = "script,iframe,frame,object,embed,applet,form,input,button,select,textarea,svg,math,link,base,template,video,audio";
  const fine = /^(https?:|mailto:|tel:|\\?|\\/mail\\/|data:image\\/(png|gif|jpe?g|webp|bmp);)/;
  const found = [];
  for (const frame of document.querySelectorAll("iframe.letter-frame")) {
    const inside = frame.contentDocument;
    for (const one of inside.body.querySelectorAll("*")) {
      if (one.matches(bad) || one.matches("meta,style,title,[srcset],[background],[ping],[action]")) found.push(one.outerHTML);
      for (const { name, value } of one.attributes) {
        const harm = name.startsWith("on") || name.startsWith("hx-") || name.startsWith("data-hx-");
        const leads = ["href", "src"].includes(name) && !fine.test(value);
        if (harm || leads || (name === "style" && /url|position|expression/i.test(value))) found.push(`${name}=${value}`);
      }
    }
  }
  return found;
}"""
SCRIPTS_IN_PAGE = """() => [...document.querySelectorAll("#main script, #main [onerror], #main [onload]")].map((one) => one.outerHTML)"""


@dataclass
class Watch:
    """All that must not happen in a browser."""

    dialogs: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    popups: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def over(self, page: Page) -> Page:
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("popup", lambda popup: self.popups.append(popup.url))
        page.context.on("request", self._asked)
        page.context.route(lambda url: urlsplit(url).hostname not in OURS, self._refuse)
        return page

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname not in OURS:
            self.strangers.append(request.url)

    @staticmethod
    def _refuse(route: Route) -> None:
        route.abort()

    @property
    def nothing(self) -> bool:
        return not (self.dialogs or self.strangers or self.popups or self.faults)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def hostile_ticket(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the ticket with all of Mallory's mails."""
    folder: Path = tmp_path_factory.mktemp("hostile") / "mails"
    count = hostile_mail.write(folder)
    assert count >= 60
    desk.command("mail", "ingest", str(folder), "--mailbox", "support")
    rows = desk.api("GET", "/inbound?from=mallory@evil.example&verdict=ticket")["items"]
    assert len(rows) == 1  # one thread, so that all are shown on one page
    return f"{desk.url}/tickets/{rows[0]['ticket']}/"


@pytest.fixture
def ada(browser: Browser, desk: Desk) -> Iterator[tuple[Page, Watch]]:
    with browser.new_context(color_scheme="light") as context:
        watch = Watch()
        page = watch.over(context.new_page())
        page.goto(f"{desk.url}/accounts/login/")
        page.fill("#id_login", "ada")
        page.fill("#id_password", "helpline")
        page.keyboard.press("Enter")
        expect(page.locator("#rail")).to_be_visible()
        yield page, watch


def open_all(page: Page, address: str) -> int:
    """Open the ticket and every mail in it; how many frames there are."""
    page.goto(address)
    frames = page.locator("iframe.letter-frame")
    expect(frames.first).to_be_attached()
    # said again each time: the thread is renewed when something happens in the ticket meanwhile
    loaded = """() => {
      const frames = [...document.querySelectorAll('iframe.letter-frame')];
      frames.forEach((one) => (one.loading = 'eager'));
      return frames.every((one) => one.style.height !== '');
    }"""
    page.wait_for_function(loaded, timeout=120_000)
    return frames.count()


def test_the_watch_sees_what_it_should(browser: Browser) -> None:
    """Without our defences the very same payloads do run: a test that cannot fail proves nothing."""
    with browser.new_context() as context:
        watch = Watch()
        page = watch.over(context.new_page())
        page.set_content(hostile_mail.VECTORS["img-onerror"] + hostile_mail.VECTORS["img-remote"])
        page.wait_for_function("() => window.__hit === 1")
        page.wait_for_load_state()
        assert watch.dialogs == ["1"]
        assert "https://evil.example/p.gif" in watch.strangers


def test_nothing_runs_and_nothing_is_loaded(ada: tuple[Page, Watch], hostile_ticket: str) -> None:
    page, watch = ada
    shown = open_all(page, hostile_ticket)
    assert shown >= 60
    assert page.evaluate(FOUND_IN_FRAMES) == []
    assert page.evaluate(SCRIPTS_IN_PAGE) == []
    page.mouse.move(640, 400)
    page.keyboard.press("Tab")
    assert page.evaluate("() => window.__hit") is None
    assert page.url == hostile_ticket
    assert watch.nothing, watch


def test_pictures_come_when_asked_for_and_still_nothing_runs(
    ada: tuple[Page, Watch], hostile_ticket: str
) -> None:
    page, watch = ada
    open_all(page, hostile_ticket)
    frame = next(one for one in page.frames if one != page.main_frame and one.locator(".desk-bar a").count())
    with page.expect_request(lambda request: request.url.startswith(hostile_mail.EVIL)):
        frame.locator(".desk-bar a").first.click()
    assert watch.strangers
    assert all(url.startswith(hostile_mail.EVIL) for url in watch.strangers)
    assert page.evaluate("() => window.__hit") is None
    assert watch.dialogs == []


def test_the_frame_alone_holds_what_the_sanitiser_might_miss(browser: Browser, desk: Desk) -> None:
    """The same mails as Mallory wrote them, under the rules of our frame: still nothing runs."""
    with browser.new_context() as context:
        watch = Watch()
        page = watch.over(context.new_page())
        for name, html in hostile_mail.VECTORS.items():
            if "refresh" in name:
                continue  # leads the whole page elsewhere, which only the sanitiser prevents when there is no frame
            page.route(f"{desk.url}/raw/{name}", _served(f"<!doctype html><meta charset=utf-8><body>{html}"))
            page.goto(f"{desk.url}/raw/{name}", wait_until="domcontentloaded")
            assert page.evaluate("() => window.__hit") is None, name
        assert watch.dialogs == []


def _served(document: str) -> Callable[[Route], None]:
    rules = {"Content-Security-Policy": policy(pictures=False)}
    return lambda route: route.fulfill(body=document, content_type="text/html", headers=rules)
