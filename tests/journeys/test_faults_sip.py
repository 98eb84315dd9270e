"""Bad input on the telephone side: it gets its answer and a clear line in the log, and nobody else notices."""

from __future__ import annotations

import json
import re
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.floor import Floor
from tests.peers.database import own_database
from tests.peers.desk import Desk
from tests.peers.ports import SWITCH_MEDIA, free_port
from tests.peers.sipp import Caller, Sipp, send_raw

pytestmark = [pytest.mark.switch, pytest.mark.peer]

_REGISTER = """\
REGISTER sip:127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-{cseq}-{port};rport
From: <sip:ada@127.0.0.1>;tag=mallory
To: <sip:ada@127.0.0.1>
Call-ID: guess-{port}
CSeq: {cseq} REGISTER
Contact: <sip:ada@127.0.0.1:{port}>
Max-Forwards: 70
{authorization}Content-Length: 0

"""
_MALFORMED = [
    b"INVITE sip:100@127.0.0.1 SIP/2.0\r\nVia: nonsense\r\n\r\n",
    b"INVITE\r\n\r\n",
    b"\x00\x01\x02\xff" * 200,
    b"SIP/2.0 200 OK\r\n\r\n",
    b"INVITE sip:100@127.0.0.1 SIP/2.0\r\n" + b"X: " + b"a" * 60_000 + b"\r\n\r\n",
    b"BYE sip:100@127.0.0.1 SIP/2.0\r\nCall-ID: 1\r\nCSeq: -1 BYE\r\n\r\n",
]


def _register(cseq: int, authorization: str = "") -> bytes:
    line = f"Authorization: {authorization}\n" if authorization else ""
    return _REGISTER.format(port=5999, cseq=cseq, authorization=line).replace("\n", "\r\n").encode()


def _digest(challenge: str, password: str) -> str:
    """RFC 2617 3.2.2, without qop."""
    found = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm, nonce, uri = found["realm"], found["nonce"], "sip:127.0.0.1"

    def hashed(text: str) -> str:
        return md5(text.encode(), usedforsecurity=False).hexdigest()

    response = hashed(f"{hashed(f'ada:{realm}:{password}')}:{nonce}:{hashed(f'REGISTER:{uri}')}")
    return (
        f'Digest username="ada", realm="{realm}", nonce="{nonce}", uri="{uri}", '
        f'response="{response}", algorithm=MD5'
    )


async def test_a_wrong_sip_password(floor: Floor) -> None:
    port = free_port()
    asked = (await send_raw(floor.desk, _register(1), port=port))[0].decode()  # type: ignore[arg-type]  # has the port
    assert asked.startswith("SIP/2.0 401 ")
    challenge = next(line for line in asked.splitlines() if "MD5" in line or "nonce" in line)
    wrong = _register(2, _digest(challenge, "letmein"))
    (refused,) = await send_raw(floor.desk, wrong, port=port)  # type: ignore[arg-type]  # as above
    assert refused.split()[1] == b"403"
    assert "REGISTER of 'ada' from" in floor.desk.log
    async with floor.desk.ari(listen=False) as ari:
        assert (await ari.get("/endpoints/PJSIP/ada"))["state"] == "offline"
    await floor.phone("ada")
    await floor.clean()


async def _rows_of(floor: Floor, number: str) -> list[dict[str, Any]]:
    """What the desk has written of calls from that number."""
    ask = (
        "import json; from helpline.telephony.models import Call;"
        f"rows = Call.objects.filter(from_number={number!r}); print(json.dumps("
        "[{'outcome': one.outcome, 'by': one.ended_by, 'desk': one.desk_id and one.desk.key,"
        " 'state': one.state} for one in rows]))"
    )
    printed = await floor.command("shell", "-c", ask)
    found: list[dict[str, Any]] = json.loads(printed.strip().splitlines()[-1])
    return found


async def _turned_away(floor: Floor, called: str, caller: str) -> None:
    """A stranger gets 404 from the switch; the desk is not even bothered."""
    steps = Caller(called=called, caller=caller).invite().refused(404)
    async with Sipp(floor.desk, steps, floor.directory) as sipp:  # type: ignore[arg-type]  # has the port
        await sipp.finished(30)
    assert re.search(rf"call refused.*called='{called}'", floor.desk.log)
    assert await _rows_of(floor, caller) == []


async def test_a_stranger_dials_a_number_that_is_none(floor: Floor) -> None:
    await _turned_away(floor, "999", "0901")
    await floor.clean()


async def test_ada_dials_a_number_that_is_none(floor: Floor) -> None:
    """A phone of the desk is told in words, and the call is there to be seen."""
    ada = await floor.phone("ada", on_duty=False)
    await ada.dial("999")
    await ada.expect("CALL_ESTABLISHED", 20)
    await ada.expect("CALL_CLOSED", 30)
    assert re.search(r"unknown_number .*number=999", floor.desk.log)
    assert await _rows_of(floor, "ada") == [
        {"outcome": "refused", "by": "desk", "desk": "acme", "state": "ended"}
    ]
    await floor.clean()


async def test_a_stranger_cannot_ring_an_agent(floor: Floor) -> None:
    """Without an account only entry points are reached, whatever is dialled."""
    ada = await floor.phone("ada")
    await _turned_away(floor, "ada", "0902")
    assert "CALL_INCOMING" not in [event["type"] for event in ada.events]
    assert (await floor.agent("ada"))["state"] == "available"
    await floor.clean()


async def test_nonsense_on_the_wire(floor: Floor) -> None:
    """A talk goes on, a new caller is greeted, the log says from where it came."""
    await floor.phone("ada", mode="auto")
    carl = await floor.waiting("0903")
    await carl.voice.hears(400)
    for answer in await send_raw(floor.desk, *_MALFORMED, wait_s=0.2):  # type: ignore[arg-type]  # has the port
        assert not answer or answer.split()[1] in (b"400", b"408", b"416", b"481", b"513"), answer
    assert "malformed message from" in floor.desk.log
    assert "Traceback" not in floor.desk.log.split("malformed message from", 1)[1]
    await carl.voice.hears(400)
    await floor.greeted(await floor.carl("0904"))
    await floor.end_all()
    await floor.clean()


async def test_no_free_rtp_port(tmp_path: Path) -> None:
    """Two voices fit. The third caller is refused at once; an agent who cannot be rung is not thrown off duty."""
    first = free_port(8, SWITCH_MEDIA)
    narrow = Desk(tmp_path, HELPLINE_RTP_PORTS=f"{first}-{first + 7}", **own_database())
    with narrow:
        async with Floor(narrow, tmp_path) as floor:
            await floor.staff((), ring_s=4)
            await floor.phone("ada", mode="auto")
            carl = await floor.waiting("0911")
            await carl.voice.hears(400)
            third = Caller(caller="0912").invite().refused(503)
            async with Sipp(narrow, third, tmp_path) as sipp:  # type: ignore[arg-type]  # has the port
                await sipp.finished()
            assert "no free RTP port" in narrow.log
            await carl.voice.hears(400)
            await floor.end_all()
            await floor.clean(resting=("ada",))

            await floor.off_duty("ada")
            lines = [await floor.mobile(number) for number in ("0913", "0914")]
            await floor.on_duty("ada")
            await floor.until(lambda: "Allocation failed" in narrow.log, 10, "the offer to fail")
            assert (await floor.agent("ada"))["state"] in ("available", "reserved", "busy")
            assert (await floor.call("0913"))["state"] in ("queued", "offered")
            for line in lines:
                await line.hang_up()
            await floor.on_duty("ada")
            await floor.waiting("0915")
            await floor.call("0915", "talking")
            await floor.end_all()
            await floor.clean()
