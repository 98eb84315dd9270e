"""INVITE with Replaces (RFC 3891): a new call in the place of one that talks or rings."""

from __future__ import annotations

import pytest

from helpline_switch.sip.events import Ended, Incoming, Party, Ringing, TrunkTarget
from helpline_switch.sip.tests.haste import ada_rings, ada_talks, carl_talks
from helpline_switch.sip.tests.peer import ANSWER, OFFER, Call
from helpline_switch.sip.tests.test_trunks import registered
from helpline_switch.sip.trunk_config import TrunkConfig, TrunkServer, networks


def tag(value):
    return value.rpartition(";tag=")[2]


def replacing(call, more=""):
    """The header that names that call as whoever is at its far end (the desk) sees it."""
    return f"Replaces: {call.id};to-tag={tag(call.remote)};from-tag={tag(call.local)}{more}"


async def second_phone(desk, user="ada"):
    """Another telephone of that account."""
    desk.hire(user)
    phone = await desk.udp_phone(user)
    assert (await phone.register("secret")).code == 200
    return phone


async def refused(desk, phone, code, *headers, password="secret"):
    invite = await phone.dial("sip:100@helpline", *headers, password=password)
    phone.ack(invite, await phone.expect(code))
    assert not desk.has(Incoming)


async def test_ada_goes_on_at_her_other_telephone(desk):
    ada, _, call = await ada_talks(desk)
    mobile = await second_phone(desk)
    invite = await mobile.dial("sip:100@helpline", replacing(call), "Require: replaces", password="secret")
    incoming = await desk.next(Incoming)
    assert (incoming.replaces, incoming.account) == ("leg", "ada")
    desk.sip.answer(incoming.dialog_id, ANSWER)
    desk.sip.hangup("leg")
    mobile.ack(invite, await mobile.expect(200, "INVITE"))
    ada.reply(await ada.expect("BYE"), 200)


async def test_a_ringing_call_is_taken_at_another_telephone_of_the_same_account(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 180, tag="desk-phone")
    await desk.next(Ringing)
    mobile = await second_phone(desk)
    call = Call.of(invite, "desk-phone")
    await mobile.dial("sip:100@helpline", replacing(call, ";early-only"), password="secret")
    assert (await desk.next(Incoming)).replaces == "leg"


async def test_only_an_early_call_is_wanted_and_it_is_answered(desk):
    _, _, call = await ada_talks(desk)
    await refused(desk, await second_phone(desk), 486, replacing(call, ";early-only"))


async def test_a_call_that_waits_for_our_answer_is_not_replaced(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    invite = await ada.dial("sip:100@helpline", password="secret")
    waiting = await desk.next(Incoming)
    desk.sip.ring(waiting.dialog_id)
    call = invite.call.established(await ada.expect(180))
    await refused(desk, await second_phone(desk), 481, replacing(call))


async def test_a_call_that_is_over(desk):
    ada, _, call = await ada_talks(desk)
    mobile = await second_phone(desk)
    desk.sip.hangup("leg")
    await ada.expect("BYE")
    await desk.next(Ended)
    await refused(desk, mobile, 603, replacing(call))


async def test_tags_the_wrong_way_round_name_nothing(desk):
    _, _, call = await ada_talks(desk)
    wrong = f"Replaces: {call.id};to-tag={tag(call.local)};from-tag={tag(call.remote)}"
    await refused(desk, await second_phone(desk), 481, wrong)


async def test_a_colleague_does_not_take_adas_call(desk):
    ada, _, call = await ada_talks(desk)
    await refused(desk, await second_phone(desk, "ben"), 481, replacing(call))
    assert ada.seen("BYE") == 0


@pytest.mark.parametrize("known", [True, False])
async def test_a_stranger_takes_nothing_and_learns_nothing(desk, known):
    carl, _, call, ok = await carl_talks(desk)
    eve = await desk.udp_phone("eve")
    ours = ok.to_tag if known else "guessed"
    header = f"Replaces: {call.id};to-tag={ours};from-tag={tag(call.local)}"
    await refused(desk, eve, 481, header, password="")
    assert carl.seen("BYE") == 0


async def test_adas_password_does_not_open_a_callers_call(desk):
    carl, _, call, _ = await carl_talks(desk)
    await refused(desk, await second_phone(desk), 481, replacing(call))
    assert carl.seen("BYE") == 0


async def test_what_cannot_be_read_or_comes_twice(desk):
    _, _, call = await ada_talks(desk)
    mobile = await second_phone(desk)
    await refused(desk, mobile, 400, "Replaces: only-a-call-id")
    await refused(desk, mobile, 400, replacing(call), replacing(call))


async def test_other_requests_replace_nothing(desk):
    ada, _, call = await ada_talks(desk)
    for method in ("INVITE", "UPDATE", "INFO"):
        body = OFFER if method == "INVITE" else ""
        request = ada.send(ada.request(method, call.target, replacing(call), body=body, call=call))
        answer = await ada.expect(400, method)
        if method == "INVITE":
            ada.ack(request, answer)
    ada.send(ada.request("OPTIONS", "sip:100@helpline", replacing(call)))
    await ada.expect(400, "OPTIONS")


async def trunk_calls_in(desk, carrier, contact, *headers):
    invite = carrier.request("INVITE", contact, *headers, body=OFFER, call=Call("carl"))
    return carrier.send(invite)


async def test_the_trunk_that_owns_a_call_moves_it(desk):
    carrier = await desk.udp_phone("carrier")
    contact = (await registered(desk, carrier)).contact_uri()
    first = await trunk_calls_in(desk, carrier, contact)
    talking = await desk.next(Incoming)
    desk.sip.answer(talking.dialog_id, ANSWER)
    ok = await carrier.expect(200, "INVITE")
    carrier.ack(first, ok)
    call = first.call.established(ok)
    await trunk_calls_in(desk, carrier, contact, replacing(call))
    incoming = await desk.next(Incoming)
    assert (incoming.replaces, incoming.trunk) == (talking.dialog_id, "trunk-acme")


async def test_another_trunk_does_not(desk):
    carrier, rival = await desk.udp_phone("carrier"), await desk.udp_phone("rival")
    await registered(desk, carrier)
    port = int(rival.line.host.split(":")[1])
    sources = networks(["127.0.0.1"])
    desk.sip.put_trunk(
        TrunkConfig("rival", (TrunkServer("127.0.0.1", port),), keep_alive_s=0.0, sources=sources)
    )
    target = TrunkTarget("0301234", "127.0.0.1", int(carrier.line.host.split(":")[1]), trunk="trunk-acme")
    desk.sip.call("out", target=target, caller=Party("", "100", ""), sdp=OFFER)
    invite = await carrier.expect("INVITE")
    carrier.reply(invite, 200, body=ANSWER)
    await carrier.expect("ACK")
    rival.send(
        rival.request("INVITE", "sip:100@helpline", replacing(Call.of(invite)), body=OFFER, call=Call("eve"))
    )
    await rival.expect(481)
    assert not desk.has(Incoming)
