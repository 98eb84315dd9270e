"""A telephone provider made by hand: a registrar that asks for the password, calls that come from it and go to it."""

from __future__ import annotations

import asyncio
from hashlib import md5
from typing import Self

from helpline_switch.sip.digest import parse_digest
from helpline_switch.sip.tests.peer import Call, Message, Phone, Request, UdpLine, ha1
from tests.peers.ports import VOICES, free_port
from tests.peers.voice import Voice

REALM, NONCE = "carrier.example", "carrier-nonce"
CHALLENGE = f'Digest realm="{REALM}", nonce="{NONCE}", algorithm=MD5, qop="auth"'
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)


class Carrier(Phone):
    """``async with Carrier(sip_port, "acme", "secret") as carrier``: a provider that the switch registers with.

    It answers REGISTER and OPTIONS by itself; calls wait in the inbox for the test. ``out_of_order``: it refuses
    calls with 503. ``voice`` is what the far end says and hears.
    """

    def __init__(self, sip_port: int, username: str, password: str, *, hum: float = 700) -> None:
        super().__init__("carrier")
        self.sip_port, self.username, self.password = sip_port, username, password
        self.out_of_order = False
        self.contact_of_desk = ""
        self.refused = 0
        self._seen: set[bytes] = set()
        self.registered = asyncio.Event()
        self.voice = Voice(free_port(among=VOICES), hum=hum)

    async def __aenter__(self) -> Self:
        self.line = await UdpLine.open(self.got, self.sip_port)
        await self.voice.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.voice.__aexit__(*error)  # type: ignore[arg-type]  # the error is passed on as it is
        self.line.close()

    @property
    def port(self) -> int:
        return int(self.line.host.split(":")[1])

    @property
    def sdp(self) -> str:
        return _SDP.format(port=self.voice.port)

    def got(self, data: bytes) -> None:
        if not data.strip() or data in self._seen:
            return  # a repetition, because the test was slow to answer
        self._seen.add(data)
        message = Message(data)
        if message.start.startswith("REGISTER"):
            self._register(message)
        elif message.start.startswith("OPTIONS"):
            self.reply(message, 200)
        elif message.start.startswith("INVITE") and self.out_of_order:
            self.refused += 1
            self.reply(message, 503)
        else:
            super().got(data)

    def _register(self, request: Message) -> None:
        if not self.proves(request, "REGISTER", "authorization"):
            self.reply(request, 401, f"WWW-Authenticate: {CHALLENGE}")
            return
        gone = request.get("expires") == "0"
        self.contact_of_desk = "" if gone else request.contact_uri()
        (self.registered.clear if gone else self.registered.set)()
        self.reply(request, 200, f"Contact: <{request.contact_uri()}>;expires={request.get('expires')}")

    def proves(self, request: Message, method: str, header: str) -> bool:
        """Whether the request bears the password (RFC 7616 3.4.1)."""
        given = parse_digest(request.get(header)) if request.get(header) else {}
        if given.get("username") != self.username or given.get("nonce") != NONCE:
            return False
        ha2 = md5(f"{method}:{given['uri']}".encode(), usedforsecurity=False).hexdigest()
        parts = (ha1(self.username, self.password, REALM), NONCE, given["nc"], given["cnonce"], "auth", ha2)
        return md5(":".join(parts).encode(), usedforsecurity=False).hexdigest() == given["response"]

    async def call_in(self, number: str, caller: str) -> tuple[Request, Call]:
        """Somebody outside dials one of the desk's numbers; answered when this returns, with sound both ways."""
        call = Call(caller)
        to = f"<sip:{number}@{REALM}>"
        invite = self.send(self.request("INVITE", self.contact_of_desk, body=self.sdp, call=call, to=to))
        answer = await self.expect(200, "INVITE")
        self.ack(invite, answer)
        self._listen(answer.body)
        return invite, call.established(answer)

    def _listen(self, sdp: str) -> None:
        port = next(line.split()[1] for line in sdp.split("\r\n") if line.startswith("m=audio"))
        self.voice.remote = ("127.0.0.1", int(port))

    async def take_call(self, *, challenge: bool = True) -> tuple[Message, Call]:
        """The desk calls out: asks for the password, rings, answers."""
        invite = await self.expect("INVITE")
        if challenge:
            self.reply(invite, 407, f"Proxy-Authenticate: {CHALLENGE}")
            await self.expect("ACK")
            invite = await self.expect("INVITE")
            assert self.proves(invite, "INVITE", "proxy-authorization"), invite.get("proxy-authorization")
        self.reply(invite, 180)
        self.reply(invite, 200, body=self.sdp)
        await self.expect("ACK")
        self._listen(invite.body)
        return invite, Call.of(invite)

    async def hang_up(self, call: Call) -> None:
        """BYE from the far end."""
        self.send(self.request("BYE", call.target, call=call))
        await self.expect(200, "BYE")

    async def is_hung_up(self) -> None:
        """BYE from the desk."""
        self.reply(await self.expect("BYE"), 200)
