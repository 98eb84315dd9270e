"""SIP over TLS, on both switches, and over secure WebSocket, which Asterisk serves itself: registered, called, calling.

The peers check the certificate, which is the one that was given.
"""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from helpline.acd.accounts import Account, browser_objects
from helpline.telephony.asterisk.pjsip import browser_of
from helpline_switch.sip.tests.peer import ANSWER, Call, Phone, TcpLine, WebLine
from tests.conformance.cast import MARKS, AnySwitch, ring
from tests.conformance.test_given import account, give
from tests.peers.ari import Ari
from tests.peers.asterisk import Asterisk, wanted
from tests.peers.switch import Switch

pytestmark = MARKS


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["embedded", "asterisk"])
async def running_securely(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AnySwitch]:
    directory = tmp_path_factory.mktemp(f"secure-{request.param}")
    if request.param == "asterisk":
        wanted()
    made: AnySwitch = Asterisk(directory, secure=True) if request.param == "asterisk" else Switch(directory)
    async with made:
        await _give_ada(made)
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def secure(running_securely: AnySwitch) -> AnySwitch:
    """That switch, alive."""
    if isinstance(running_securely, Asterisk) and await running_securely.revive():
        await _give_ada(running_securely)
    return running_securely


async def _give_ada(switch: AnySwitch) -> None:
    async with switch.ari(listen=False) as ari:
        await give(ari, "ada", account("ada", "ada-secret"))
        if isinstance(switch, Asterisk):
            kinds = browser_objects(Account("ada", "helpline", ""))
            await give(ari, browser_of("ada"), {kind: dict(fields) for kind, fields in kinds.items()})


def trusting(switch: AnySwitch) -> ssl.SSLContext:
    """Believes the certificate of that switch and no other."""
    name = "tls/sip-certificate.pem" if isinstance(switch, Asterisk) else "switch/sip-certificate.pem"
    found = switch.directory / name
    if not found.exists():
        found = next(switch.directory.rglob("sip-certificate.pem"))
    return ssl.create_default_context(cafile=found)


@asynccontextmanager
async def by_tls(switch: AnySwitch) -> AsyncIterator[Phone]:
    # Of the realm are browsers: a telephone belongs to where its switch is.
    phone = Phone("ada", domain="127.0.0.1")
    phone.line = await TcpLine.open(phone.got, switch.sip_port + 1, trusting(switch))
    try:
        yield phone
    finally:
        phone.line.close()


@asynccontextmanager
async def by_secure_websocket(switch: Asterisk) -> AsyncIterator[Phone]:
    phone = Phone("ada")
    url = f"wss://127.0.0.1:{switch.https_port}/ws"
    phone.line = line = await WebLine.open(phone.got, url, "https://127.0.0.1", trusting(switch))
    try:
        yield phone
    finally:
        line.close()
        await line.closing


async def talks_and_hangs_up(phone: Phone, ari: Ari, leg: str) -> None:
    """The telephone is rung, answers, and ends the call itself."""
    invite = await phone.expect("INVITE")
    assert invite.get("via").split()[0] == f"SIP/2.0/{phone.line.name}"
    phone.reply(invite, 180)
    phone.reply(invite, 200, body=ANSWER)
    await phone.expect("ACK")
    await ari.expect("StasisStart", channel=leg)
    call = Call.of(invite)
    phone.send(phone.request("BYE", call.target, call=call))
    await phone.expect(200, "BYE")
    await ari.expect("ChannelDestroyed", channel=leg)


async def test_a_telephone_over_tls_is_called_and_calls(secure: AnySwitch) -> None:
    async with by_tls(secure) as ada, secure.ari() as ari:
        assert (await ada.register("ada-secret")).code == 200
        await ring(ari, "ada", "leg-tls")
        await talks_and_hangs_up(ada, ari, "leg-tls")
        invite = await ada.dial("sip:100@127.0.0.1", password="ada-secret")
        start = await ari.expect("StasisStart", where=lambda event: event["args"] == [])
        channel = start["channel"]["id"]
        assert start["channel"]["name"].startswith("PJSIP/ada-")
        await ari.post(f"/channels/{channel}/answer")
        ada.ack(invite, await ada.expect(200, "INVITE"))
        await ari.delete(f"/channels/{channel}")
        ada.reply(await ada.expect("BYE"), 200)


async def test_a_wrong_password_over_tls(secure: AnySwitch) -> None:
    async with by_tls(secure) as eve:
        assert (await eve.register("guessed")).code in (401, 403)


async def test_an_old_protocol_is_not_spoken(secure: AnySwitch) -> None:
    context = trusting(secure)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionResetError)) as refusal:
        await asyncio.open_connection("127.0.0.1", secure.sip_port + 1, ssl=context)
    # Said by the switch: by an alert, or by hanging up. Our own side would say otherwise that it has no protocol.
    assert isinstance(refusal.value, ConnectionResetError) or "ALERT" in str(refusal.value)


async def test_a_browser_over_secure_websocket_is_called(secure: AnySwitch) -> None:
    if not isinstance(secure, Asterisk):
        pytest.skip("the embedded switch leaves encryption of WebSockets to the web server in front of it")
    async with by_secure_websocket(secure) as ada, secure.ari() as ari:
        assert (await ada.register("ada-secret")).code == 200
        assert (await ari.get(f"/endpoints/PJSIP/{browser_of('ada')}"))["state"] == "online"
        await ring(ari, browser_of("ada"), "leg-wss")
        invite = await ada.expect("INVITE")
        assert "fingerprint:sha-256" in invite.body.lower()
        assert "RTP/SAVPF" in invite.body
        ada.reply(invite, 180)
        ada.reply(invite, 486)
        await ada.expect("ACK")
        gone = await ari.expect("ChannelDestroyed", channel="leg-wss")
        assert gone["cause"] == 17
