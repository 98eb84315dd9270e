"""The transfer key of a telephone: both switches tell it alike, move nothing, and pass on what the desk says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from helpline_switch.sip.tests.peer import Call, Phone, UdpLine
from tests.conformance.cast import MARKS, AnySwitch, refused
from tests.peers.ari import Ari
from tests.peers.asterisk import Asterisk

pytestmark = MARKS


@pytest_asyncio.fixture(loop_scope="session")
async def ada(switch: AnySwitch) -> AsyncIterator[Phone]:
    """Ada's telephone, made by hand."""
    phone = Phone("ada")
    phone.line = await UdpLine.open(phone.got, switch.sip_port)
    assert (await phone.register("ada-secret")).code == 200
    yield phone
    await phone.register("ada-secret", expires=0)
    phone.line.close()


async def calls(ari: Ari, phone: Phone) -> tuple[str, Call]:
    """The telephone is in a call: (channel, the call as it sees it). The desk alone decides about transfers."""
    invite = await phone.dial("sip:100@127.0.0.1", password="ada-secret")
    channel = str((await ari.expect("StasisStart"))["channel"]["id"])
    await ari.post(f"/channels/{channel}/variable", variable="PJSIP_TRANSFER_HANDLING()", value="ari-only")
    await ari.post(f"/channels/{channel}/answer")
    ok = await phone.expect(200, "INVITE")
    phone.ack(invite, ok)
    return channel, invite.call.established(ok)


async def presses(phone: Phone, call: Call, refer_to: str) -> None:
    contact = f"Contact: <{phone.contact}>"
    phone.send(phone.request("REFER", call.target, f"Refer-To: <{refer_to}>", contact, call=call))
    await phone.expect(202, "REFER")


async def says(ari: Ari, switch: AnySwitch, channel: str, state: str) -> None:
    """As the desk does: a real Asterisk is told when it is through with the REFER, for before that it would end."""
    if isinstance(switch, Asterisk):
        await ari.get(f"/channels/{channel}/variable", variable="CHANNEL(pjsip,call-id)")
    await ari.post(f"/channels/{channel}/transfer_progress", states=state)


async def told(phone: Phone, what: str, state: str) -> None:
    """The next NOTIFY that is not about trying."""
    while True:
        notify = await phone.expect("NOTIFY")
        phone.reply(notify, 200)
        if not notify.body.startswith("SIP/2.0 100"):
            break
        assert notify.get("subscription-state").startswith("active")
    assert notify.body.startswith(f"SIP/2.0 {what}")
    assert notify.get("subscription-state").startswith(state)


def tag(value: str) -> str:
    return value.rpartition(";tag=")[2]


async def test_a_blind_transfer_is_told_and_nothing_moves(ari: Ari, ada: Phone) -> None:
    channel, call = await calls(ari, ada)
    await ari.post("/bridges/room", type="mixing")
    await ari.post("/bridges/room/addChannel", channel=channel)
    await presses(ada, call, "sip:sven@helpline")
    event = await ari.expect("ChannelTransfer")
    assert event["refer_to"] == {"requested_destination": {"destination": "sven"}}
    assert event["referred_by"]["source_channel"]["id"] == channel
    assert event["referred_by"]["bridge"]["id"] == "room"
    assert "state" not in event
    assert "channel" not in event
    shown: dict[str, Any] = await ari.get(f"/channels/{channel}")
    assert shown["state"] == "Up"


@pytest.mark.parametrize(
    ("states", "shown", "what"),
    [
        ("channel_answered", "channel_answered", "200 OK"),
        ("channel_declined", "channel_declined", "603"),
        ("channel_unavailable", "channel_declined", "503"),
    ],
)
async def test_the_phone_hears_what_the_desk_says(
    switch: AnySwitch, ari: Ari, ada: Phone, states: str, shown: str, what: str
) -> None:
    channel, call = await calls(ari, ada)
    await presses(ada, call, "sip:sven@helpline")
    await ari.expect("ChannelTransfer")
    await says(ari, switch, channel, "channel_progress")
    assert (await ari.expect("ChannelTransfer"))["state"] == "channel_progress"
    await says(ari, switch, channel, states)
    assert (await ari.expect("ChannelTransfer"))["state"] == shown
    await told(ada, what, "terminated")


async def test_an_attended_transfer_names_the_other_call(ari: Ari, ada: Phone) -> None:
    _, first = await calls(ari, ada)
    other, second = await calls(ari, ada)
    value = quote(f"{second.id};to-tag={tag(second.remote)};from-tag={tag(second.local)}", safe="")
    await presses(ada, first, f"sip:sven@helpline?Replaces={value}")
    wanted = (await ari.expect("ChannelTransfer"))["refer_to"]
    assert wanted["destination_channel"]["id"] == other
    assert wanted["requested_destination"] == {
        "destination": "sven",
        "protocol_id": second.id,
        "additional_protocol_params": [
            {"parameter_name": "from", "parameter_value": tag(second.local)},
            {"parameter_name": "to", "parameter_value": tag(second.remote)},
        ],
    }


async def test_words_that_are_no_state(ari: Ari, ada: Phone) -> None:
    channel, call = await calls(ari, ada)
    await presses(ada, call, "sip:sven@helpline")
    await ari.expect("ChannelTransfer")
    path = f"/channels/{channel}/transfer_progress"
    assert await refused(ari, "POST", path, states="maybe") == 400
    assert await refused(ari, "POST", "/channels/nobody/transfer_progress", states="channel_answered") == 404
