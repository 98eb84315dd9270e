"""Pictures of every page, to be looked at: light and dark, desktop and telephone width.

    python tests/look/shots.py http://127.0.0.1:8000 OUT [--user ada] [--password helpline] [--only NAME ...]

Not a test: it needs a running desk with the demo data and asserts only that each page answers. Pages that
nobody made yet (404) are named at the end.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
SIZES = {"1280": (1280, 800), "390": (390, 844)}
SCHEMES = ("light", "dark")


@dataclass(frozen=True)
class Shot:
    """A page to look at. `guest` pages need no sign-in; `first` is a CSS selector of a link to follow from `path`."""

    name: str
    path: str
    guest: bool = False
    first: str = ""


SHOTS = (
    Shot("sign-in", "/accounts/login/", guest=True),
    Shot("call", "/call", guest=True),
    Shot("nowhere", "/nowhere/", guest=True),
    Shot("home", "/"),
    Shot("tickets", "/tickets/"),
    Shot("tickets-empty", "/tickets/?text=zzzzzz"),
    Shot("ticket", "/tickets/", first="#main a[href^='/tickets/1']"),
    Shot("ticket-new", "/tickets/new/"),
    Shot("contacts", "/contacts/"),
    Shot("contact", "/contacts/", first="#main a[href^='/contacts/']:not([href*='new'])"),
    Shot("contact-erase", "/contacts/1/", first="#main a[href$='/erase/']"),
    Shot("incidents", "/incidents/"),
    Shot("calls", "/calls/"),
    Shot("calls-empty", "/calls/?text=nobody"),
    Shot("one-call", "/calls/", first="#main td a[href^='/calls/']"),
    Shot("live", "/live/"),
    Shot("numbers", "/entry-points/"),
    Shot("procedures", "/procedures/"),
    Shot("procedure", "/procedures/", first="#main a[href^='/procedures/']:not([href*='new'])"),
    Shot("mail-ledger", "/mail/ledger/"),
    Shot("mail-ledger-empty", "/mail/ledger/?text=zzzzzz"),
    Shot("mailboxes", "/mail/boxes/"),
    Shot("mailbox", "/mail/boxes/support/"),
    Shot("mailbox-new", "/mail/boxes/new/"),
    Shot("articles", "/articles/"),
    Shot("people", "/people/"),
    Shot("switch", "/switch/"),
    Shot("search", "/search/?q=vpn"),
    Shot("search-empty", "/search/?q=zzzzzz"),
)


def sign_in(page: Page, base: str, user: str, password: str) -> None:
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name='login']", user)
    page.fill("input[name='password']", password)
    page.click("button[type='submit']")
    page.wait_for_selector("#rail")


def take(page: Page, base: str, shot: Shot, out: Path, tag: str) -> str:
    """Save one picture. Returns a line when something is wrong with the page."""
    answer = page.goto(f"{base}{shot.path}", wait_until="load")
    if shot.first:
        links = page.locator(shot.first)
        if not links.count():
            return f"{shot.name}: nothing to follow ({shot.first})"
        answer = page.goto(f"{base}{links.first.get_attribute('href')}", wait_until="load")
    page.wait_for_timeout(700)
    page.screenshot(path=out / f"{shot.name}-{tag}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")
    trouble = [f"{shot.name}-{tag}: wider than the screen"] if wide else []
    if answer and answer.status >= 400 and shot.name != "nowhere":
        trouble.append(f"{shot.name}: {answer.status}")
    return "; ".join(trouble)


def context_for(browser: Browser, size: str, scheme: str) -> BrowserContext:
    width, height = SIZES[size]
    return browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        permissions=["microphone"],
    )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("base")
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--user", default="lena")
    arguments.add_argument("--password", default="helpline")
    arguments.add_argument("--only", nargs="*", default=[])
    arguments.add_argument("--sizes", nargs="*", default=list(SIZES))
    arguments.add_argument("--schemes", nargs="*", default=list(SCHEMES))
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    troubles: set[str] = set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for size in given.sizes:
            for scheme in given.schemes:
                with context_for(browser, size, scheme) as context:
                    troubles |= walk(context, given, f"{size}-{scheme}")
        browser.close()
    sys.stdout.write("\n".join(sorted(troubles - {""})) + "\n")
    return 0


def walk(context: BrowserContext, given: argparse.Namespace, tag: str) -> set[str]:
    page = context.new_page()
    said: set[str] = set()
    page.on(
        "console",
        lambda message: said.add(f"console: {message.text[:200]}") if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: said.add(f"script: {str(error)[:200]}"))
    chosen = [shot for shot in SHOTS if not given.only or shot.name in given.only]
    for shot in [shot for shot in chosen if shot.guest]:
        said.add(take(page, given.base, shot, given.out, tag))
    if any(not shot.guest for shot in chosen):
        sign_in(page, given.base, given.user, given.password)
    for shot in [shot for shot in chosen if not shot.guest]:
        said.add(take(page, given.base, shot, given.out, tag))
    return said


if __name__ == "__main__":
    sys.exit(main())
