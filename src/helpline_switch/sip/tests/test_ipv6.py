"""Telephones with IPv6 addresses (RFC 5118)."""

from __future__ import annotations

import asyncio
import socket

import pytest

from helpline_switch.sip.addresses import bare, bracketed, fit, is_address, plain
from helpline_switch.sip.events import Answered, Ended, Incoming, Party
from helpline_switch.sip.settings import SipSettings
from helpline_switch.sip.tests.peer import ANSWER, OFFER, Phone, TcpLine, UdpLine

OFFER6 = OFFER.replace("IP4 127.0.0.1", "IP6 ::1")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1: IPv6 is NOT tested here")


async def udp6(desk, user):
    phone = Phone(user)
    loop = asyncio.get_running_loop()
    wire, line = await loop.create_datagram_endpoint(
        lambda: UdpLine(phone.got), local_addr=("::1", 0), remote_addr=("::1", desk.sip.ports["udp"])
    )
    line.socket, phone.line = wire, line
    line.host = f"[::1]:{wire.get_extra_info('sockname')[1]}"
    return desk._kept(phone)


async def tcp6(desk, user):
    phone = Phone(user)
    loop = asyncio.get_running_loop()
    wire, line = await loop.create_connection(lambda: TcpLine(phone.got), "::1", desk.sip.ports["tcp"])
    line.socket, phone.line = wire, line
    line.host = f"[::1]:{wire.get_extra_info('sockname')[1]}"
    return desk._kept(phone)


@needs_ipv6
@pytest.mark.parametrize("kind", [udp6, tcp6])
async def test_ada_registers_calls_and_is_rung_over_ipv6(open_desk, kind):
    desk = await open_desk(host="::1")
    desk.hire("ada")
    ada = await kind(desk, "ada")
    assert (await ada.register("secret")).code == 200
    await ada.dial("sip:100@[::1]", body=OFFER6, password="secret")
    incoming = await desk.next(Incoming)
    assert (incoming.account, incoming.source[0]) == ("ada", "::1")
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await ada.expect(200, "INVITE")
    assert f"[::1]:{desk.sip.ports['udp' if kind is udp6 else 'tcp']}" in ok.contact_uri()
    (contact,) = desk.sip.contacts("ada")
    desk.sip.call("leg", target=contact, caller=Party("", "100", "[::1]"), sdp=OFFER6)
    invite = await ada.expect("INVITE")
    assert invite.get("via").split()[1].startswith("[::1]:")
    assert "@[::1]" in invite.get("from")
    ada.reply(invite, 200, body=ANSWER)
    await desk.next(Answered)
    await ada.expect("ACK")
    desk.sip.hangup("leg")
    ada.reply(await ada.expect("BYE"), 200)
    assert (await desk.next(Ended)).by == "us"


@needs_ipv6
async def test_one_socket_serves_both_kinds(open_desk):
    desk = await open_desk(host="::", advertised_host="localhost")
    old, new = await desk.udp_phone("carl"), await udp6(desk, "carl")
    stream, stream6 = await desk.tcp_phone("carl"), await tcp6(desk, "carl")
    for phone in (old, new, stream, stream6):
        await phone.dial("sip:100@localhost")
        incoming = await desk.next(Incoming)
        assert incoming.source[0] == ("127.0.0.1" if phone in (old, stream) else "::1")
        desk.sip.reject(incoming.dialog_id, 486, "Busy Here")
        assert "@" not in (await phone.expect(486)).get("via")


def test_everywhere_needs_a_name(tmp_path):
    with pytest.raises(ValueError, match="advertised_host"):
        SipSettings(data_dir=tmp_path, host="::")


def test_brackets():
    assert (bracketed("::1"), bracketed("[::1]"), bracketed("127.0.0.1")) == ("[::1]", "[::1]", "127.0.0.1")
    assert (bare("[::1]"), bare("sip.example")) == ("::1", "sip.example")
    assert (plain("::ffff:192.0.2.1"), plain("::ffff:1"), plain("::1")) == ("192.0.2.1", "::ffff:1", "::1")
    assert fit("192.0.2.1", socket.AF_INET6) == "::ffff:192.0.2.1"
    assert fit("[2001:db8::1]", socket.AF_INET) is None
    assert (is_address("[::1]"), is_address("1.2.3.4"), is_address("sip.example")) == (True, True, False)
