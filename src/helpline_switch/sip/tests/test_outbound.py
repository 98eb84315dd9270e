"""Phones behind NATs and proxies: RFC 5626 (outbound) and RFC 3327 (Path)."""

from __future__ import annotations

import asyncio
import re

from helpline_switch.sip.events import Party, Registered, Unregistered
from helpline_switch.sip.framing import PING
from helpline_switch.sip.tests.peer import OFFER, Call, authorization

INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000a95a0e128>"'
QUEUE = Party("", "100", "")


async def register(phone, *headers, contact="", password="secret"):
    call, wanted = Call(phone.user), f"Contact: <{phone.contact}>{contact}"

    async def ask(*more):
        lines = (wanted, *headers, *more)
        return await phone._final(
            phone.send(
                phone.request(
                    "REGISTER", "sip:helpline", *lines, call=call, to=f"<sip:{phone.user}@helpline>"
                )
            )
        )

    challenge = await ask()
    return await ask(authorization(challenge, phone.user, password, "REGISTER", "sip:helpline"))


async def test_a_phone_that_restarts_takes_the_place_of_its_old_contact(desk):
    desk.hire("ada")
    before, after = await desk.udp_phone("ada"), await desk.udp_phone("ada")
    said = await register(before, "Supported: outbound, path", contact=f";reg-id=1;{INSTANCE}")
    assert (said.code, said.get("require"), said.get("flow-timer")) == (200, "outbound", "120")
    await desk.next(Registered)
    await register(after, "Supported: outbound, path", contact=f";reg-id=1;{INSTANCE}")
    gone, new = await desk.next(Unregistered), await desk.next(Registered)
    assert (gone.contact.uri, gone.why, new.contact.uri) == (before.contact, "replaced", after.contact)
    assert [each.uri for each in desk.sip.contacts("ada")] == [after.contact]


async def test_two_ways_to_one_phone_are_two_contacts(desk):
    desk.hire("ada")
    first, second = await desk.udp_phone("ada"), await desk.tcp_phone("ada")
    for number, way in enumerate((first, second), 1):
        await register(way, "Supported: outbound", contact=f";reg-id={number};{INSTANCE}")
    assert {each.reg_id for each in desk.sip.contacts("ada")} == {1, 2}


async def test_without_the_option_a_contact_is_an_ordinary_one(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    said = await register(ada, contact=f";reg-id=1;{INSTANCE}")
    assert (said.code, said.get("require")) == (200, "")
    assert desk.sip.contacts("ada")[0].instance == ""


async def test_a_call_takes_the_path_of_the_registration(desk):
    desk.hire("ada")
    proxy = await desk.udp_phone("ada")
    path = f"<sip:{proxy.line.host};lr>"
    said = await register(proxy, "Supported: path", f"Path: {path}")
    assert said.get("path") == path
    (contact,) = desk.sip.contacts("ada")
    assert contact.path == (path,)
    desk.sip.call("leg", target=contact, caller=QUEUE, sdp=OFFER)
    invite = await proxy.expect("INVITE")
    assert (invite.uri, invite.get("route")) == (proxy.contact, path)
    proxy.reply(invite, 486)
    await proxy.expect("ACK")


async def test_a_path_that_leads_nowhere_is_refused(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    assert (await register(ada, "Path: <tel:1>")).code == 400
    assert desk.sip.contacts("ada") == ()


async def test_a_phone_on_tcp_pings_and_is_answered(desk):
    ada = await desk.tcp_phone("ada")
    got = asyncio.Event()
    received = bytearray()

    def hear(data):
        received.extend(data)
        got.set()

    ada.line.data_received = hear
    ada.line.send(PING)
    await asyncio.wait_for(got.wait(), 4)
    assert bytes(received) == b"\r\n"


async def test_the_way_back_is_the_way_the_request_came(desk):
    """RFC 3581: the answer goes to the port the request came from, whatever Via says."""
    carl = await desk.udp_phone("carl")
    request = carl.request("OPTIONS", "sip:helpline")
    request.lines[0] = re.sub(r"127\.0\.0\.1:\d+", "192.0.2.1:5060", request.lines[0])
    carl.send(request)
    said = await carl.expect(200)
    assert ";received=127.0.0.1" in said.get("via")
    assert f";rport={carl.line.host.partition(':')[2]}" in said.get("via")
