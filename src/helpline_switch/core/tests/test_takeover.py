"""Another telephone takes the place of one that talks or rings: the channel and its room stay."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from helpline_switch.core.originate import Order
from helpline_switch.core.tests.fakes import Rig, phone_sdp
from helpline_switch.media.errors import BadRequest
from helpline_switch.sip.events import Answered, Ended, Incoming, Party, UpdateAnswered, UpdateOffered

_numbers = itertools.count(1)


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    rig.account("ada", phones=2)
    return rig


def comes(rig, replaces, offer=None, trunk=None):
    """Ada's mobile calls to take over; its dialog."""
    dialog = f"mobile-{next(_numbers)}"
    party, offer = Party("Ada", "ada", "helpline"), phone_sdp(9500) if offer is None else offer
    source = ("192.0.2.9", 5060)
    account = None if trunk else "ada"
    headers = {"call-id": "call-mobile"}
    event = Incoming(
        dialog, party, "100", offer or None, "udp", source, account, False, headers, trunk, replaces
    )
    rig.switchboard.on_sip(event)
    return dialog


async def ada_talks(rig):
    """(channel, dialog) of Ada's leg, in a room with Carl."""
    carl = await rig.carls_channel()
    channel = await rig.switchboard.originator.originate(Order("PJSIP/ada", "helpline", channel_id="leg-ada"))
    rig.switchboard.on_sip(Answered("leg-ada~0", phone_sdp()))
    await rig.board.idle()
    await rig.switchboard.bridging.create("room", "mixing", "")
    await rig.switchboard.bridging.add("room", [carl, "leg-ada"])
    rig.sip.said.clear()
    rig.apps.heard.clear()
    return channel, "leg-ada~0"


def aim(rig):
    """Where the sound of the last connected leg goes."""
    return [words["remote"] for what, _, words in rig.media.did if what == "connect_leg"][-1]


async def test_ada_goes_on_at_her_mobile_and_the_room_hears_nothing_of_it(rig):
    channel, old = await ada_talks(rig)
    new = comes(rig, old)
    await rig.board.idle()
    assert rig.sip.said == [("answer", new), ("hangup", old, 16)]
    assert (channel.line.dialog, channel.bridge, channel.protocol_id) == (new, "room", "call-mobile")
    assert aim(rig) == ("192.0.2.9", 9500)
    assert rig.apps.types() == []
    rig.switchboard.on_sip(Ended(old, "us", 16, ""))
    assert not channel.ended
    rig.switchboard.on_sip(Ended(new, "peer", 16, ""))
    await rig.board.idle()
    assert channel.ended


async def test_what_the_old_telephone_still_says_changes_nothing(rig):
    channel, old = await ada_talks(rig)
    comes(rig, old)
    rig.switchboard.on_sip(UpdateOffered(old, phone_sdp(9001, "sendonly")))
    rig.switchboard.on_sip(UpdateAnswered(old, phone_sdp(9002)))
    await rig.board.idle()
    rig.switchboard.on_sip(UpdateOffered(old, phone_sdp(9003)))
    await rig.board.idle()
    assert aim(rig) == ("192.0.2.9", 9500)
    assert not channel.line.held


async def test_a_call_on_hold_is_taken_off_it(rig):
    _, old = await ada_talks(rig)
    rig.switchboard.on_sip(UpdateOffered(old, phone_sdp(direction="sendonly")))
    await rig.board.idle()
    comes(rig, old)
    await rig.board.idle()
    assert rig.apps.types() == ["ChannelHold", "ChannelUnhold"]


async def test_a_ringing_call_is_answered_by_who_takes_it(rig):
    channel = await rig.switchboard.originator.originate(Order("PJSIP/ada", "helpline", channel_id="leg-ada"))
    new = comes(rig, "leg-ada~1")
    rig.switchboard.on_sip(Answered("leg-ada~0", phone_sdp(9001)))
    await rig.board.idle()
    assert (channel.is_up, channel.line.dialog, channel.app) == (True, new, "helpline")
    assert aim(rig) == ("192.0.2.9", 9500)
    assert ("hangup", "leg-ada~1", 26) in rig.sip.said
    assert ("hangup", "leg-ada~0", 26) in rig.sip.said
    assert rig.apps.types().count("StasisStart") == 1


async def test_an_offer_without_sound_for_us_leaves_the_call(rig):
    channel, old = await ada_talks(rig)
    new = comes(rig, old, phone_sdp().replace("RTP/AVP 0 101", "RTP/AVP 18"))
    await rig.board.idle()
    assert rig.sip.said == [("reject", new, 488)]
    assert (channel.line.dialog, aim(rig)) == (old, ("192.0.2.9", 9000))


async def test_nobody_answers_when_the_ringing_call_could_not_be_taken(rig):
    channel = await rig.switchboard.originator.originate(Order("PJSIP/ada", "helpline", channel_id="leg-ada"))
    new = comes(rig, "leg-ada~0", "nonsense")
    await rig.board.idle()
    assert ("reject", new, 488) in rig.sip.said
    rig.switchboard.on_sip(Answered("leg-ada~0", phone_sdp(9001)))
    await rig.board.idle()
    assert (channel.is_up, channel.line.dialog) == (True, "leg-ada~0")


class Slow:
    """Media that take their time to connect: ``asked`` is set when they begin, they go on when ``go`` is."""

    def __init__(self, rig, fails=False):
        self.asked, self.go, self.fails = asyncio.Event(), asyncio.Event(), fails
        self.calls, self.rig = 0, rig
        rig.media.connect_leg = self.connect

    async def connect(self, *arguments, **words):
        self.calls += 1
        if self.calls == 1:
            self.asked.set()
            await self.go.wait()
            if self.fails:
                raise BadRequest("no such leg")
        self.rig.media.did.append(("connect_leg", arguments, words))


async def test_the_mobile_gives_up_meanwhile(rig):
    channel, old = await ada_talks(rig)
    media = Slow(rig)
    new = comes(rig, old)
    await media.asked.wait()
    rig.switchboard.on_sip(Ended(new, "peer", 16, ""))
    media.go.set()
    await rig.board.idle()
    assert (channel.line.dialog, channel.ended, aim(rig)) == (old, False, ("192.0.2.9", 9000))
    assert ("answer", new) not in rig.sip.said


@pytest.mark.parametrize("fails", [True, False])
async def test_the_call_ends_meanwhile(rig, fails):
    channel, old = await ada_talks(rig)
    media = Slow(rig, fails)
    new = comes(rig, old)
    await media.asked.wait()
    rig.switchboard.on_sip(Ended(old, "peer", 16, ""))
    media.go.set()
    await rig.board.idle()
    assert channel.ended
    assert rig.sip.said[-1][:2] == ("reject", new)


async def test_two_take_the_same_call_and_one_has_it(rig):
    channel, old = await ada_talks(rig)
    first, second = comes(rig, old), comes(rig, old)
    await rig.board.idle()
    assert channel.line.dialog == first
    assert ("reject", second, 481) in rig.sip.said


async def test_an_offer_from_us_is_answered_in_the_ack(rig):
    channel, old = await ada_talks(rig)
    new = comes(rig, old, "")
    await rig.board.idle()
    assert rig.sip.said == [("answer", new), ("hangup", old, 16)]
    rig.switchboard.on_sip(Answered(new, phone_sdp(9600)))
    await rig.board.idle()
    assert (aim(rig), channel.line.dialog) == (("192.0.2.9", 9600), new)


async def test_a_trunk_that_moves_its_call_brings_another_caller(rig):
    channel = rig.board.channels[await rig.carls_channel()]
    comes(rig, channel.line.dialog, trunk="trunk-acme")
    await rig.board.idle()
    assert (channel.caller.name, channel.caller.number) == ("Ada", "ada")
    assert rig.apps.last("ChannelCallerId")["channel"] is channel
