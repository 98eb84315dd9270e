"""What we say we can do, and keys outside of the audio (RFC 3261 8.2, 11, 20.5; RFC 6086; RFC 4733)."""

from __future__ import annotations

from helpline_switch import sdp
from helpline_switch.sip.events import DtmfInfo, Incoming
from helpline_switch.sip.tests.haste import ada_rings, carl_talks

METHODS = {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY"}


def words(value):
    return {word.strip() for word in value.split(",")}


async def test_options_outside_of_a_call(desk):
    carl = await desk.udp_phone("carl")
    carl.send(carl.request("OPTIONS", "sip:helpline"))
    ok = await carl.expect(200, "OPTIONS")
    assert words(ok.get("allow")) == METHODS
    assert {"100rel", "timer"} <= words(ok.get("supported"))
    assert ok.get("accept") == "application/sdp"


async def test_options_within_a_call_shows_that_we_are_there(desk):
    carl, _, call, _ = await carl_talks(desk)
    carl.send(carl.request("OPTIONS", call.target, call=call))
    ok = await carl.expect(200, "OPTIONS")
    assert words(ok.get("allow")) == METHODS


async def test_every_call_says_what_we_can_do(desk):
    _, _, _, ok = await carl_talks(desk)
    _, invite = await ada_rings(desk)
    for message in (ok, invite):
        assert words(message.get("allow")) == METHODS
        assert {"100rel", "timer"} <= words(message.get("supported"))


async def test_a_caller_who_insists_on_what_we_can_do_is_let_in(desk):
    carl = await desk.udp_phone("carl")
    await carl.dial("sip:100@helpline", "Require: timer, 100rel")
    assert (await desk.next(Incoming)).called == "100"


async def test_a_method_we_do_not_know_within_a_call(desk):
    carl, _, call, _ = await carl_talks(desk)
    carl.send(carl.request("MESSAGE", call.target, body="hi", content="text/plain", call=call))
    assert words((await carl.expect(405, "MESSAGE")).get("allow")) == METHODS


async def test_a_key_sent_as_info_while_it_still_rings(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.ring(incoming.dialog_id)
    call = invite.call.established(await carl.expect(180))
    carl.send(carl.request("INFO", call.target, body="5", call=call, content="application/dtmf"))
    await carl.expect(200, "INFO")
    assert await desk.next(DtmfInfo) == DtmfInfo(incoming.dialog_id, "5", 100)


async def test_an_info_we_do_not_understand_says_what_we_would(desk):
    carl, _, call, _ = await carl_talks(desk)
    carl.send(carl.request("INFO", call.target, body="hello", call=call, content="text/plain"))
    assert "application/dtmf-relay" in (await carl.expect(415, "INFO")).get("accept")
    carl.send(carl.request("INFO", call.target, call=call))
    await carl.expect(200, "INFO")


def test_keys_in_the_audio_use_the_callers_number():
    offer = (
        "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/8000\r\n"
    )
    ours = sdp.make_answer(sdp.parse(offer), "192.0.2.1", 20000)
    assert sdp.parse(ours).dtmf_payload == 97
    without = sdp.make_answer(sdp.parse(offer.replace(" 97", "", 1)), "192.0.2.1", 20000)
    assert sdp.parse(without).dtmf_payload is None
