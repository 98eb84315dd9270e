"""A phone that rings changes its media before anybody answers (UPDATE in an early dialog, RFC 3311)."""

from __future__ import annotations

import pytest

from helpline_switch.core.originate import Order
from helpline_switch.core.tests.fakes import Rig, phone_sdp
from helpline_switch.sip.events import UpdateOffered

BROWSER = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=fingerprint:sha-256 00:11\r\na=sendrecv\r\n"
)


@pytest.fixture
async def ringing(tmp_path):
    """(the switch, the dialog with Ada's phone, which rings)"""
    rig = Rig(tmp_path)
    rig.account("ada")
    await rig.switchboard.originator.originate(Order(endpoint="PJSIP/ada", app="helpline"))
    dialog = next(entry[1] for entry in rig.sip.said if entry[0] == "call")
    return rig, dialog


async def test_its_media_are_taken(ringing):
    rig, dialog = ringing
    rig.switchboard.on_sip(UpdateOffered(dialog, phone_sdp(9100)))
    await rig.board.idle()
    assert ("accept_update", dialog) in rig.sip.said
    assert rig.media.did[-1][2]["remote"] == ("192.0.2.9", 9100)


async def test_those_of_a_browser_begin_with_its_answer(ringing):
    rig, dialog = ringing
    rig.switchboard.on_sip(UpdateOffered(dialog, BROWSER))
    await rig.board.idle()
    assert ("refuse_update", dialog) in rig.sip.said
    assert not rig.media.commands("connect_leg")
