"""Kamailio with our configuration between the world and the switch: everybody talks through it, to the end of the call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpline_switch.tests.desk import HUMS, answer_next, bridge, nothing_left, ring
from tests.peers.ari import Ari
from tests.peers.baresip import Phone
from tests.peers.kamailio import Kamailio
from tests.peers.ports import VOICES, free_port
from tests.peers.sipp import Caller, Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice

pytestmark = [pytest.mark.switch, pytest.mark.peer]
CARL_HUM = 700.0


@dataclass
class Front:
    """What telephones and callers see: the proxy's port; the switch behind it for looking at."""

    proxy: Kamailio
    switch: Switch

    @property
    def sip_port(self) -> int:
        return self.proxy.sip_port

    def ari(self, app: str = "helpline", *, listen: bool = True) -> Ari:
        return self.switch.ari(app, listen=listen)


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    async with Switch(tmp_path / "data", env={"HELPLINE_SIP_TRUSTED": "127.0.0.1"}) as running:
        yield running


@pytest.fixture
async def ari(switch: Switch) -> AsyncIterator[Ari]:
    async with switch.ari() as client:
        for name in ("ada", "ben"):
            await client.account(name, f"{name}-secret")
        yield client


@pytest.fixture
async def front(switch: Switch, tmp_path: Path) -> AsyncIterator[Front]:
    async with Kamailio(tmp_path, switch.sip_port) as proxy:
        yield Front(proxy, switch)


@pytest.fixture
async def carl() -> AsyncIterator[Voice]:
    async with Voice(free_port(among=VOICES), hum=CARL_HUM) as voice:
        yield voice


def phone(front: Front, name: str, directory: Path, **more: object) -> Phone:
    return Phone(front, name, f"{name}-secret", directory, hum=HUMS[name], **more)  # type: ignore[arg-type]  # as a switch


def calls(front: Front, scenario: Caller, directory: Path, **more: object) -> Sipp:
    return Sipp(front, scenario, directory, **more)  # type: ignore[arg-type]  # as a switch


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_a_caller_comes_in_and_hangs_up(
    front: Front, ari: Ari, carl: Voice, tmp_path: Path, transport: str
) -> None:
    scenario = Caller(media_port=carl.port).invite().answered().wait(0.5).bye()
    async with calls(front, scenario, tmp_path, transport=transport) as sipp:
        channel = await answer_next(ari)
        await ari.post(f"/channels/{channel}/moh")
        await carl.hears_anything()
        await sipp.finished()
        gone = await ari.expect("ChannelDestroyed", channel=channel)
    assert gone["cause"] == 16
    await nothing_left(ari)


async def test_the_desk_hangs_up_and_the_bye_finds_its_way(
    front: Front, ari: Ari, carl: Voice, tmp_path: Path
) -> None:
    async with calls(front, Caller(media_port=carl.port).invite().answered().hung_up(), tmp_path) as sipp:
        channel = await answer_next(ari)
        routes = await ari.get(f"/channels/{channel}/variable", variable="PJSIP_HEADER(read,Record-Route)")
        assert f"<sip:127.0.0.1:{front.sip_port};" in routes["value"]
        assert ";lr" in routes["value"]
        await ari.delete(f"/channels/{channel}")
        await sipp.finished()
    await nothing_left(ari)


async def test_a_caller_who_gives_up_while_it_rings(front: Front, ari: Ari, tmp_path: Path) -> None:
    async with calls(front, Caller().invite().ringing(optional=False).cancel(), tmp_path) as sipp:
        start = await ari.expect("StasisStart")
        await ari.post(f"/channels/{start['channel']['id']}/ring")
        await sipp.finished()
        await ari.expect("ChannelDestroyed", channel=start["channel"]["id"])
    await nothing_left(ari)


async def test_ada_answers_holds_and_hands_carl_over_to_ben(
    front: Front, ari: Ari, carl: Voice, tmp_path: Path
) -> None:
    scenario = Caller(media_port=carl.port).invite().answered().hung_up(60)
    async with (
        phone(front, "ada", tmp_path) as ada,
        phone(front, "ben", tmp_path, mode="auto") as ben,
        calls(front, scenario, tmp_path) as sipp,
    ):
        channel = await answer_next(ari)
        await ring(ari, "ada", "leg-ada")
        await ada.rings()
        await ada.accept()
        await ari.expect("StasisStart", channel="leg-ada")
        await bridge(ari, "talk", channel, "leg-ada")
        await carl.hears(ada.hum)
        await ada.command("hold")
        await ari.expect("ChannelHold", channel="leg-ada")
        await carl.hears_no(ada.hum)
        await ada.command("resume")
        await ari.expect("ChannelUnhold", channel="leg-ada")
        await carl.hears(ada.hum)
        await ring(ari, "ben", "leg-ben")
        await ari.expect("StasisStart", channel="leg-ben")
        await bridge(ari, "talk", "leg-ben")
        await carl.hears(ben.hum)
        await ada.hang_up()
        await ari.expect("ChannelDestroyed", channel="leg-ada")
        await carl.hears_no(ada.hum)
        await carl.hears(ben.hum)
        await ari.delete("/channels/leg-ben")
        await ben.expect("CALL_CLOSED")
        await ari.delete(f"/channels/{channel}")
        await sipp.finished()
    await nothing_left(ari)


async def test_carl_holds_by_his_telephone(front: Front, ari: Ari, carl: Voice, tmp_path: Path) -> None:
    scenario = (
        Caller(media_port=carl.port).invite().answered().reinvite("sendonly").reinvite("sendrecv").bye()
    )
    async with calls(front, scenario, tmp_path) as sipp:
        channel = await answer_next(ari)
        await ari.expect("ChannelHold", channel=channel)
        await ari.expect("ChannelUnhold", channel=channel)
        await sipp.finished()
    await nothing_left(ari)


async def test_ada_calls_from_her_telephone_and_proves_her_password_through_the_proxy(
    front: Front, ari: Ari, tmp_path: Path
) -> None:
    async with phone(front, "ada", tmp_path) as ada:
        await ada.dial("100")
        start = await ari.expect("StasisStart")
        assert start["channel"]["accountcode"] == "ada"
        await ari.post(f"/channels/{start['channel']['id']}/answer")
        await ada.expect("CALL_ESTABLISHED")
        await ada.hang_up()
        await ari.expect("ChannelDestroyed")
    await nothing_left(ari)


async def test_a_node_that_is_gone_costs_no_call(
    switch: Switch, ari: Ari, carl: Voice, tmp_path: Path
) -> None:
    async with Kamailio(tmp_path, free_port(), switch.sip_port) as proxy:
        front = Front(proxy, switch)
        scenario = Caller(media_port=carl.port).invite().answered().wait(0.2).bye()
        async with calls(front, scenario, tmp_path, calls=4, rate=4) as sipp:
            for _ in range(4):
                start = await ari.expect("StasisStart", timeout=10)
                await ari.post(f"/channels/{start['channel']['id']}/answer")
            await sipp.finished()
    await nothing_left(ari)


async def test_a_draining_node_keeps_its_call_and_new_ones_go_past_it(
    switch: Switch, ari: Ari, tmp_path: Path
) -> None:
    """It answers OPTIONS as it answers calls, so the proxy knows, and does not try it first for every second caller."""
    draining = Switch(tmp_path / "draining", env={"HELPLINE_SIP_TRUSTED": "127.0.0.1"})
    async with (
        draining,
        draining.ari() as theirs,
        Sipp(draining, Caller().invite().answered().hung_up(60), tmp_path) as dora,
        Kamailio(tmp_path, draining.sip_port, switch.sip_port) as proxy,
    ):
        kept = await answer_next(theirs)
        await theirs.post("/helpline/drain", seconds=60)
        front = Front(proxy, switch)
        for _ in range(10):  # one after the other: of these the proxy learns, if not by its own question
            await _calls_that_are_answered(front, ari, tmp_path, 1)
        assert proxy.turned_away() <= 1
        known = proxy.turned_away()
        await _calls_that_are_answered(front, ari, tmp_path, 20)
        assert proxy.turned_away() == known
        await theirs.delete(f"/channels/{kept}")
        await dora.finished()
    await nothing_left(ari)


async def _calls_that_are_answered(front: Front, ari: Ari, directory: Path, count: int) -> None:
    scenario = Caller().invite().answered().wait(0.1).bye()
    async with calls(front, scenario, directory, calls=count, rate=8) as sipp:
        for _ in range(count):
            start = await ari.expect("StasisStart", timeout=10)
            await ari.post(f"/channels/{start['channel']['id']}/answer")
        await sipp.finished()


async def test_the_proxy_leads_strangers_nowhere_else(front: Front, ari: Ari, tmp_path: Path) -> None:
    """A call for somebody else's host comes to the desk or to nobody, whatever Route says."""
    loop = asyncio.get_running_loop()
    elsewhere: list[bytes] = []

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            elsewhere.append(data)

    ear, _ = await loop.create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 0))
    port = ear.get_extra_info("sockname")[1]
    scenario = Caller(called="x").invite(extra=f"Route: <sip:127.0.0.1:{port};lr>\n").refused(404)
    xml = scenario.xml().replace("INVITE sip:x@[remote_ip]:[remote_port]", f"INVITE sip:x@127.0.0.1:{port}")
    await ari.put("/helpline/entry_numbers", {"numbers": ["100"]})
    try:
        async with calls(front, xml, tmp_path) as sipp:  # type: ignore[arg-type]  # a scenario as text
            await sipp.finished()
    finally:
        ear.close()
    assert elsewhere == []
    await nothing_left(ari)
