"""Who calls by a trunk: believed when the trunk is marked as one that vouches, and withheld when the caller wants it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from helpline.acd.trunks import objects
from helpline.telephony.trunks import TrunkLine
from tests.conformance.cast import MARKS, AnySwitch
from tests.conformance.test_given import DYNAMIC, give
from tests.peers.ari import Ari
from tests.peers.sipp import Caller, Sipp

pytestmark = MARKS
PAI = 'P-Asserted-Identity: "Carl Jung" <sip:+31301112222@carrier.example>\n'


@asynccontextmanager
async def provider(ari: Ari, *, trusted: bool) -> AsyncIterator[None]:
    """Whoever calls from this machine calls by a trunk, while it lasts."""
    name = "trunk-vouching"
    line = TrunkLine(name, ("sip:127.0.0.1:9",), sources=("127.0.0.1",), trusted=trusted)
    kinds = {kind: dict(fields) for kind, fields in objects(line).items()}
    kinds["aor"]["qualify_frequency"] = "0"
    await give(ari, name, kinds)
    try:
        yield
    finally:
        for kind in reversed(kinds):
            await ari.delete(f"{DYNAMIC}/{kind}/{name}")


@pytest.mark.parametrize(
    ("trusted", "headers", "name", "number"),
    [
        (True, PAI, "Carl Jung", "+31301112222"),
        (False, PAI, "Carl", "carl"),
        (True, f"{PAI}Privacy: id\n", None, "anonymous"),
    ],
)
async def test_the_caller_of_a_trunk(
    switch: AnySwitch, ari: Ari, tmp_path: Path, trusted: bool, headers: str, name: str | None, number: str
) -> None:
    carl = Caller().invite(extra=headers).answered().hung_up()
    async with provider(ari, trusted=trusted), Sipp(switch, carl, tmp_path) as sipp:  # type: ignore[arg-type]  # has the ports
        start = await ari.expect("StasisStart")
        channel = start["channel"]
        assert channel["name"].startswith("PJSIP/trunk-vouching-")
        assert channel["caller"]["number"] == number
        if name is not None:
            assert channel["caller"]["name"] == name
        assert number == "+31301112222" or "+3130" not in str(start)
        await ari.post(f"/channels/{channel['id']}/answer")
        await ari.expect("ChannelStateChange", channel=channel["id"])
        await ari.delete(f"/channels/{channel['id']}")
        await sipp.finished()
