"""The life of calls against a SIP and a media side that only remember: order of events, races, refusals."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helpline_switch.core.channel import CallerId
from helpline_switch.core.errors import Conflict, NotFound, NotReachable
from helpline_switch.core.originate import Order
from helpline_switch.core.tests.fakes import Rig, phone_sdp
from helpline_switch.sip.events import Answered, DtmfInfo, Ended, Refused, Ringing, UpdateOffered


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def order(**more: object) -> Order:
    return Order("PJSIP/ada", "helpline", ("leg",), CallerId("Carl", "carl"), channel_id="leg-ada", **more)  # type: ignore[arg-type]  # test data


async def test_a_call_from_ring_to_goodbye(rig: Rig) -> None:
    channel = await rig.carls_channel()
    await rig.switchboard.bridging.create("room", "mixing", "")
    await rig.switchboard.bridging.add("room", [channel])
    dialog = rig.sip.said[-1][1]
    rig.switchboard.on_sip(Ended(dialog, "peer", 16, ""))
    await rig.board.idle()
    assert rig.apps.types() == [
        "ChannelCreated",
        "StasisStart",
        "ChannelStateChange",
        "BridgeCreated",
        "ChannelEnteredBridge",
        "ChannelHangupRequest",
        "ChannelLeftBridge",
        "StasisEnd",
        "ChannelDestroyed",
        "ChannelUserevent",
    ]
    assert rig.media.commands("close_leg") == [(channel,)]
    assert rig.board.channels == {}


async def test_two_phones_answer_at_once(rig: Rig) -> None:
    """P3: one bridge, the other phone is told "answered elsewhere"."""
    rig.account("ada", phones=2)
    await rig.switchboard.originator.originate(order())
    for dialog in ("leg-ada~0", "leg-ada~1"):
        rig.switchboard.on_sip(Ringing(dialog, None))
    for dialog in ("leg-ada~1", "leg-ada~0"):
        rig.switchboard.on_sip(Answered(dialog, phone_sdp()))
    await rig.board.idle()
    line = rig.board.channels["leg-ada"].line
    assert line is not None
    assert line.dialog == "leg-ada~1"
    assert {said for said in rig.sip.said if said[0] == "hangup"} == {("hangup", "leg-ada~0", 26)}
    assert rig.apps.types().count("StasisStart") == 1
    rig.switchboard.on_sip(Ended("leg-ada~0", "us", 26, ""))
    assert "leg-ada" in rig.board.channels


async def test_an_answer_that_crosses_the_hangup(rig: Rig) -> None:
    rig.account("ada")
    channel = await rig.switchboard.originator.originate(order())
    rig.switchboard.controls.hangup(channel, None, None)
    rig.switchboard.on_sip(Answered("leg-ada~0", phone_sdp()))
    await rig.board.idle()
    assert [said[0] for said in rig.sip.said] == ["call", "hangup", "hangup"]
    assert "StasisStart" not in rig.apps.types()
    assert rig.board.channels == {}


@pytest.mark.parametrize(
    ("code", "cause", "status"), [(486, 17, "BUSY"), (603, 21, "BUSY"), (480, 19, "NOANSWER")]
)
async def test_refusals_have_their_cause(rig: Rig, code: int, cause: int, status: str) -> None:
    rig.account("ada")
    await rig.switchboard.originator.originate(order())
    rig.switchboard.on_sip(Refused("leg-ada~0", code, ""))
    await rig.board.idle()
    assert rig.apps.last("ChannelDestroyed")["cause"] == cause
    assert rig.apps.last("Dial")["dialstatus"] == status


async def test_ringing_ends_by_time(rig: Rig) -> None:
    rig.account("ada")
    await rig.switchboard.originator.originate(order(timeout=0.01))
    await asyncio.sleep(0.05)
    assert rig.apps.last("ChannelDestroyed")["cause"] == 19
    assert rig.sip.said[-1] == ("hangup", "leg-ada~0", 16)


async def test_nobody_there(rig: Rig) -> None:
    rig.account("ada", phones=0)
    with pytest.raises(NotReachable, match="not registered"):
        await rig.switchboard.originator.originate(order())
    assert rig.apps.types() == []


async def test_the_same_id_twice(rig: Rig) -> None:
    rig.account("ada")
    await rig.switchboard.originator.originate(order())
    with pytest.raises(Conflict):
        await rig.switchboard.originator.originate(order())


async def test_no_free_port_is_503(rig: Rig) -> None:
    rig.media.full = True
    dialog = await rig.carl_calls()
    assert rig.sip.said == [("reject", dialog, 503)]
    assert rig.apps.types() == []


async def test_create_then_dial(rig: Rig) -> None:
    rig.account("ada")
    channel = await rig.switchboard.originator.create(order())
    assert rig.apps.types() == ["ChannelCreated", "StasisStart"]
    await rig.switchboard.originator.dial(channel, None, -1)
    rig.switchboard.on_sip(Answered("leg-ada~0", phone_sdp()))
    await rig.board.idle()
    assert channel.is_up
    assert rig.apps.types().count("StasisStart") == 1
    with pytest.raises(Conflict):
        await rig.switchboard.originator.dial(channel, None, -1)


async def test_hold_and_resume(rig: Rig) -> None:
    channel = await rig.carls_channel()
    line = rig.board.channels[channel].line
    assert line is not None
    assert line.dialog is not None
    for direction in ("sendonly", "sendonly", "sendrecv"):
        rig.switchboard.on_sip(UpdateOffered(line.dialog, phone_sdp(direction=direction)))
        await rig.board.idle()
    assert [kind for kind in rig.apps.types() if "old" in kind] == ["ChannelHold", "ChannelUnhold"]
    rig.switchboard.on_sip(UpdateOffered(line.dialog, "nonsense"))
    await rig.board.idle()
    assert rig.sip.said[-1] == ("refuse_update", line.dialog)


async def test_a_key_sent_both_ways_counts_once(rig: Rig) -> None:
    from helpline_switch.media.events import Digit

    channel = await rig.carls_channel()
    line = rig.board.channels[channel].line
    assert line is not None
    for _ in range(2):
        rig.switchboard.on_media(Digit(channel, "1", 100))
        rig.switchboard.on_sip(DtmfInfo(str(line.dialog), "1", 160))
        rig.at += 0.2
    assert rig.apps.types().count("ChannelDtmfReceived") == 2


async def test_a_snoop_ends_with_its_target(rig: Rig) -> None:
    channel = rig.board.channels[await rig.carls_channel()]
    snoop = rig.switchboard.controls.snoop(channel, "both", "none", "helpline", (), "ear")
    rig.switchboard.controls.hangup(channel, "normal", None)
    await rig.board.idle()
    assert snoop.ended
    assert rig.board.channels == {}


async def test_the_application_comes_back(rig: Rig) -> None:
    rig.apps.connected.clear()
    await rig.carl_calls()
    assert rig.apps.types() == ["ChannelCreated", "ChannelStateChange"]
    channel = next(iter(rig.board.channels.values()))
    assert channel.music == "default"
    rig.apps.connected.add("helpline")
    rig.switchboard.dialplan.application_connected("helpline")
    assert rig.apps.types()[-1] == "StasisStart"
    assert channel.music is None
    rig.switchboard.dialplan.application_connected("helpline")
    assert rig.apps.types().count("StasisStart") == 1


async def test_strangers_reach_entry_numbers_accounts_any(rig: Rig) -> None:
    rig.switchboard.dialplan.entry_numbers = frozenset({"100"})
    refused = await rig.carl_calls("0049301234")
    await rig.carl_calls("100")
    await rig.carl_calls("0049301234", account="ada")
    assert rig.sip.said == [("reject", refused, 404)]
    assert len(rig.board.channels) == 2


async def test_variables_and_caller_id(rig: Rig) -> None:
    channel = rig.board.channels[await rig.carls_channel()]
    controls = rig.switchboard.controls
    controls.set_variable(channel, "HELPLINE_SIDE", "caller")
    controls.set_variable(channel, "CONNECTEDLINE(name)", "Ada")
    assert controls.variable(channel, "HELPLINE_SIDE") == "caller"
    assert controls.variable(channel, "CALLERID(num)") == "carl"
    assert controls.variable(channel, "PJSIP_HEADER(read,Call-ID)") == "carl-1"
    assert channel.connected.name == "Ada"
    assert "ChannelConnectedLine" in rig.apps.types()
    with pytest.raises(NotFound):
        controls.variable(channel, "NO_SUCH")
