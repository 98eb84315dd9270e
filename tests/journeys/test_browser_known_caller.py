"""What opens behind the ringing bar: the ticket, the caller's card, or nothing while somebody is writing."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.journeys.test_browser_call import step_is
from tests.peers.baresip import Phone
from tests.peers.browser import Chromium, Worker
from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.peer]

ADA = 440
#: callers of these journeys, with a number each; the key says how many live tickets they have
ONE, SEVERAL, STRANGER = "0305550601", "0305550602", "0305550609"

_CALLERS = """
import json
from helpline.core.access import SYSTEM
from helpline.customers.models import Contact
from helpline.customers import actions as customers
from helpline.people.models import Desk
from helpline.tickets import actions
from helpline.tickets.models import Ticket
acme = Desk.objects.get(key="acme")
found = {{}}
for name, number, tickets in (("Ines Moreau", "{one}", 1), ("Olaf Berg", "{several}", 2)):
    contact = Contact.objects.filter(name=name).first()
    if contact is None:
        contact = customers.create_contact(SYSTEM, acme, name, number=number)
        for one in range(tickets):
            ticket = actions.open_ticket(SYSTEM, acme, f"Screen flickers {{one}}", requester=contact)
            for note in range(25 if tickets == 1 else 0):
                actions.add_note(SYSTEM, ticket, f"Tried cable {{note}}, then the other port.")
    found[number] = [contact.pk, *Ticket.objects.filter(requester=contact).order_by("number").values_list("number", flat=True)]
print(json.dumps(found))
"""


@pytest.fixture(scope="session")
def callers(desk: Desk) -> dict[str, list[int]]:
    """By number: the contact, then their live tickets. The first has a long thread."""
    printed = desk.command("shell", "-c", _CALLERS.format(one=ONE, several=SEVERAL))
    found: dict[str, list[int]] = json.loads(printed.strip().splitlines()[-1])
    return found


class Calls:
    """Telephones without an account, hung up at the end."""

    def __init__(self, desk: Desk, directory: Path, stack: AsyncExitStack) -> None:
        self.desk, self.directory, self.stack = desk, directory, stack

    async def by(self, number: str) -> Phone:
        """Somebody calls 100 from this number and chooses the network."""
        phone = Phone(self.desk, number, "none", self.directory, hum=700, register=False)  # type: ignore[arg-type]  # has what a phone needs of a switch
        await self.stack.enter_async_context(phone)
        await phone.dial("100")
        await phone.expect("CALL_ESTABLISHED", 20)
        await phone.command("sndcode", "1")
        return phone


@pytest.fixture
async def calls(desk: Desk, tmp_path: Path) -> AsyncIterator[Calls]:
    async with AsyncExitStack() as stack:
        yield Calls(desk, tmp_path, stack)


def path(page: Page, wanted: str) -> Any:
    return expect(page).to_have_url(re.compile(rf"{wanted}$"))


PANE = "[data-thread-pane]"


_IN_SIGHT = """([selector, within]) => {
  const one = document.querySelector(selector).getBoundingClientRect();
  const pane = document.querySelector(within).getBoundingClientRect();
  const bar = document.getElementById('phone').getBoundingClientRect();
  const [top, bottom] = [Math.max(pane.top, 0), Math.min(pane.bottom, bar.top)];
  return one.top >= top - 1 && one.bottom <= bottom + 1;
}"""


async def in_sight(worker: Worker, selector: str, *, within: str = "#main") -> None:
    """Waits until all of the element is within its pane, and on the screen above the phone bar."""
    await expect(worker.page.locator(selector)).to_be_visible()
    async with asyncio.timeout(5):
        while not await worker.page.evaluate(_IN_SIGHT, [selector, within]):
            await asyncio.sleep(0.05)


async def test_the_one_live_ticket_opens_and_the_call_is_in_sight(
    desk: Desk, chromium: Chromium, calls: Calls, callers: dict[str, list[int]]
) -> None:
    """The thread is long; caller, reason, ticket and wait stand in the bar; nothing jumps after the answer."""
    _contact, number = callers[ONE]
    ada = await chromium.agent("ada", ADA)
    ines = await calls.by(ONE)
    call = await ada.is_rung()
    for words in ("Ines Moreau", "Network or VPN", str(number), "Waits"):
        await expect(ada.bar).to_contain_text(words)
    await path(ada.page, f"/tickets/{number}/")

    await ada.press("answer")
    await ada.is_in("talking")
    await step_is(ada.page, "Greeting")
    await ada.page.keyboard.press("n")  # it is about this ticket: the call becomes an item of it
    item = f"#thread-call-{call}"
    await expect(ada.page.locator(item)).to_contain_text("since")
    await in_sight(ada, item, within=PANE)
    await in_sight(ada, "#procedure .panel-head")
    await in_sight(ada, "#note-body")

    await ada.page.reload()
    await ada.is_in("talking")
    await in_sight(ada, item, within=PANE)
    await ada.page.locator("#note-body").fill("Same as last week")
    await ada.page.locator("#ticket-note .compose-foot button").click()
    await expect(ada.page.locator(".thread-item").last).to_contain_text("Same as last week")
    await in_sight(ada, ".thread-item:last-child", within=PANE)
    await ines.hang_up()


async def test_with_several_tickets_the_card_opens_then_the_call(
    chromium: Chromium, calls: Calls, callers: dict[str, list[int]]
) -> None:
    contact, *_numbers = callers[SEVERAL]
    ada = await chromium.agent("ada", ADA)
    olaf = await calls.by(SEVERAL)
    call = await ada.is_rung()
    await path(ada.page, f"/contacts/{contact}/")
    await expect(ada.page.locator("#main h1")).to_have_text("Olaf Berg")
    await ada.press("answer")
    await ada.is_in("talking")
    await path(ada.page, f"/calls/{call}/")
    await expect(ada.page.locator("#main #procedure")).to_be_visible()
    await olaf.hang_up()


async def test_a_stranger_gets_a_ticket_with_the_answer(desk: Desk, chromium: Chromium, calls: Calls) -> None:
    ada = await chromium.agent("ada", ADA)
    nobody = await calls.by(STRANGER)
    call = await ada.is_rung()
    await path(ada.page, f"/calls/{call}/")
    assert desk.call(call)["tickets"] == []
    await ada.press("answer")
    await ada.is_in("talking")
    await path(ada.page, r"/tickets/\d+/")
    [number] = desk.call(call)["tickets"]
    await path(ada.page, f"/tickets/{number}/")
    await nobody.hang_up()


async def test_what_is_being_typed_is_not_lost(
    desk: Desk, chromium: Chromium, calls: Calls, callers: dict[str, list[int]]
) -> None:
    """The ticket does not open over a note; the bar shows the way to it, and the note is a draft to come back to."""
    [number, *_others] = callers[SEVERAL][1:]
    ines = callers[ONE][1]
    ada = await chromium.agent("ada", ADA)
    await ada.page.goto(f"{desk.url}/tickets/{number}/")
    await ada.is_ready()
    note = ada.page.locator("#note-body")
    await note.fill("Half a sent")
    phone = await calls.by(ONE)
    await ada.is_rung()
    chip = ada.bar.locator(".bar-ticket")
    await expect(chip).to_contain_text(str(ines))
    await expect(chip).to_have_class(re.compile("bar-ticket-call"))
    await note.press_sequentially("ence")
    await ada.press("answer")
    await ada.is_in("talking")
    await path(ada.page, f"/tickets/{number}/")
    await expect(note).to_have_value("Half a sentence")
    await expect(chip).to_have_class(re.compile("bar-ticket-call"))

    await chip.click()
    await path(ada.page, f"/tickets/{ines}/")
    await ada.page.goto(f"{desk.url}/tickets/{number}/")
    await expect(note).to_have_value("Half a sentence")
    await ada.page.locator("#ticket-note .compose-foot button").click()
    await expect(ada.page.locator(".thread-item").last).to_contain_text("Half a sentence")
    await chip.click()
    await path(ada.page, f"/tickets/{ines}/")
    await phone.hang_up()
