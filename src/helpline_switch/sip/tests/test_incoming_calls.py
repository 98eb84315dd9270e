"""Carl calls the desk."""

from __future__ import annotations

from helpline_switch.sip.events import Answered, DtmfInfo, Ended, Incoming, UpdateOffered
from helpline_switch.sip.tests.peer import ANSWER, HELD, HOLD, OFFER, Call


async def answered(desk, phone):
    """A standing call of that phone: (dialog id, call as the phone sees it)."""
    invite = await phone.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await phone.expect(200, "INVITE")
    phone.ack(invite, ok)
    return incoming.dialog_id, invite.call.established(ok)


async def test_carl_is_rung_answered_and_hangs_up(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline", "Subject: printer")
    incoming = await desk.next(Incoming)
    assert (incoming.caller.display, incoming.caller.user, incoming.caller.host) == (
        "Carl",
        "carl",
        "helpline",
    )
    assert (incoming.called, incoming.account, incoming.browser) == ("100", None, False)
    assert incoming.sdp == OFFER
    assert incoming.transport == "udp"
    assert incoming.headers["subject"] == "printer"
    assert f"{incoming.source[0]}:{incoming.source[1]}" == carl.line.host
    desk.sip.ring(incoming.dialog_id)
    ringing = await carl.expect(180)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await carl.expect(200)
    assert ok.body == ANSWER
    assert ringing.to_tag == ok.to_tag
    carl.ack(invite, ok)
    carl.send(carl.request("BYE", ok.contact_uri(), call=invite.call.established(ok)))
    await carl.expect(200, "BYE")
    ended = await desk.next(Ended)
    assert ended == Ended(incoming.dialog_id, "peer", 16, "Normal call clearing")


async def test_carl_gives_up_while_it_rings(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.ring(incoming.dialog_id)
    await carl.expect(180)
    carl.cancel(invite)
    await carl.expect(200, "CANCEL")
    refused = await carl.expect(487)
    carl.ack(invite, refused)
    ended = await desk.next(Ended)
    assert (ended.dialog_id, ended.by) == (incoming.dialog_id, "peer")
    desk.sip.answer(incoming.dialog_id, ANSWER)
    await carl.quiet()
    assert carl.seen(200) == 0


async def test_the_reason_of_a_cancel_is_told(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    await desk.next(Incoming)
    carl.cancel(invite, 'Reason: SIP;cause=200;text="Call completed elsewhere"')
    carl.ack(invite, await carl.expect(487))
    ended = await desk.next(Ended)
    assert (ended.q850, ended.reason) == (26, "Call completed elsewhere")


async def test_carl_is_refused(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:999@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.reject(incoming.dialog_id, 404, "No Such Number")
    refused = await carl.expect(404)
    assert refused.start == "SIP/2.0 404 No Such Number"
    carl.ack(invite, refused)
    assert await desk.next(Ended) == Ended(incoming.dialog_id, "us", 1, "Unallocated number")


async def test_hanging_up_before_the_answer_refuses(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.hangup(incoming.dialog_id, 17)
    refused = await carl.expect(486)
    assert refused.get("reason") == 'Q.850;cause=17;text="User busy"'
    carl.ack(invite, refused)
    assert (await desk.next(Ended)).by == "us"


async def test_the_desk_hangs_up(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, _ = await answered(desk, carl)
    desk.sip.hangup(dialog_id)
    assert await desk.next(Ended) == Ended(dialog_id, "us", 16, "Normal call clearing")
    bye = await carl.expect("BYE")
    assert bye.get("reason").startswith("Q.850;cause=16")
    carl.reply(bye, 200)
    await carl.quiet()
    assert carl.seen("BYE") == 0


async def test_a_bye_nobody_answers_ends_the_call_all_the_same(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, _ = await answered(desk, carl)
    desk.sip.hangup(dialog_id)
    assert (await desk.next(Ended)).by == "us"
    await carl.expect("BYE")
    await carl.expect("BYE")
    assert not desk.has(Ended)


async def test_a_repeated_invite_is_one_call(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    carl.send(invite)
    await carl.quiet(0.2)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    carl.send(invite)
    ok = await carl.expect(200)
    invite.lines.append("X-Changed-By-A-Proxy: yes")
    carl.send(invite)
    await carl.expect(200)
    carl.ack(invite, ok)
    carl.send(invite)
    await carl.quiet(0.3)
    assert not desk.has(Incoming)


async def test_one_call_arriving_by_two_ways_is_taken_once(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    await desk.next(Incoming)
    invite.lines[0] = invite.lines[0].replace("z9hG4bK", "z9hG4bKother")
    carl.send(invite)
    await carl.expect(482)
    assert not desk.has(Incoming)


async def test_a_repeated_bye_ends_once(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, call = await answered(desk, carl)
    bye = carl.send(carl.request("BYE", call.target, call=call))
    await carl.expect(200, "BYE")
    carl.send(bye)
    await carl.expect(200, "BYE")
    bye.lines.append("X-Changed-By-A-Proxy: yes")
    carl.send(bye)
    await carl.quiet(0.2)
    assert (await desk.next(Ended)).dialog_id == dialog_id
    assert not desk.has(Ended)


async def test_carl_holds_and_resumes(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, call = await answered(desk, carl)
    hold = carl.send(carl.request("INVITE", call.target, body=HOLD, call=call))
    assert await desk.next(UpdateOffered) == UpdateOffered(dialog_id, HOLD)
    desk.sip.accept_update(dialog_id, HELD)
    ok = await carl.expect(200, "INVITE")
    assert ok.body == HELD
    carl.ack(hold, ok)
    resume = carl.send(carl.request("INVITE", call.target, body=OFFER, call=call))
    assert await desk.next(UpdateOffered) == UpdateOffered(dialog_id, OFFER)
    desk.sip.accept_update(dialog_id, ANSWER)
    carl.ack(resume, await carl.expect(200, "INVITE"))


async def test_a_refused_update_leaves_the_call(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, call = await answered(desk, carl)
    video = carl.send(carl.request("INVITE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    desk.sip.refuse_update(dialog_id)
    refused = await carl.expect(488)
    carl.ack(video, refused)
    again = carl.send(carl.request("INVITE", call.target, body=OFFER, call=call))
    ok = await carl.expect(200, "INVITE")
    assert ok.body == ANSWER
    carl.ack(again, ok)
    carl.send(carl.request("BYE", call.target, call=call))
    await carl.expect(200, "BYE")


async def test_an_update_without_an_offer_asks_for_ours(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, call = await answered(desk, carl)
    ask = carl.send(carl.request("INVITE", call.target, call=call))
    assert await desk.next(UpdateOffered) == UpdateOffered(dialog_id, None)
    desk.sip.accept_update(dialog_id, OFFER)
    ok = await carl.expect(200, "INVITE")
    assert ok.body == OFFER
    carl.ack(ask, ok)
    await carl.quiet()
    assert carl.seen(200) == 0


async def test_a_cancelled_update_leaves_the_call(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, call = await answered(desk, carl)
    hold = carl.send(carl.request("INVITE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    carl.cancel(hold)
    carl.ack(hold, await carl.expect(487))
    desk.sip.accept_update(dialog_id, HELD)
    await carl.quiet(0.2)
    assert not desk.has(Ended)
    assert carl.seen("BYE") == 0


async def test_the_update_method_offers_too(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, call = await answered(desk, carl)
    carl.send(carl.request("UPDATE", call.target, body=HOLD, call=call))
    assert await desk.next(UpdateOffered) == UpdateOffered(dialog_id, HOLD)
    desk.sip.accept_update(dialog_id, HELD)
    assert (await carl.expect(200, "UPDATE")).body == HELD
    carl.send(carl.request("UPDATE", call.target, call=call))
    assert (await carl.expect(200, "UPDATE")).body == ""


async def test_a_caller_without_an_offer_gets_ours(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline", body="")
    incoming = await desk.next(Incoming)
    assert incoming.sdp is None
    desk.sip.answer(incoming.dialog_id, OFFER)
    ok = await carl.expect(200)
    assert ok.body == OFFER
    lines = [line for line in invite.lines if not line.startswith(("CSeq", "Content", "To", "Via"))]
    lines += [invite.lines[0] + "ack", f"To: {ok.get('to')}", f"CSeq: {invite.cseq} ACK"]
    lines += ["Content-Type: application/sdp", f"Content-Length: {len(ANSWER)}"]
    head = "\r\n".join([f"ACK {ok.contact_uri()} SIP/2.0", *lines, "", ANSWER])
    carl.line.send(head.encode())
    assert await desk.next(Answered) == Answered(incoming.dialog_id, ANSWER)


async def test_keys_sent_as_info(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, call = await answered(desk, carl)
    relay = carl.request(
        "INFO", call.target, body="Signal=5\r\nDuration=160\r\n", call=call, content="application/dtmf-relay"
    )
    carl.send(relay)
    await carl.expect(200, "INFO")
    carl.send(relay)
    await carl.expect(200, "INFO")
    assert await desk.next(DtmfInfo) == DtmfInfo(dialog_id, "5", 160)
    assert not desk.has(DtmfInfo)
    carl.send(carl.request("INFO", call.target, body="hello", call=call, content="text/plain"))
    await carl.expect(415)


async def test_a_transfer_key_is_refused_and_the_call_goes_on(desk):
    carl = await desk.udp_phone("carl")
    dialog_id, call = await answered(desk, carl)
    carl.send(carl.request("REFER", call.target, "Refer-To: <sip:200@helpline>", call=call))
    await carl.expect(403)
    desk.sip.hangup(dialog_id)
    await carl.expect("BYE")


async def test_display_names_with_quotes_and_letters_of_any_language(desk):
    carl = await desk.udp_phone("carl")
    call = Call("carl")
    call.local = call.local.replace("Carl", r"Zoë \"Zed\" Müller")
    carl.send(carl.request("INVITE", "sip:100@helpline", body=OFFER.replace("s=-", "s=Zoë"), call=call))
    incoming = await desk.next(Incoming)
    assert incoming.caller.display == 'Zoë "Zed" Müller'
    assert incoming.sdp is not None
    assert "s=Zoë" in incoming.sdp
    assert incoming.sdp.endswith("RTP/AVP 0\r\n")
    desk.sip.answer(incoming.dialog_id, ANSWER.replace("s=-", "s=Zoë"))
    ok = await carl.expect(200)
    assert int(ok.get("content-length")) == len(ok.body.encode())


async def test_options_is_answered(desk):
    carl = await desk.udp_phone("carl")
    carl.send(carl.request("OPTIONS", "sip:helpline"))
    assert "INVITE" in (await carl.expect(200, "OPTIONS")).get("allow")


async def test_a_phone_behind_a_nat_gets_the_bye_where_it_really_is(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline", "Contact: <sip:carl@10.99.99.99:5060>")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    carl.ack(invite, await carl.expect(200))
    desk.sip.hangup(incoming.dialog_id)
    bye = await carl.expect("BYE")
    assert bye.uri == "sip:carl@10.99.99.99:5060"


async def test_a_trunk_that_names_callers_by_telephone_number(desk):
    trunk = await desk.udp_phone("trunk")
    call = Call("trunk")
    call.local = "<tel:+4930123;phone-context=x>;tag=t"
    trunk.send(trunk.request("INVITE", "sip:100@helpline;user=phone", body=OFFER, call=call))
    incoming = await desk.next(Incoming)
    assert (incoming.caller.user, incoming.caller.host, incoming.called) == ("+4930123", "", "100")
    desk.sip.reject(incoming.dialog_id, 486, "")
    assert ";tag=t" in (await trunk.expect(486)).get("from")


async def test_requests_follow_the_route_of_a_proxy(desk):
    carl, proxy = await desk.udp_phone("carl"), await desk.udp_phone("proxy")
    route = f"<sip:{proxy.line.host};lr>"
    contact = "Contact: <sip:carl@192.0.2.7:5070>"
    invite = await carl.dial("sip:100@helpline", f"Record-Route: {route}", contact)
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await carl.expect(200)
    assert ok.get("record-route") == route
    carl.ack(invite, ok)
    desk.sip.hangup(incoming.dialog_id)
    bye = await proxy.expect("BYE")
    assert (bye.uri, bye.get("route")) == ("sip:carl@192.0.2.7:5070", route)
