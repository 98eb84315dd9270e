"""What is not even listened to, and what passes whatever happens."""

from __future__ import annotations

import asyncio
import time

import pytest

from helpline_switch.sip.bans import BanRules, Bans, read_networks
from helpline_switch.sip.events import Banned, Ended, Incoming, Registered
from helpline_switch.sip.gate import claimed_name
from helpline_switch.sip.sanity import read_head
from helpline_switch.sip.tests.peer import ANSWER, Call, authorization

STRICT = {"bans": BanRules(guesses=3)}


async def guess(phone, times):
    """Wrong passwords until nobody answers any more; how many were answered."""
    answered = 0
    for _ in range(times):
        try:
            async with asyncio.timeout(1.5):
                answered += (await phone.register("wrong")).code == 403
        except TimeoutError:
            break
    return answered


async def test_a_guesser_is_banned_and_the_phone_beside_it_is_not(open_desk, caplog):
    desk = await open_desk(**STRICT)
    desk.hire("ada")
    ada, eve = await desk.udp_phone("ada"), await desk.udp_phone("ben")
    await ada.register("secret")
    await desk.next(Registered)
    assert await guess(eve, 8) == 4
    banned = await desk.next(Banned)
    assert (banned.address, banned.times, banned.tried) == ("127.0.0.1", 1, "ben")
    assert "alarm: 127.0.0.1 guesses passwords" in caplog.text
    eve.send(eve.request("OPTIONS", "sip:helpline"))
    await eve.quiet(0.3)
    assert eve.seen(200) == 0
    assert (await ada.register("secret")).code == 200
    await ada.dial("sip:100@helpline", password="secret")
    assert (await desk.next(Incoming)).account == "ada"
    moved = await desk.udp_phone("ada")
    assert (await moved.register("secret")).code == 200, "her phone restarts and comes from another port"


async def test_a_lifted_ban_lets_everyone_in_again(open_desk):
    desk = await open_desk(**STRICT)
    eve = await desk.udp_phone("ben")
    await guess(eve, 8)
    (ban,) = desk.sip.bans.all()
    assert desk.sip.bans.lift(ban.address)
    eve.send(eve.request("OPTIONS", "sip:helpline"))
    await eve.expect(200)


async def test_a_guesser_on_a_connection_loses_it(open_desk):
    desk = await open_desk(**STRICT)
    eve = await desk.tcp_phone("ben")
    await guess(eve, 8)
    await desk.next(Banned)
    async with asyncio.timeout(4):
        while desk.sip._hub._flows:
            await asyncio.sleep(0.02)


async def test_a_running_call_of_a_banned_address_ends_cleanly(open_desk):
    desk = await open_desk(**STRICT)
    carl, eve = await desk.udp_phone("carl"), await desk.udp_phone("ben")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await carl.expect(200, "INVITE")
    carl.ack(invite, ok)
    await guess(eve, 8)
    await desk.next(Banned)
    call = invite.call.established(ok)
    carl.send(carl.request("BYE", call.target, call=call))
    await carl.expect(200, "BYE")
    assert (await desk.next(Ended)).by == "peer"


async def test_forged_datagrams_ban_nobody(open_desk):
    """Eve cannot see the challenges that go to Ada's address; without one of them no password is a guess."""
    desk = await open_desk(**STRICT)
    desk.hire("ada")
    ada, eve = await desk.udp_phone("ada"), await desk.udp_phone("ada")
    challenge = await eve._final(eve.send(eve._register(Call("ada"), 300)))
    proof = authorization(challenge, "ada", "wrong", "REGISTER", "sip:helpline")
    for _ in range(20):
        # As if from Ada's address: Eve's challenge is good for Eve's only.
        said = await ada._final(ada.send(ada._register(Call("ada"), 300, proof)))
        assert said.code == 401
    assert desk.sip.bans.all() == ()


async def test_a_flood_of_strangers_is_not_answered_but_adas_phone_is(open_desk):
    desk = await open_desk(invites_per_second=0.5)
    desk.hire("ada")
    ada, eve = await desk.udp_phone("ada"), await desk.udp_phone("eve")
    await ada.register("secret")
    for _ in range(60):
        eve.send(eve.request("OPTIONS", "sip:helpline"))
    ada.send(ada.request("OPTIONS", "sip:helpline"))
    await ada.expect(200)
    assert 0 < eve.seen(200) <= 12


async def test_too_much_work_is_refused_and_running_calls_go_on(desk):
    carl, dora = await desk.udp_phone("carl"), await desk.udp_phone("dora")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await carl.expect(200, "INVITE")
    carl.ack(invite, ok)
    # The SIP thread is kept busy for so long that what comes meanwhile waits longer than it should.
    desk.sip._reactor.call(time.sleep, 0.9)
    call = invite.call.established(ok)
    carl.send(carl.request("BYE", call.target, call=call))
    refused = await dora.dial("sip:100@helpline")
    said = await dora.expect(503)
    assert 5 <= int(said.get("retry-after")) <= 15
    dora.ack(refused, said)
    await carl.expect(200, "BYE")
    assert (await desk.next(Ended)).by == "peer"
    assert not desk.has(Incoming)
    await dora.dial("sip:100@helpline")
    assert (await desk.next(Incoming)).caller.user == "dora"


async def test_a_repeated_invite_is_not_refused_when_it_gets_busy(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip._reactor.call(time.sleep, 0.9)
    carl.send(invite)
    await carl.quiet(1.2)
    assert carl.seen(503) == 0
    desk.sip.reject(incoming.dialog_id, 486, "Busy Here")
    await carl.expect(486)


async def test_handling_that_fails_leaves_nothing(desk, monkeypatch):
    """A request within a call whose handling raises: 500, and the transaction is gone."""
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await carl.expect(200, "INVITE")
    carl.ack(invite, ok)
    call = invite.call.established(ok)
    dialog = desk.sip._engine._dialogs.by_id[incoming.dialog_id]

    def fail(*_):
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(dialog, "recvRequest", fail)
    carl.send(carl.request("INFO", call.target, call=call))
    await carl.expect(500)
    kept = desk.sip._engine._transactions.tserver
    assert not await desk.sip._in_sip_thread(lambda: dict(kept))  # after whatever that thread does now


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("From: <sip:ada@desk>;tag=1", "ada"),
        ('From: "sip:x@y" <sip:ada;phone=1:pw@desk>;tag=1', "ada"),
        ("From: sip:desk;tag=1", ""),
        ('From: <sip:eve@desk>\r\nAuthorization: Digest username="ada", realm="x"', "ada"),
        ("From: <sip:eve@desk>\r\nAuthorization: Basic abc", ""),
    ],
)
def test_whom_a_request_claims_to_come_from(lines, name):
    assert claimed_name(read_head(f"REGISTER sip:desk SIP/2.0\r\n{lines}\r\n\r\n")) == name


def test_the_ban_list_is_the_same_for_both_threads(desk):
    assert isinstance(desk.sip.bans, Bans)
    assert desk.sip._engine._bans is desk.sip.bans


async def test_one_address_cannot_hold_all_connections(open_desk):
    desk = await open_desk(max_connections_per_address=2)
    first, second = await desk.tcp_phone("carl"), await desk.tcp_phone("carl")
    for phone in (first, second):
        phone.send(phone.request("OPTIONS", "sip:h"))
        await phone.expect(200)
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.sip.ports["tcp"])
    try:
        said = await asyncio.wait_for(reader.read(1), 4)
    except ConnectionResetError:
        said = b""
    assert said == b"", "closed at once"
    writer.close()


async def test_a_proxy_may_hold_many(open_desk):
    desk = await open_desk(max_connections_per_address=1, bans=BanRules(never=read_networks("127.0.0.0/8")))
    for _ in range(3):
        phone = await desk.tcp_phone("carl")
        phone.send(phone.request("OPTIONS", "sip:h"))
        await phone.expect(200)
