"""The desk and its provider: numbers from outside come in, agents call out, a provider fails and another takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.journeys.floor import Floor
from tests.peers.carrier import Carrier
from tests.peers.desk import Desk
from tests.peers.pages import Pages
from tests.peers.sipp import Caller, Sipp

pytestmark = [pytest.mark.switch, pytest.mark.peer]

NUMBER = "+31201234567"


@pytest.fixture(scope="module")
def lena(outside_desk: Desk) -> Pages:
    """The phone administrator."""
    return Pages(outside_desk, "lena")


@pytest.fixture(scope="module")
def ada_at_pages(outside_desk: Desk) -> Pages:
    return Pages(outside_desk, "ada")


@pytest.fixture
async def carrier(outside: Floor) -> AsyncIterator[Carrier]:
    async with Carrier(outside.desk.sip_port, "acme-line", "line-secret") as running:
        yield running


class Trunks:
    """The page of trunks in Lena's hands; what she made goes when the journey ends."""

    def __init__(self, pages: Pages, floor: Floor) -> None:
        self._pages, self._floor = pages, floor
        self._made: list[str] = []

    async def make(self, name: str, port: int, *, register: bool = True, rank: int = 10) -> None:
        """By the form, as a person does."""
        form: dict[str, object] = {
            "name": name,
            "hosts": "127.0.0.1",
            "port": port,
            "transport": "udp",
            "username": "acme-line",
            "password": "line-secret",
            "numbers": "+31 30 555 0100",
            "rank": rank,
            "shared": "on",
        }
        said = await asyncio.to_thread(
            self._pages.send, "/trunks/new/", **form, **({"register": "on"} if register else {})
        )
        self._made.append(name)
        assert f"{name} is made. It connects now." in said

    async def says(self, *words: str) -> None:
        """Waits until the page says that."""

        def there() -> bool:
            page = self._pages.open("/trunks/")
            return all(each in page for each in words)

        await self._floor.until(there, 20, f"the page of trunks to say {words}")

    async def drop_all(self) -> None:
        for name in self._made:
            await asyncio.to_thread(self._pages.send, f"/trunks/{name}/drop/")


@pytest.fixture
async def trunks(lena: Pages, outside: Floor) -> AsyncIterator[Trunks]:
    page = Trunks(lena, outside)
    yield page
    await page.drop_all()


async def dial(pages: Pages, number: str) -> str:
    """Ada types a number into the phone bar; the page of the call."""
    made = await asyncio.to_thread(pages.press, "/phone/dial/", number=number)
    return f"/calls/{made['call']}/"


async def test_carl_calls_by_the_provider_and_ada_answers(
    outside: Floor, carrier: Carrier, trunks: Trunks, lena: Pages
) -> None:
    await trunks.make("carrier", carrier.port)
    await asyncio.wait_for(carrier.registered.wait(), 15)
    await trunks.says("carrier Registered")
    ada = await outside.phone("ada", mode="auto")
    _, call = await carrier.call_in("100", "0301112233")
    await carrier.voice.hears_anything(within=10)
    carrier.voice.press("3")
    row = await outside.call("0301112233", "talking", seconds=30)
    await carrier.voice.hears(ada.hum, within=10)
    page = await asyncio.to_thread(lena.open, f"/calls/{row['id']}/")
    assert "Call from 0301112233 to 100 by the trunk carrier" in page
    await carrier.hang_up(call)
    await outside.call("0301112233", "ended")
    await outside.clean()


async def test_ada_calls_out_and_the_provider_asks_for_the_password(
    outside: Floor, carrier: Carrier, trunks: Trunks, ada_at_pages: Pages
) -> None:
    await trunks.make("carrier", carrier.port)
    await asyncio.wait_for(carrier.registered.wait(), 15)
    ada = await outside.phone("ada", mode="auto")
    await dial(ada_at_pages, "020 123 4567")
    invite, _ = await carrier.take_call()
    assert invite.uri == f"sip:{NUMBER}@127.0.0.1:{carrier.port}"
    assert "<sip:+31305550100@" in invite.get("from")
    await carrier.voice.hears(ada.hum, within=10)
    await ada.hang_up()
    await carrier.is_hung_up()
    await outside.clean()


async def test_ada_dials_on_the_keys_of_her_telephone(
    outside: Floor, carrier: Carrier, trunks: Trunks
) -> None:
    await trunks.make("carrier", carrier.port, register=False)
    await trunks.says("carrier Reachable")
    ada = await outside.phone("ada")
    await ada.dial("0201234567")
    invite, call = await carrier.take_call(challenge=False)
    assert invite.uri == f"sip:{NUMBER}@127.0.0.1:{carrier.port}"
    await carrier.voice.hears(ada.hum, within=10)
    await carrier.hang_up(call)
    await ada.expect("CALL_CLOSED", 10)
    await outside.clean()


async def test_the_second_provider_takes_the_call_when_the_first_is_out_of_order(
    outside: Floor, carrier: Carrier, trunks: Trunks, ada_at_pages: Pages
) -> None:
    async with Carrier(outside.desk.sip_port, "acme-line", "line-secret", hum=900) as spare:
        carrier.out_of_order = True
        await trunks.make("carrier", carrier.port, register=False)
        await trunks.make("spare", spare.port, register=False, rank=20)
        await trunks.says("carrier Reachable", "spare Reachable")
        ada = await outside.phone("ada", mode="auto")
        page = await dial(ada_at_pages, NUMBER)
        _, call = await spare.take_call(challenge=False)
        await spare.voice.hears(ada.hum, within=10)
        assert carrier.refused == 1
        story = await asyncio.to_thread(ada_at_pages.open, page)
        assert "The trunk carrier did not take the call, the next one is tried" in story
        await spare.hang_up(call)
        await outside.clean()


async def test_a_busy_number_is_told_to_ada(
    outside: Floor, carrier: Carrier, trunks: Trunks, ada_at_pages: Pages
) -> None:
    await trunks.make("carrier", carrier.port, register=False)
    await trunks.says("carrier Reachable")
    ada = await outside.phone("ada", mode="auto")
    page = await dial(ada_at_pages, NUMBER)
    carrier.reply(await carrier.expect("INVITE"), 486)
    await ada.expect("CALL_CLOSED", 20)
    story = await asyncio.to_thread(ada_at_pages.open, page)
    assert f"{NUMBER} was not reached: The number is busy." in story
    await outside.clean()


async def test_a_wrong_password_stands_on_the_page_of_trunks(
    outside: Floor, carrier: Carrier, trunks: Trunks
) -> None:
    carrier.password = "another"
    await trunks.make("carrier", carrier.port)
    await trunks.says("carrier Refused 401", "Look at user name and password")
    assert "line-secret" not in outside.desk.log


async def test_a_stranger_dials_outside_and_reaches_no_provider(
    outside: Floor, carrier: Carrier, trunks: Trunks
) -> None:
    await trunks.make("carrier", carrier.port)
    await asyncio.wait_for(carrier.registered.wait(), 15)
    mallory = Caller(called=NUMBER, caller="mallory").invite().refused(404)
    async with Sipp(outside.desk, mallory, outside.directory) as sipp:  # type: ignore[arg-type]  # has the port
        await sipp.finished(20)
    assert carrier.seen("INVITE") == 0
    await outside.clean()
