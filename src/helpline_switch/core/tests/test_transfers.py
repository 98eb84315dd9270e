"""Transfers by phones, told and answered as Asterisk 22.10 does with "ari-only", and calls that are sent away."""

from __future__ import annotations

import json

import pytest

from helpline_switch.ari import shapes
from helpline_switch.core.errors import BadParameter, Conflict, NotReachable, Unprocessable
from helpline_switch.core.notices import Notice
from helpline_switch.core.tests.fakes import Rig
from helpline_switch.sip.events import ReferProgress, Referred, Replaces


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    said = rig.sip.said
    rig.sip.refer_progress = lambda dialog, code: said.append(("refer_progress", dialog, code))
    rig.sip.refer = lambda dialog, target, other=None: said.append(("refer", dialog, target))
    return rig


async def talking(rig):
    """(channel, dialog) of an answered call."""
    channel = rig.board.channels[await rig.carls_channel()]
    return channel, channel.line.dialog


async def together(rig):
    """Two answered calls in one bridge."""
    first, second = await talking(rig), await talking(rig)
    await rig.switchboard.bridging.create("b1", "mixing", "")
    for channel, _ in (first, second):
        channel.app = "helpline"
        await rig.switchboard.bridging.add("b1", [channel.id])
    return first, second


def asks(rig, dialog, replaces=None, other=None):
    rig.switchboard.on_sip(Referred(dialog, "sip:sven@helpline", "sven", replaces, other, "", True))


def told(rig):
    """The last ChannelTransfer as it goes out."""
    fields = rig.apps.last("ChannelTransfer")
    return json.loads(
        json.dumps(shapes.event(Notice("ChannelTransfer", fields), "helpline", rig.board.clock.now()))
    )


def progress(rig):
    return [entry for entry in rig.sip.said if entry[0] == "refer_progress"]


async def test_a_blind_transfer_names_the_number_and_who_asks(rig):
    (ada, dialog), (carl, _) = await together(rig)
    asks(rig, dialog)
    event = told(rig)
    assert event["refer_to"] == {"requested_destination": {"destination": "sven"}}
    by = event["referred_by"]
    assert (by["source_channel"]["id"], by["connected_channel"]["id"]) == (ada.id, carl.id)
    assert by["bridge"]["id"] == "b1"
    assert "state" not in event
    assert progress(rig) == []


async def test_an_attended_transfer_names_the_other_call(rig):
    (_, dialog), (sven, other) = await together(rig)
    asks(rig, dialog, Replaces("call-7", "ours", "theirs"), other)
    event = told(rig)["refer_to"]
    assert event["requested_destination"] == {
        "destination": "sven",
        "protocol_id": "call-7",
        "additional_protocol_params": [
            {"parameter_name": "from", "parameter_value": "theirs"},
            {"parameter_name": "to", "parameter_value": "ours"},
        ],
    }
    assert event["destination_channel"]["id"] == sven.id
    assert event["bridge"]["id"] == "b1"


@pytest.mark.parametrize(
    ("state", "code", "shown"),
    [
        ("channel_answered", 200, "channel_answered"),
        ("channel_unavailable", 503, "channel_declined"),
        ("channel_declined", 603, "channel_declined"),
    ],
)
async def test_the_application_says_how_it_goes_until_it_is_over(rig, state, code, shown):
    channel, dialog = await talking(rig)
    asks(rig, dialog)
    rig.switchboard.transfers.progress(channel, "channel_progress")
    assert told(rig)["state"] == "channel_progress"
    rig.switchboard.transfers.progress(channel, state)
    assert told(rig)["state"] == shown
    rig.switchboard.transfers.progress(channel, "channel_answered")
    assert progress(rig) == [("refer_progress", dialog, 100), ("refer_progress", dialog, code)]


async def test_a_state_nobody_knows(rig):
    channel, dialog = await talking(rig)
    asks(rig, dialog)
    with pytest.raises(BadParameter, match="states"):
        rig.switchboard.transfers.progress(channel, "maybe")


async def test_without_an_application_nothing_is_moved(rig):
    _, dialog = await talking(rig)
    rig.apps.connected.clear()
    asks(rig, dialog)
    assert progress(rig) == [("refer_progress", dialog, 603)]
    assert "ChannelTransfer" not in rig.apps.types()


async def test_a_call_is_sent_to_a_number_behind_a_trunk_and_ends_when_it_is_there(rig):
    channel, dialog = await talking(rig)
    rig.switchboard.trunks.configure("carrier", {("aor", "carrier"): {"contact": "sip:192.0.2.50:5070"}})
    rig.switchboard.transfers.redirect(channel, "PJSIP/+4930123@carrier")
    assert ("refer", dialog, "sip:+4930123@192.0.2.50:5070") in rig.sip.said
    rig.switchboard.on_sip(ReferProgress(dialog, 180, False))
    assert not channel.ended
    rig.switchboard.on_sip(ReferProgress(dialog, 200, True))
    assert channel.ended


async def test_a_call_that_could_not_be_sent_on_stays(rig):
    channel, dialog = await talking(rig)
    rig.switchboard.transfers.redirect(channel, "PJSIP/sip:200@192.0.2.5")
    assert ("refer", dialog, "sip:200@192.0.2.5") in rig.sip.said
    rig.switchboard.on_sip(ReferProgress(dialog, 486, True))
    assert not channel.ended


@pytest.mark.parametrize(
    ("endpoint", "error"),
    [
        ("SIP/200", Unprocessable),
        ("PJSIP/200", BadParameter),
        ("PJSIP/200@nowhere", NotReachable),
    ],
)
async def test_endpoints_a_call_cannot_be_sent_to(rig, endpoint, error):
    channel, _ = await talking(rig)
    with pytest.raises(error):
        rig.switchboard.transfers.redirect(channel, endpoint)


async def test_a_call_that_is_not_answered_cannot_be_sent_on(rig):
    dialog = await rig.carl_calls()
    channel = rig.board.channels[rig.board.dialogs[dialog]]
    with pytest.raises(Conflict):
        rig.switchboard.transfers.redirect(channel, "PJSIP/sip:200@192.0.2.5")
