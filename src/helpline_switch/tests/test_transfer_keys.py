"""A real telephone's transfer key (baresip): REFER, and what it makes of our NOTIFY."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpline_switch.tests.test_agents import carl_and
from tests.peers.ari import Ari
from tests.peers.switch import Switch
from tests.peers.voice import Voice

pytestmark = [pytest.mark.switch, pytest.mark.peer]


async def test_adas_phone_gives_the_call_away_and_hangs_up_when_it_is_done(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with carl_and("ada", switch, ari, carl_voice, tmp_path) as (channel, ada, _):
        await ada.command("transfer", "sip:sven@127.0.0.1")
        event = await ari.expect("ChannelTransfer")
        assert event["refer_to"]["requested_destination"] == {"destination": "sven"}
        assert event["referred_by"]["source_channel"]["id"] == "leg-ada"
        assert event["referred_by"]["connected_channel"]["id"] == channel
        await ari.post("/channels/leg-ada/transfer_progress", states="channel_answered")
        await ari.expect("ChannelDestroyed", channel="leg-ada")
        assert channel in [each["id"] for each in await ari.get("/channels")]


async def test_a_declined_transfer_leaves_ada_with_carl(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with carl_and("ada", switch, ari, carl_voice, tmp_path) as (_, ada, _):
        await ada.command("transfer", "sip:nobody@127.0.0.1")
        await ari.expect("ChannelTransfer")
        await ari.post("/channels/leg-ada/transfer_progress", states="channel_declined")
        await ada.expect("TRANSFER_FAILED")
        assert "leg-ada" in [each["id"] for each in await ari.get("/channels")]
