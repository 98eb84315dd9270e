"""Carl calls: arrival, answer, keys, variables, refusal, the end by either side."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpline.telephony.listener import cause_of
from tests.conformance.cast import (
    MARKS,
    AnySwitch,
    answered,
    arrives,
    carl_on_the_line,
    first_told,
    patient,
    phone,
    refused,
)
from tests.peers.ari import Ari
from tests.peers.sipp import Caller, Sipp
from tests.peers.voice import Voice

pytestmark = MARKS
LIFE = (
    "ChannelCreated",
    "StasisStart",
    "ChannelStateChange",
    "ChannelHangupRequest",
    "StasisEnd",
    "ChannelDestroyed",
)


async def test_a_call_from_the_first_ring_to_the_end_by_the_desk(
    switch: AnySwitch, ari: Ari, tmp_path: Path
) -> None:
    async with Sipp(switch, patient(), tmp_path) as sipp:
        start = await ari.expect("StasisStart")
        channel = start["channel"]["id"]
        assert start["args"] == []
        assert start["channel"]["state"] == "Ring"
        assert start["channel"]["caller"] == {"name": "Carl", "number": "carl"}
        assert start["channel"]["dialplan"]["exten"] == "100"
        await ari.post(f"/channels/{channel}/answer")
        up = await ari.expect("ChannelStateChange", channel=channel)
        assert up["channel"]["state"] == "Up"
        assert (await ari.get(f"/channels/{channel}"))["state"] == "Up"
        await ari.delete(f"/channels/{channel}", reason_code=16)
        end = await ari.expect("ChannelDestroyed", channel=channel)
        await sipp.finished()
    assert cause_of(end) == 16
    assert first_told(ari, channel, *LIFE) == list(LIFE)
    assert await refused(ari, "GET", f"/channels/{channel}") == 404


async def test_carl_hangs_up(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with Sipp(switch, Caller().invite().answered().wait(0.1).bye(), tmp_path) as sipp:
        channel = await answered(ari)
        end = await ari.expect("ChannelDestroyed", channel=channel)
        await sipp.finished()
    assert cause_of(end) == 16
    assert first_told(ari, channel, *LIFE) == list(LIFE)


async def test_carl_gives_up_while_it_rings(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with Sipp(switch, Caller().invite().ringing(optional=False).cancel(), tmp_path) as sipp:
        channel = await arrives(ari)
        await ari.post(f"/channels/{channel}/ring")
        end = await ari.expect("ChannelDestroyed", channel=channel)
        await sipp.finished()
    assert cause_of(end) == 16
    assert not [event for event in ari.log if event.get("channel", {}).get("state") == "Up"]


@pytest.mark.parametrize(("cause", "status"), [(17, 486), (21, 403), (1, 404)])
async def test_a_call_is_refused_before_it_is_answered(
    switch: AnySwitch, ari: Ari, tmp_path: Path, cause: int, status: int
) -> None:
    async with Sipp(switch, Caller().invite().refused(status), tmp_path) as sipp:
        channel = await arrives(ari)
        await ari.delete(f"/channels/{channel}", reason_code=cause)
        end = await ari.expect("ChannelDestroyed", channel=channel)
        await sipp.finished()
    assert end["cause"] == cause


async def test_answering_twice_is_no_error(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with carl_on_the_line(switch, ari, tmp_path) as (channel, _):
        await ari.post(f"/channels/{channel}/answer")
        ups = [event for event in ari.log if event["type"] == "ChannelStateChange"]
        assert len(ups) == 1


async def test_carl_presses_keys(switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path) -> None:
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (channel, _):
        await carl_is_heard(ari, carl_voice)
        for key in "5#":
            carl_voice.press(key)
            event = await ari.expect("ChannelDtmfReceived", channel=channel)
            assert event["digit"] == key
            assert event["duration_ms"] > 0


async def carl_is_heard(ari: Ari, voice: Voice) -> None:
    """Music gives Carl's telephone an address to send to."""
    channel = (await ari.get("/channels"))[0]["id"]
    await ari.post(f"/channels/{channel}/moh")
    await voice.hears_anything()


async def test_keys_by_info(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    carl = Caller().invite().answered().wait(0.2).info_key("7").wait(0.2).bye()
    async with Sipp(switch, carl, tmp_path) as sipp:
        channel = await answered(ari)
        key = await ari.expect("ChannelDtmfReceived", channel=channel)
        await sipp.finished()
    assert key["digit"] == "7"


async def test_variables_are_told_kept_and_shown(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with carl_on_the_line(switch, ari, tmp_path) as (channel, _):
        await ari.post(f"/channels/{channel}/variable", variable="HELPLINE_SIDE", value="caller")
        told = await ari.expect("ChannelVarset", where=lambda e: e["variable"] == "HELPLINE_SIDE")
        assert (told["value"], told["channel"]["id"]) == ("caller", channel)
        assert await ari.get(f"/channels/{channel}/variable", variable="HELPLINE_SIDE") == {"value": "caller"}
        shown = await ari.get(f"/channels/{channel}")
        assert shown["channelvars"]["HELPLINE_SIDE"] == "caller"
        assert await refused(ari, "GET", f"/channels/{channel}/variable", variable="NO_SUCH") == 404


@pytest.mark.parametrize(
    ("method", "verb"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/answer"),
        ("POST", "/ring"),
        ("POST", "/moh"),
        ("DELETE", "/moh"),
        ("POST", "/mute"),
        ("DELETE", "/mute"),
        ("POST", "/dtmf?dtmf=1"),
        ("POST", "/play/p1?media=sound:beep"),
        ("POST", "/snoop/s1?app=helpline&spy=both"),
        ("POST", "/variable?variable=X&value=1"),
        ("GET", "/variable?variable=X"),
    ],
)
async def test_an_unknown_channel_is_404(switch: AnySwitch, ari: Ari, method: str, verb: str) -> None:
    assert await refused(ari, method, f"/channels/no-such{verb}") == 404


async def test_a_nonsense_hangup_cause_is_refused(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    async with carl_on_the_line(switch, ari, tmp_path) as (channel, _):
        assert await refused(ari, "DELETE", f"/channels/{channel}", reason_code="nonsense") == 400
        assert (await ari.get(f"/channels/{channel}"))["state"] == "Up"


async def test_an_account_that_calls_is_named_by_its_number(
    switch: AnySwitch, ari: Ari, tmp_path: Path
) -> None:
    """Ada dials 100 at her own telephone."""
    async with phone(switch, "ada", tmp_path) as ada:
        await ada.dial("100")
        start = await ari.expect("StasisStart")
        assert start["channel"]["caller"]["number"] == "ada"
        assert start["channel"]["name"].startswith("PJSIP/ada-")
        await ari.post(f"/channels/{start['channel']['id']}/answer")
        await ada.expect("CALL_ESTABLISHED")
        await ada.hang_up()
        await ari.expect("ChannelDestroyed", channel=start["channel"]["id"])
