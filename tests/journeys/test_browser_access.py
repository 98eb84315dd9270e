"""Pages for everybody: no serious finding of axe (WCAG 2.2 A and AA), light and dark, in a call and without."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.journeys.test_browser_transfer import talking
from tests.peers.browser import Chromium
from tests.peers.desk import Desk

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
#: colours that still change (after a new bar, after light and dark changed) are no finding
SETTLED = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getTiming().iterations !== Infinity).map((one) => one.finished))"""
#: what waits for an answer of the desk is pale until it comes; what is asked for after the page is there belongs to it
ANSWERED = "() => !document.querySelector('.htmx-request, [hx-trigger=load]')"
RUN = """async () => (await axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"],
})).violations"""
SERIOUS = frozenset({"serious", "critical"})
GUEST_PAGES = ("/accounts/login/", "/call")
PAGES = (
    "/",
    "/tickets/",
    "/tickets/new/",
    "/contacts/",
    "/incidents/",
    "/calls/",
    "/live/",
    "/entry-points/",
    "/procedures/",
    "/articles/",
    "/people/",
    "/search/?q=vpn",
    "/switch/",
)
#: of these lists, the first thing is looked at too
FIRST_OF = {
    "/tickets/": "#main a[href^='/tickets/1']",
    "/contacts/": "#main a[href^='/contacts/']:not([href*='new'])",
    "/calls/": "#main td a[href^='/calls/']",
    "/procedures/": "#main a[href^='/procedures/']:not([href*='new'])",
}


def _words(where: str, finding: dict[str, Any]) -> str:
    nodes = "; ".join(
        f"{node['target']} {node['html'][:120]} {node['failureSummary']}" for node in finding["nodes"][:3]
    )
    return f"{where}: {finding['impact']} {finding['id']} ({len(finding['nodes'])}): {nodes}"


async def findings(page: Page, where: str) -> list[str]:
    """What axe finds serious on the page as it is, light and dark."""
    await page.evaluate(AXE.read_text())
    found = []
    for scheme in ("light", "dark"):
        await page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        await page.wait_for_function(ANSWERED)
        await page.evaluate(SETTLED)
        violations = await page.evaluate(RUN)
        found += [_words(f"{where} {scheme}", one) for one in violations if one["impact"] in SERIOUS]
    await page.emulate_media(color_scheme="light")
    return found


async def visit(page: Page, desk: Desk, path: str) -> list[str]:
    await page.goto(f"{desk.url}{path}")
    found = await findings(page, path)
    if path in FIRST_OF:
        href = await page.locator(FIRST_OF[path]).first.get_attribute("href")
        await page.goto(f"{desk.url}{href}")
        found += await findings(page, f"{path}N/")
    return found


async def test_the_pages_have_no_serious_barrier(desk: Desk, chromium: Chromium) -> None:
    guest = await chromium.caller()
    found = [line for path in GUEST_PAGES for line in await visit(guest.page, desk, path)]
    lena = await chromium.worker("lena")
    found += [line for path in PAGES for line in await visit(lena.page, desk, path)]
    assert not found, "\n".join(found)


async def test_a_call_in_hand_has_no_serious_barrier(desk: Desk, chromium: Chromium) -> None:
    ada, carl, _ = await talking(chromium)
    found = await findings(ada.page, "in a call") + await findings(carl.page, "/call in a call")
    await ada.bar.locator("#consult-menu summary").click()
    found += await findings(ada.page, "consult panel")
    await ada.page.keyboard.press("Escape")
    await ada.press("hangup")
    await ada.is_in_wrap_up()
    found += await findings(ada.page, "wrap-up")
    assert not found, "\n".join(found)
