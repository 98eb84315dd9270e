"""Real phones: baresip registers and is rung, SIPp calls."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import asynccontextmanager

import pytest

from helpline_switch.sip.events import Answered, Ended, Incoming, Party, Registered, UpdateAnswered
from helpline_switch.sip.tests.peer import ANSWER, OFFER

pytestmark = [pytest.mark.peer, pytest.mark.slow]

BARESIP_CONFIG = """\
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module aubridge.so
module_tmp account.so
module_app menu.so
audio_source aubridge,nil
audio_player aubridge,nil
audio_alert aubridge,nil
sip_listen 127.0.0.1:0
call_local_timeout 60
"""


def need(program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@asynccontextmanager
async def running(*command, cwd):
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_baresip_registers_is_rung_held_and_hung_up(desk, tmp_path, transport):
    need("baresip")
    desk.hire("ada")
    port = desk.sip.ports[transport]
    (tmp_path / "config").write_text(BARESIP_CONFIG)
    (tmp_path / "accounts").write_text(
        f"<sip:ada@127.0.0.1:{port};transport={transport}>;auth_pass=secret;answermode=auto;regint=60\n"
    )
    (tmp_path / "contacts").write_text("")
    async with running("baresip", "-f", str(tmp_path), cwd=tmp_path):
        contact = (await desk.next(Registered, 15)).contact
        assert contact.transport == transport
        desk.sip.call("leg", target=contact, caller=Party("Queue", "100", ""), sdp=OFFER)
        answer = await desk.next(Answered, 10)
        assert answer.sdp is not None
        assert "m=audio" in answer.sdp
        desk.sip.reinvite("leg", OFFER.replace("o=- 1 1", "o=- 1 2") + "a=sendonly\r\n")
        held = await desk.next(UpdateAnswered, 10)
        assert held.sdp is not None
        desk.sip.hangup("leg")
        assert (await desk.next(Ended)).by == "us"


async def test_sipp_calls_a_hundred_times(desk, tmp_path):
    need("sipp")
    command = ["sipp", "-sn", "uac", f"127.0.0.1:{desk.sip.ports['udp']}", "-i", "127.0.0.1", "-s", "100"]
    command += ["-m", "100", "-r", "40", "-d", "200", "-nostdin", "-timeout", "20", "-mp", "29500"]
    async with running(*command, cwd=tmp_path) as sipp:
        for _ in range(100):
            incoming = await desk.next(Incoming, 10)
            desk.sip.ring(incoming.dialog_id)
            desk.sip.answer(incoming.dialog_id, ANSWER)
        ended = [await desk.next(Ended, 10) for _ in range(100)]
        await sipp.communicate()
        assert sipp.returncode == 0
    assert {event.by for event in ended} == {"peer"}
    assert not desk.sip._engine._dialogs.by_id
