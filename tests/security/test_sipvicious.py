"""SIPVicious, the scanner that every open SIP port meets within the hour, against a running switch."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpline_switch.sip.tests.peer import Phone, UdpLine
from tests.peers.ari import Ari, AriError
from tests.peers.ports import PHONES, free_port
from tests.peers.switch import Switch

pytestmark = [pytest.mark.switch, pytest.mark.peer]

TOOLS = Path(sys.executable).parent
PASSWORD = "correct-horse"
NAMES = ("ada", "ben", "lena", "eve", "root", "admin", "1000", "2000")
PATIENCE_S = 40


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    async with Switch(tmp_path / "data") as running:
        yield running


@pytest.fixture
async def ari(switch: Switch) -> AsyncIterator[Ari]:
    """A desk with three accounts; strangers may call 100 and nothing else."""
    async with switch.ari() as client:
        for name in ("ada", "ben", "lena"):
            await client.account(name, PASSWORD)
        await client.put("/helpline/entry_numbers", {"numbers": ["100"]})
        yield client


@pytest.fixture
async def ada(switch: Switch, ari: Ari) -> AsyncIterator[Phone]:
    """Ada's phone, registered from the address the attacker has too."""
    phone = Phone("ada")
    phone.line = await UdpLine.open(phone.got, switch.sip_port)
    assert (await phone.register(PASSWORD)).code == 200
    yield phone
    phone.line.close()


async def run(tool: str, switch: Switch, *options: str) -> str:
    """What the tool says, standard output and errors together."""
    program = TOOLS / f"sipvicious_{tool}"
    if not program.exists():
        pytest.fail("sipvicious is not installed: pip install sipvicious (it is in the dev requirements)")
    process = await asyncio.create_subprocess_exec(
        program, *options, "-b", "127.0.0.1", "-x", "127.0.0.1", "-P", str(free_port(among=PHONES)),
        "-p", str(switch.sip_port), "127.0.0.1",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said.decode(errors="replace")


def dictionary(folder: Path, *words: str) -> str:
    path = folder / "words.txt"
    path.write_text("\n".join(words) + "\n")
    return str(path)


async def test_svmap_sees_a_switch_and_no_more(switch: Switch, ada: Phone) -> None:
    said = await run("svmap", switch)
    assert f"127.0.0.1:{switch.sip_port}" in said, "the scan must have reached the switch"
    assert "ada" not in said


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "INVITE"])
async def test_svwar_finds_no_extension(
    switch: Switch, ari: Ari, ada: Phone, tmp_path: Path, method: str
) -> None:
    words = dictionary(tmp_path, *NAMES)
    said = await run("svwar", switch, "-m", method, "-d", words, "--force", "--maximumtime", "3")
    results = [line for line in said.splitlines() if line.startswith("|") and "Extension" not in line]
    found = {name for name in NAMES if any(f" {name} " in line for line in results)}
    assert found in (set(), set(NAMES)), f"some names look different from others:\n{said}"
    assert await ari.get("/channels") == [], "nobody was called"
    assert "StasisStart" not in ari.types()


async def test_svcrack_gets_no_password_and_a_ban_and_adas_phone_goes_on(
    switch: Switch, ari: Ari, ada: Phone, tmp_path: Path
) -> None:
    words = dictionary(tmp_path, *(f"guess{number}" for number in range(60)), PASSWORD)
    said = await run("svcrack", switch, "-u", "ben", "-d", words, "--maximumtime", "3")
    assert PASSWORD not in said, said
    event = await ari.expect(
        "ChannelUserevent", where=lambda event: event["eventname"] == "HelplineGuesserBanned"
    )
    assert (event["userevent"]["address"], event["userevent"]["tried"]) == ("127.0.0.1", "ben")
    (ban,) = await ari.get("/helpline/bans")
    assert ban == event["userevent"]
    assert "alarm: 127.0.0.1 guesses passwords" in switch.log()
    assert (await ada.register(PASSWORD)).code == 200
    stranger = Phone("carl")
    stranger.line = await UdpLine.open(stranger.got, switch.sip_port)
    try:
        await stranger.dial("sip:100@127.0.0.1")
        await stranger.quiet(0.5)
        assert stranger.inbox == []
        await ari.delete("/helpline/bans/127.0.0.1")
        await stranger.dial("sip:100@127.0.0.1")
        await ari.expect("StasisStart")
    finally:
        stranger.line.close()
    with pytest.raises(AriError, match="404"):
        await ari.delete("/helpline/bans/127.0.0.1")


async def test_svcrack_at_the_name_that_is_registered_there(
    switch: Switch, ari: Ari, ada: Phone, tmp_path: Path
) -> None:
    """The ban list makes an exception for names known at an address; it must be no way in."""
    words = dictionary(tmp_path, *(f"guess{number}" for number in range(60)), PASSWORD)
    said = await run("svcrack", switch, "-u", "ada", "-d", words, "--maximumtime", "3")
    assert PASSWORD not in said, said
    assert [ban["tried"] for ban in await ari.get("/helpline/bans")] == ["ada"]
    assert (await ada.register(PASSWORD)).code == 200


async def test_a_stranger_calls_nobody_out(switch: Switch, ari: Ari, ada: Phone) -> None:
    eve = Phone("ada")
    eve.line = await UdpLine.open(eve.got, switch.sip_port)
    try:
        for number in (
            "+4930123456",
            "00491701234567",
            "ada",
            "ben",
            "911",
            "1001",
            "%2B4930",
        ):
            invite = await eve.dial(f"sip:{number}@127.0.0.1")
            said = await eve.expect(404)
            eve.ack(invite, said)
    finally:
        eve.line.close()
    assert await ari.get("/channels") == []
