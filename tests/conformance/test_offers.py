"""Ringing agents: events, answer, refusal, silence, withdrawal, ids, and two telephones at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helpline.telephony.listener import cause_of
from tests.conformance.cast import MARKS, AnySwitch, first_told, phone, refused, ring
from tests.peers.ari import Ari, AriError

pytestmark = MARKS


async def test_ada_answers(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with phone(switch, "ada", tmp_path) as ada:
        made = await ring(ari, "ada", "leg-ada", body={"variables": {"HELPLINE_CALL": "call-1"}})
        assert (made["id"], made["state"]) == ("leg-ada", "Down")
        await ada.rings()
        ringing = await ari.expect("ChannelStateChange", channel="leg-ada")
        assert ringing["channel"]["state"] == "Ringing"
        assert "StasisStart" not in ari.types(channel="leg-ada")
        await ada.accept()
        start = await ari.expect("StasisStart", channel="leg-ada")
        assert start["args"] == ["leg", "ada"]
        assert start["channel"]["channelvars"]["HELPLINE_CALL"] == "call-1"
        assert (await ari.get("/channels/leg-ada"))["state"] == "Up"
        await ari.delete("/channels/leg-ada")
        await ari.expect("ChannelDestroyed", channel="leg-ada")
        await ada.expect("CALL_CLOSED")
    order = ("ChannelCreated", "ChannelStateChange", "StasisStart", "StasisEnd", "ChannelDestroyed")
    assert first_told(ari, "leg-ada", *order) == list(order)
    states = [e["channel"]["state"] for e in ari.log if e["type"] == "ChannelStateChange"]
    assert states == ["Ringing", "Up"]


async def test_ada_rejects_ben_does_not_answer(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with phone(switch, "ada", tmp_path) as ada, phone(switch, "ben", tmp_path) as ben:
        await ring(ari, "ada", "leg-ada")
        await ada.rings()
        await ada.hang_up()
        busy = await ari.expect("ChannelDestroyed", channel="leg-ada")
        await ring(ari, "ben", "leg-ben", timeout=1)
        await ben.rings()
        silent = await ari.expect("ChannelDestroyed", channel="leg-ben")
        await ben.expect("CALL_CLOSED")
    assert (cause_of(busy), cause_of(silent)) == (17, 19)
    for leg in ("leg-ada", "leg-ben"):
        assert "StasisStart" not in ari.types(channel=leg)


async def test_the_offer_is_withdrawn(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    """Carl is gone: Ada's telephone is silent within 300 ms."""
    async with phone(switch, "ada", tmp_path) as ada:
        await ring(ari, "ada", "leg-ada")
        await ada.rings()
        began = asyncio.get_running_loop().time()
        await ari.delete("/channels/leg-ada", reason_code=26)
        await ada.expect("CALL_CLOSED", 1)
        assert asyncio.get_running_loop().time() - began < 0.3
        await ari.expect("ChannelDestroyed", channel="leg-ada")
    assert "StasisStart" not in ari.types(channel="leg-ada")


async def test_nobody_to_ring(switch: AnySwitch, ari: Ari) -> None:
    for name in ("lena", "nobody"):
        with pytest.raises(AriError) as refusal:
            await ring(ari, name, f"leg-{name}")
        assert refusal.value.status == 500
    assert await ari.get("/channels") == []


async def test_an_id_is_taken_once(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with phone(switch, "ada", tmp_path) as ada:
        await ring(ari, "ada", "leg-ada")
        await ada.rings()
        with pytest.raises(AriError) as refusal:
            await ring(ari, "ada", "leg-ada")
        assert refusal.value.status == 409
        assert [each["id"] for each in await ari.get("/channels")] == ["leg-ada"]


async def test_hung_up_and_answered_at_once(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    """The race of an offer: whatever wins, the channel ends and nothing is left."""
    async with phone(switch, "ada", tmp_path) as ada:
        for turn in range(3):
            leg = f"leg-{turn}"
            await ring(ari, "ada", leg)
            await ada.rings()
            await asyncio.gather(ada.accept(), ari.delete(f"/channels/{leg}"))
            await ari.expect("ChannelDestroyed", channel=leg)
            await ada.expect("CALL_CLOSED")
    assert await ari.get("/channels") == []


async def test_two_agents_answer_at_once(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    """Both are told of as answered; the desk takes one and ends the other, who is told that it is over."""
    async with (
        phone(switch, "ada", tmp_path, mode="auto") as ada,
        phone(switch, "ben", tmp_path, mode="auto") as ben,
    ):
        await asyncio.gather(ring(ari, "ada", "leg-ada"), ring(ari, "ben", "leg-ben"))
        for leg in ("leg-ada", "leg-ben"):
            await ari.expect("StasisStart", channel=leg)
        await ari.delete("/channels/leg-ben", reason_code=26)
        await ben.expect("CALL_CLOSED")
        await ari.expect("ChannelDestroyed", channel="leg-ben")
        assert [each["id"] for each in await ari.get("/channels")] == ["leg-ada"]
        await ari.delete("/channels/leg-ada")
        await ada.expect("CALL_CLOSED")


async def test_ada_hangs_up_a_talk(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with phone(switch, "ada", tmp_path, mode="auto") as ada:
        await ring(ari, "ada", "leg-ada")
        await ari.expect("StasisStart", channel="leg-ada")
        await ada.expect("CALL_ESTABLISHED")
        await ada.hang_up()
        end = await ari.expect("ChannelDestroyed", channel="leg-ada")
    assert cause_of(end) == 16


async def test_telephones_come_and_go(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with phone(switch, "sven", tmp_path):
        on = await ari.expect("PeerStatusChange", where=lambda e: e["endpoint"]["resource"] == "sven")
        came = await ari.expect("ContactStatusChange", where=lambda e: e["endpoint"]["resource"] == "sven")
        endpoint = await ari.get("/endpoints/PJSIP/sven")
        assert endpoint["state"] == on["endpoint"]["state"] == "online"
        assert came["contact_info"]["contact_status"] in {"Created", "Reachable", "NonQualified"}
    off = await ari.expect(
        "PeerStatusChange",
        where=lambda e: e["endpoint"]["resource"] == "sven" and e["endpoint"]["state"] == "offline",
        timeout=10,
    )
    assert off["endpoint"]["technology"] == "PJSIP"
    assert {one["resource"] for one in await ari.get("/endpoints")} >= {"ada", "ben", "sven", "lena"}
    assert await refused(ari, "GET", "/endpoints/PJSIP/nobody") == 404


async def test_keys_are_sent_to_a_telephone(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with phone(switch, "ada", tmp_path, mode="auto") as ada:
        await ring(ari, "ada", "leg-ada")
        await ari.expect("StasisStart", channel="leg-ada")
        await ada.expect("CALL_ESTABLISHED")
        await ari.post("/channels/leg-ada/dtmf", dtmf="5")
        key = await ada.expect("CALL_DTMF_START")
        assert key["param"] == "5"
