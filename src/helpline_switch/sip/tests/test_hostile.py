"""What the internet sends to an open SIP port."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest

from helpline_switch.sip.events import Incoming
from helpline_switch.sip.settings import SipSettings
from helpline_switch.sip.tests.peer import OFFER, Call


def broken(phone, change):
    request = phone.request("INVITE", "sip:100@helpline", body=OFFER)
    return change(request.wire().decode()).encode("utf-8", "surrogateescape")


WRECKS = {
    "no cseq": lambda text: text.replace("CSeq", "X-CSeq"),
    "cseq of another method": lambda text: text.replace("1 INVITE", "1 BYE"),
    "cseq no number": lambda text: text.replace("CSeq: 1", "CSeq: one"),
    "two call ids": lambda text: text.replace("Call-ID", "Call-ID: a\r\nCall-ID"),
    "no from tag": lambda text: text.replace(";tag=", ";gat="),
    "vertical tab": lambda text: text.replace("Max-Forwards", "X: a\x0bEvil: 1\r\nMax-Forwards"),
    "line separator": lambda text: text.replace("Max-Forwards", "X: a\u2028Evil: 1\r\nMax-Forwards"),
    "long body promised": lambda text: text.replace("Content-Length: ", "Content-Length: 9"),
    "negative length": lambda text: text.replace("Content-Length: ", "Content-Length: -"),
    "bad from": lambda text: text.replace("<sip:carl@helpline>", "<<<:::>"),
    "bad contact": lambda text: text.replace("Contact: <sip:", "Contact: <<//"),
    "star contact": lambda text: re.sub("Contact: .*", "Contact: *", text),
    "telephone contact": lambda text: re.sub("Contact: .*", "Contact: <tel:+49301>", text),
    "bad max-forwards": lambda text: text.replace("Forwards: 70", "Forwards: lots"),
    "bad uri": lambda text: text.replace("INVITE sip:100@helpline", "INVITE sip:100@helpline:port"),
    "no end": lambda text: text.split("Content-Length")[0],
    "bad header line": lambda text: text.replace("Max-Forwards: 70", "no colon here"),
    "not text": lambda text: text.replace("carl", "c\udcff\udcfe"),
}


@pytest.mark.parametrize("wreck", WRECKS)
async def test_a_wreck_is_refused_or_dropped_and_leaves_nothing(desk, caplog, capsys, wreck):
    caplog.set_level(logging.WARNING, "helpline_switch.sip")
    carl = await desk.udp_phone("carl")
    carl.line.send(broken(carl, WRECKS[wreck]))
    await asyncio.sleep(0.1)
    lines = [record for record in caplog.records if record.name.startswith("helpline_switch.sip")]
    assert len(lines) == 1
    assert lines[0].exc_info is None
    assert capsys.readouterr().out == ""
    assert all(message.code in (400, 416) for message in carl.inbox)
    assert not desk.has(Incoming)
    assert not desk.sip._engine._transactions.tserver
    carl.send(carl.request("OPTIONS", "sip:helpline"))
    await carl.expect(200)


async def test_noise_is_dropped(desk):
    carl = await desk.udp_phone("carl")
    for noise in (b"\x00" * 4, b"\r\n\r\n", b"hello world, this is no SIP message at all", b"\xff" * 900):
        carl.line.send(noise)
    carl.send(carl.request("OPTIONS", "sip:helpline"))
    await carl.expect(200)


async def test_noise_on_a_connection_closes_it(desk):
    carl = await desk.tcp_phone("carl")
    carl.line.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(2):
        while desk.sip._hub._flows:
            await asyncio.sleep(0.02)


async def test_requests_for_calls_that_do_not_exist(desk):
    carl = await desk.udp_phone("carl")
    call = Call("carl")
    call.remote = "<sip:100@helpline>;tag=nobody"
    carl.send(carl.request("BYE", "sip:100@helpline", call=call))
    await carl.expect(481)
    carl.send(carl.request("INVITE", "sip:100@helpline", call=call, body=OFFER))
    await carl.expect(481)


async def test_methods_and_extensions_we_do_not_know(desk):
    carl = await desk.udp_phone("carl")
    carl.send(carl.request("MESSAGE", "sip:100@helpline", body="hi", content="text/plain"))
    await carl.expect(405)
    await carl.dial("sip:100@helpline", "Require: magic")
    assert (await carl.expect(420)).get("unsupported") == "magic"
    carl.send(carl.request("INVITE", "sip:100@helpline", body="<x/>", content="text/xml"))
    await carl.expect(415)


async def test_a_stranger_who_calls_too_often_waits(open_desk):
    desk = await open_desk(invites_per_second=0.2)
    carl = await desk.udp_phone("carl")
    await carl.dial("sip:100@helpline")
    await desk.next(Incoming)
    await carl.dial("sip:100@helpline")
    assert (await carl.expect(503)).get("retry-after") == "5"


async def test_the_switch_is_full(open_desk):
    desk = await open_desk(max_dialogs=1)
    carl = await desk.udp_phone("carl")
    await carl.dial("sip:100@helpline")
    await desk.next(Incoming)
    await carl.dial("sip:100@helpline")
    await carl.expect(503)


async def test_a_flood_of_wrecks_does_not_fill_the_log(desk, caplog):
    caplog.set_level(logging.WARNING, "helpline_switch.sip")
    carl = await desk.udp_phone("carl")
    for _ in range(50):
        carl.line.send(broken(carl, WRECKS["no cseq"]))
    carl.send(carl.request("OPTIONS", "sip:helpline"))
    await carl.expect(200)
    assert 0 < len(caplog.records) < 10


def test_a_switch_bound_to_every_address_must_know_its_name(tmp_path):
    with pytest.raises(ValueError, match="advertised_host"):
        SipSettings(data_dir=tmp_path, host="0.0.0.0")
    assert SipSettings(data_dir=tmp_path, host="0.0.0.0", advertised_host="10.0.0.1").udp_port == 5060


async def test_a_zero_byte_hidden_in_the_callers_name_is_left_out(desk):
    carl = await desk.udp_phone("carl")
    request = carl.request("INVITE", "sip:100@helpline", body=OFFER)
    carl.line.send(request.wire().replace(b"<sip:carl@", b"<sip:ca%00r%0Al@"))
    assert (await desk.next(Incoming)).caller.user == "carl"
