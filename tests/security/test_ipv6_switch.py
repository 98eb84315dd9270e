"""The whole switch on an IPv6 address: signalling and sound."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from helpline_switch.sip.tests.peer import Phone, UdpLine
from tests.peers.switch import Switch

pytestmark = [pytest.mark.switch]


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1: IPv6 is NOT tested here")
async def test_carl_calls_over_ipv6_and_hears_the_desk(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with Switch(tmp_path / "data", env={"HELPLINE_SIP_HOST": "::1"}) as switch, switch.ari() as ari:
        carl = Phone("carl")
        wire, line = await loop.create_datagram_endpoint(
            lambda: UdpLine(carl.got), local_addr=("::1", 0), remote_addr=("::1", switch.sip_port)
        )
        line.socket, carl.line = wire, line
        line.host = f"[::1]:{wire.get_extra_info('sockname')[1]}"
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        ear, _ = await loop.create_datagram_endpoint(lambda: UdpLine(heard.put_nowait), local_addr=("::1", 0))
        port = ear.get_extra_info("sockname")[1]
        offer = f"v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        try:
            invite = await carl.dial("sip:100@[::1]", body=offer)
            start = await ari.expect("StasisStart")
            await ari.post(f"/channels/{start['channel']['id']}/answer")
            ok = await carl.expect(200, "INVITE")
            carl.ack(invite, ok)
            assert "c=IN IP6 ::1" in ok.body
            await ari.post(f"/channels/{start['channel']['id']}/moh", mohClass="default")
            packet = await asyncio.wait_for(heard.get(), 10)
            assert len(packet) == 172
            await ari.delete(f"/channels/{start['channel']['id']}")
            carl.reply(await carl.expect("BYE"), 200)
        finally:
            wire.close()
            ear.close()
