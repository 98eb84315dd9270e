"""What the desk gives a switch: accounts by its own functions, trunks, and itself; who is let in, and who waits."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from helpline.acd.accounts import IN_FILES, Account, objects
from helpline.telephony.asterisk.site import PjsipObject
from tests.conformance.cast import MARKS, AnySwitch, arrives, patient, refused
from tests.peers.ari import Ari, AriError
from tests.peers.asterisk import Asterisk
from tests.peers.baresip import Phone
from tests.peers.ports import VOICES, free_port
from tests.peers.sipp import Sipp, callee
from tests.peers.voice import Voice

pytestmark = MARKS
DYNAMIC = "/asterisk/config/dynamic/res_pjsip"


async def give(ari: Ari, name: str, kinds: dict[str, dict[str, str]]) -> None:
    """As the desk does: one object after the other."""
    for kind, fields in kinds.items():
        listed = [{"attribute": key, "value": value} for key, value in fields.items()]
        await ari.put(f"{DYNAMIC}/{kind}/{name}", {"fields": listed})


def account(name: str, password: str) -> dict[str, dict[str, str]]:
    ha1 = hashlib.md5(f"{name}:helpline:{password}".encode(), usedforsecurity=False).hexdigest()
    found = objects(Account(name, "helpline", ha1), one_phone=True)
    return {kind: dict(fields) for kind, fields in found.items()}


async def test_an_account_comes_changes_its_password_and_goes(
    switch: AnySwitch, ari: Ari, tmp_path: Path
) -> None:
    await give(ari, "tess", account("tess", "first"))
    async with Phone(switch, "tess", "first", tmp_path):  # type: ignore[arg-type]  # has the ports
        assert (await ari.get("/endpoints/PJSIP/tess"))["state"] == "online"
    await give(ari, "tess", account("tess", "second"))
    shown = {each["attribute"]: each["value"] for each in await ari.get(f"{DYNAMIC}/auth/tess")}
    assert shown["username"] == "tess"
    refused_phone = Phone(switch, "tess", "first", tmp_path)  # type: ignore[arg-type]  # as above
    with pytest.raises(AssertionError, match="not registered"):
        async with refused_phone:
            raise RuntimeError("the old password is good still")
    assert refused_phone.process is not None
    assert refused_phone.process.returncode is not None, "the telephone that was turned away runs on"
    async with Phone(switch, "tess", "second", tmp_path):  # type: ignore[arg-type]  # as above
        pass
    for kind in ("endpoint", "aor", "auth"):
        await ari.delete(f"{DYNAMIC}/{kind}/tess")
        assert await refused(ari, "GET", f"{DYNAMIC}/{kind}/tess") == 404
        assert await refused(ari, "DELETE", f"{DYNAMIC}/{kind}/tess") == 404
    assert await refused(ari, "GET", "/endpoints/PJSIP/tess") == 404


async def test_an_account_in_asterisks_own_files_is_left_as_it_is(tmp_path: Path) -> None:
    """After `helpline asterisk config --standalone` the desk's giving is refused, and nothing else goes wrong."""
    mine = account("ada", "from-file")
    objects_ = tuple(PjsipObject(kind, "ada", fields) for kind, fields in mine.items())
    async with Asterisk(tmp_path, objects=objects_) as asterisk, asterisk.ari(listen=False) as ari:
        with pytest.raises(AriError) as refusal:
            await give(ari, "ada", account("ada", "given"))
        assert refusal.value.status == IN_FILES
        async with Phone(asterisk, "ada", "from-file", tmp_path):  # type: ignore[arg-type]  # has the ports
            assert (await ari.get("/endpoints/PJSIP/ada"))["state"] == "online"


async def test_a_number_outside_is_rung_by_a_trunk(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with Sipp(switch, callee(carl_voice.port), tmp_path) as outside:  # type: ignore[arg-type]  # has the ports
        await give(ari, "trunk-out", trunk("trunk-out", outside.port))
        await ari.post("/channels/out", endpoint="PJSIP/0301234@trunk-out", app="helpline", appArgs="leg,x")
        start = await ari.expect("StasisStart", channel="out")
        assert start["channel"]["name"].startswith("PJSIP/trunk-out-")
        await ari.post("/channels/out/moh")
        await carl_voice.hears_anything()
        await ari.delete("/channels/out")
        await outside.finished()


def trunk(name: str, port: int) -> dict[str, dict[str, str]]:
    endpoint = {"aors": name, "context": "helpline", "disallow": "all", "allow": "ulaw,alaw"}
    return {"aor": {"contact": f"sip:127.0.0.1:{port}"}, "endpoint": {**endpoint, "direct_media": "no"}}


async def test_ada_hears_the_whisper_and_carl_does_not(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    """Ada and Lena sit behind trunks, so that the test has their ears."""
    lena_hum, ada_hum = 1300, 500
    ada_ear = Voice(free_port(among=VOICES), hum=ada_hum)
    lena_ear = Voice(free_port(among=VOICES), hum=lena_hum)
    async with (
        ada_ear,
        lena_ear,
        Sipp(switch, callee(ada_ear.port), tmp_path) as ada,  # type: ignore[arg-type]  # has the ports
        Sipp(switch, callee(lena_ear.port), tmp_path) as lena,  # type: ignore[arg-type]  # as above
        Sipp(switch, patient(carl_voice), tmp_path),  # type: ignore[arg-type]  # as above
    ):
        carl = await arrives(ari)
        await ari.post(f"/channels/{carl}/answer")
        await ari.post("/bridges/room", type="mixing")
        await ari.post("/bridges/listening", type="mixing")
        for name, sipp in (("ada", ada), ("lena", lena)):
            await give(ari, f"trunk-{name}", trunk(f"trunk-{name}", sipp.port))
            endpoint = f"PJSIP/1@trunk-{name}"
            await ari.post(f"/channels/leg-{name}", endpoint=endpoint, app="helpline", appArgs="leg,x")
            await ari.expect("StasisStart", channel=f"leg-{name}")
        for leg, ear in ((carl, carl_voice), ("leg-ada", ada_ear), ("leg-lena", lena_ear)):
            await ari.post(f"/channels/{leg}/moh")
            await ear.hears_anything()  # a voice of the test speaks to whoever it hears first
            await ari.delete(f"/channels/{leg}/moh")
        for leg in (carl, "leg-ada"):
            await ari.post("/bridges/room/addChannel", channel=leg)
        snoop = {"app": "helpline", "appArgs": "snoop,x", "spy": "both", "whisper": "out"}
        await ari.post("/channels/leg-ada/snoop/snoop-w", **snoop)
        await ari.expect("StasisStart", channel="snoop-w")
        for leg in ("leg-lena", "snoop-w"):
            await ari.post("/bridges/listening/addChannel", channel=leg)
        await ada_ear.hears(lena_hum)
        await ada_ear.hears(700)
        await lena_ear.hears(700)
        await lena_ear.hears(ada_hum)
        await carl_voice.hears(ada_hum)
        await carl_voice.hears_no(lena_hum)


async def test_while_the_desk_is_away_callers_hear_music_and_are_given_to_it_later(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    await ari.disconnect()
    async with Sipp(switch, patient(carl_voice), tmp_path):  # type: ignore[arg-type]  # has the ports
        await carl_voice.hears_anything(within=8)
        await ari.connect()
        start = await ari.expect("StasisStart", timeout=8)
        assert (start["args"], start["channel"]["state"]) == ([], "Up")
        assert start["channel"]["dialplan"]["exten"] == "100"
