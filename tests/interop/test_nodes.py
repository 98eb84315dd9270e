"""Two embedded switches as nodes of one desk, with real telephones: one node dies, its caller is rung by the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.floor import PASSWORD as PHONE_PASSWORD
from tests.journeys.floor import Floor
from tests.peers.asterisk import Asterisk, wanted
from tests.peers.baresip import Phone
from tests.peers.browser import Chromium
from tests.peers.desk import Desk
from tests.peers.doors import PASSWORD, USER
from tests.peers.switch import Switch

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.slow]

_CARL = f"""
from helpline.core.access import SYSTEM
from helpline.people import actions
actions.create_user(SYSTEM, "carl", password={PHONE_PASSWORD!r}, phone_password={PHONE_PASSWORD!r})
"""


Node = Switch | Asterisk


@dataclass
class Site:
    """The desk's people (steered over the south), and both switches."""

    floor: Floor
    north: Node
    south: Node

    def phone(self, switch: Node, name: str, **more: object) -> Phone:
        return Phone(switch, name, PHONE_PASSWORD, self.floor.directory, **more)  # type: ignore[arg-type]  # its options

    def name(self, switch: Node) -> str:
        return f"127.0.0.1:{switch.ari_port}"


async def _knows(switch: Node, account: str) -> None:
    """The desk has given the account to the node."""
    async with asyncio.timeout(20), switch.ari(listen=False) as ari:
        while not any(one["resource"] == account for one in await ari.get("/endpoints")):
            await asyncio.sleep(0.1)


def _nodes(kind: str, directory: Path) -> tuple[Node, Node]:
    if kind == "asterisk":
        wanted()
        return Asterisk(directory / "north"), Asterisk(directory / "south")
    return Switch(directory / "north"), Switch(directory / "south")


@pytest.fixture(params=["embedded", "asterisk"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    north, south = _nodes(request.param, tmp_path)
    desk = Desk(
        tmp_path,
        HELPLINE_ARI_URL=f"{north.base}/ari {south.base}/ari",
        HELPLINE_ARI_USER=USER,
        HELPLINE_ARI_PASSWORD=PASSWORD,
    )
    desk.sip_port, desk.ari_port = south.sip_port, south.ari_port
    for switch in (north, south):
        if isinstance(switch, Switch):
            switch.allow(desk.url)
    desk.data.mkdir()
    (desk.data / "ari.password").write_text(PASSWORD)
    async with north, south:
        await asyncio.to_thread(desk.start)
        try:
            async with Floor(desk, tmp_path) as floor:
                await floor.staff(())
                await floor.command("shell", "-c", _CARL)
                for switch in (north, south):
                    await _knows(switch, "carl")
                yield Site(floor, north, south)
        finally:
            await asyncio.to_thread(desk.stop)


async def test_a_node_is_killed_and_its_waiting_caller_is_rung_by_the_other_and_gets_ada(site: Site) -> None:
    floor = site.floor
    async with (
        site.phone(site.north, "ada") as ada_north,
        site.phone(site.south, "ada") as ada,
        site.phone(site.north, "carl") as carl_north,
        site.phone(site.south, "carl") as carl,
    ):
        await floor.on_duty("ada")
        dora = await floor.waiting("+31305550111")
        await ada.rings()
        await ada.accept()
        first = await floor.call(dora.number, "talking")
        await carl_north.dial("100")
        await carl_north.expect("CALL_ESTABLISHED", 20)
        await floor.call("carl")
        await carl_north.command("sndcode", "3")
        waiting = await floor.call("carl", "queued")
        assert not [one for one in ada_north.events if one["type"] == "CALL_INCOMING"]

        await site.north.kill()
        await carl.rings(40)
        assert (await floor.call("carl", "queued"))["id"] == waiting["id"]
        await carl.accept()
        await carl.expect("CALL_ESTABLISHED")
        await floor.do(first, "hangup", user="ada")
        await ada.expect("CALL_CLOSED", 10)
        await ada.rings(20)
        await ada.accept()
        talk = await floor.story(await floor.call("carl", "talking"))
        assert talk["id"] == waiting["id"]
        told = [line for line in talk["events"] if line["kind"] in {"node_lost", "called_again"}]
        assert [line["kind"] for line in told] == ["node_lost", "called_again"]
        assert told[0]["data"] == {"node": site.name(site.north)}
        await carl.hang_up()
        await floor.call("carl", "ended")
        assert floor.desk.healthy(), "one node of two is left, so the desk is up"
    await floor.empty()


@pytest.mark.browser
async def test_a_page_rings_for_calls_of_either_node(site: Site) -> None:
    """It is registered at both; the call of the node that is not the first comes too."""
    floor = site.floor
    async with Chromium(floor.desk) as chromium:
        ada = await chromium.agent("ada")
        for number, port in (("+31305550113", site.south.sip_port), ("+31305550114", site.north.sip_port)):
            floor.desk.sip_port = port
            carl = await floor.waiting(number)
            await ada.is_rung()
            await ada.answer()
            await carl.hears_something()
            talk = await floor.call(carl.number, "talking")
            await floor.do(talk, "hangup", user="ada")
            await floor.call(carl.number, "ended")
            await floor.agent("ada", "available")
