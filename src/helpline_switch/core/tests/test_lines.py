"""What the mixer is told when a call's media is agreed on: codec, NAT, SRTP and its loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpline_switch import sdp, sdp_crypto
from helpline_switch.core.board import Rules
from helpline_switch.core.channel import Channel, Line
from helpline_switch.core.lines import Lines
from helpline_switch.core.nat import latch_for
from helpline_switch.core.tests.fakes import Rig

SUITE = "AES_CM_128_HMAC_SHA1_80"


def description(*extra: str, ip: str = "192.0.2.7", audio: str = "RTP/AVP 0 101") -> str:
    lines = ["v=0", "o=- 1 1 IN IP4 x", "s=-", f"c=IN IP4 {ip}", "t=0 0", f"m=audio 4000 {audio}", *extra]
    return "\r\n".join([*lines, ""])


class Desk:
    """Lines with a mixer that only remembers."""

    def __init__(self, directory: Path, rules: Rules = Rules()) -> None:  # noqa: B008  # frozen
        self.rig = Rig(directory, rules)
        self.lines = Lines(self.rig.board)
        self.channel = Channel("carl", "PJSIP/carl-1", self.rig.board.clock.now())
        self.line = self.channel.line = Line("192.0.2.1", 5000)

    @property
    def told(self) -> dict[str, Any]:
        return [keywords for command, _, keywords in self.rig.media.did if command == "connect_leg"][-1]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_phone_on_the_same_network_is_heard_from_its_address_alone(desk: Desk) -> None:
    desk.line.source = "192.0.2.7"
    await desk.lines.answer(desk.channel, description())
    assert (desk.told["remote"], desk.told["terms"].latch) == (("192.0.2.7", 4000), None)


async def test_a_phone_behind_nat_may_be_where_its_signalling_comes_from(desk: Desk) -> None:
    desk.line.source = "198.51.100.4"
    await desk.lines.answer(desk.channel, description(ip="10.0.0.7"))
    assert desk.told["terms"].latch == "198.51.100.4"


@pytest.mark.parametrize(
    ("described", "source", "rule", "latch"),
    [
        ("10.0.0.7", "10.0.0.7", "auto", None),
        ("10.0.0.7", "8.8.8.8", "auto", "8.8.8.8"),
        ("fd00::7", "2001:4860::8", "auto", "2001:4860::8"),
        ("8.8.4.4", "8.8.8.8", "auto", None),
        ("8.8.4.4", "8.8.8.8", "always", "8.8.8.8"),
        ("10.0.0.7", "8.8.8.8", "never", None),
        ("10.0.0.7", "", "auto", None),
        ("phone.example", "8.8.8.8", "auto", None),
    ],
)
def test_who_is_looked_for_behind_nat(described: str, source: str, rule: Any, latch: str | None) -> None:
    assert latch_for(described, source, rule) == latch


async def test_the_preferred_codec_is_agreed_on_and_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Rules(codecs=("opus", "G711")))
    offer = description("a=rtpmap:107 opus/48000/2", audio="RTP/AVP 0 107")
    answer = await desk.lines.answer(desk.channel, offer)
    assert "m=audio 5000 RTP/AVP 107" in answer
    assert (desk.told["payload"], desk.told["terms"].codec) == (107, "opus")
    assert "opus/48000/2" in desk.lines.offer(desk.channel)


async def test_srtp_is_answered_with_srtp_and_goes_on_with_its_keys(desk: Desk) -> None:
    theirs = sdp_crypto.fresh(3, SUITE)
    offer = description(str(theirs), audio="RTP/SAVP 0")
    answer = sdp.parse(await desk.lines.answer(desk.channel, offer))
    keys = desk.told["terms"].keys
    assert (answer.transport, answer.crypto[0].tag) == ("RTP/SAVP", 3)
    assert (keys.suite, keys.ours, keys.theirs) == (SUITE, answer.crypto[0].key, theirs.key)
    again = sdp.parse(await desk.lines.answer(desk.channel, offer))
    assert again.crypto == answer.crypto, "a hold changes no key"
    probe = sdp.parse(desk.lines.offer(desk.channel))
    assert (probe.transport, probe.crypto) == ("RTP/SAVP", answer.crypto)


async def test_srtp_is_not_dropped_in_the_middle_of_a_call(desk: Desk) -> None:
    await desk.lines.answer(desk.channel, description(str(sdp_crypto.fresh(1, SUITE)), audio="RTP/SAVP 0"))
    before = desk.told
    with pytest.raises(sdp.NotSecured):
        await desk.lines.answer(desk.channel, description())
    with pytest.raises(sdp.NotSecured):
        await desk.lines.accept(desk.channel, description())
    assert desk.told == before, "the call goes on as it was"


async def test_srtp_offered_besides_is_taken_or_left(desk: Desk) -> None:
    """RFC 8643: the answer without a key is plain RTP, the one with a key is SRTP."""
    offer = sdp.parse(desk.lines.offer(desk.channel, srtp="too"))
    assert (offer.transport, offer.secure, len(offer.crypto)) == ("RTP/AVP", False, 2)
    await desk.lines.accept(desk.channel, description())
    assert desk.told["terms"].keys is None
    chosen = offer.crypto[1]
    answer = sdp_crypto.fresh(chosen.tag, chosen.suite)
    await desk.lines.accept(desk.channel, description(str(answer)))
    keys = desk.told["terms"].keys
    assert (keys.ours, keys.theirs) == (chosen.key, answer.key)


async def test_an_answer_with_a_key_we_did_not_ask_for_is_refused(desk: Desk) -> None:
    desk.lines.offer(desk.channel, srtp="only")
    with pytest.raises(sdp.NotSecured):
        await desk.lines.accept(
            desk.channel, description(str(sdp_crypto.fresh(9, SUITE)), audio="RTP/SAVP 0")
        )
