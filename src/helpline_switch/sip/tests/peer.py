"""A SIP phone made by hand: it says exactly what a test tells it to say, over UDP, TCP or a WebSocket."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from helpline_switch.sip.framing import Framer

OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
ANSWER = OFFER.replace("4000", "5000")
HOLD = OFFER + "a=sendonly\r\n"
HELD = ANSWER + "a=recvonly\r\n"
PATIENCE = 4.0

_tags = itertools.count(1)


class Message:
    """A message as received."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        head, _, self.body = data.decode().partition("\r\n\r\n")
        self.start, *lines = head.split("\r\n")
        self.headers = [
            (name.strip().lower(), value.strip()) for name, value in (x.split(":", 1) for x in lines)
        ]

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def code(self) -> int:
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        return self.get("cseq").split()[-1] if self.code else self.start.split()[0]

    @property
    def uri(self) -> str:
        return self.start.split()[1]

    @property
    def to_tag(self) -> str:
        return (re.search(r";tag=([^;]+)", self.get("to")) or ["", ""])[1]

    def contact_uri(self) -> str:
        return (re.search(r"<([^>]+)>", self.get("contact")) or ["", ""])[1]

    def __repr__(self) -> str:
        return f"<{self.start} cseq={self.get('cseq')}>"


class Line(Protocol):
    name: str
    host: str

    def send(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class UdpLine(asyncio.DatagramProtocol):
    name = "UDP"

    def __init__(self, got: Callable[[bytes], None]) -> None:
        self._got = got

    @classmethod
    async def open(cls, got: Callable[[bytes], None], port: int) -> UdpLine:
        loop = asyncio.get_running_loop()
        socket, line = await loop.create_datagram_endpoint(
            lambda: cls(got), local_addr=("127.0.0.1", 0), remote_addr=("127.0.0.1", port)
        )
        line.socket = socket
        line.host = f"127.0.0.1:{socket.get_extra_info('sockname')[1]}"
        return line

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._got(data)

    def error_received(self, exc: Exception) -> None:
        self.error = exc

    def send(self, data: bytes) -> None:
        self.socket.sendto(data)

    def close(self) -> None:
        self.socket.close()


class TcpLine(asyncio.Protocol):
    name = "TCP"

    def __init__(self, got: Callable[[bytes], None]) -> None:
        self._got, self._framer = got, Framer()

    @classmethod
    async def open(cls, got: Callable[[bytes], None], port: int, tls: object = None) -> TcpLine:
        socket, line = await asyncio.get_running_loop().create_connection(
            lambda: cls(got), "127.0.0.1", port, ssl=tls
        )
        line.socket = socket
        line.name = "TLS" if tls else "TCP"
        line.host = f"127.0.0.1:{socket.get_extra_info('sockname')[1]}"
        return line

    def data_received(self, data: bytes) -> None:
        for message in self._framer.feed(data):
            self._got(message)

    def send(self, data: bytes) -> None:
        self.socket.write(data)

    def close(self) -> None:
        self.socket.close()


class WebLine:
    name = "WS"

    @classmethod
    async def open(
        cls, got: Callable[[bytes], None], url: str, origin: str, tls: ssl.SSLContext | None = None
    ) -> WebLine:
        line = cls()
        line.name = "WSS" if tls else "WS"
        line.session = aiohttp.ClientSession()
        line.socket = await line.session.ws_connect(
            url, protocols=("sip",), headers={"Origin": origin}, ssl=tls or True
        )
        line.host = f"{secrets.token_hex(6)}.invalid"

        async def read() -> None:
            async for message in line.socket:
                got(message.data.encode())

        line.reader = asyncio.create_task(read())
        return line

    def send(self, data: bytes) -> None:
        self.sending = asyncio.ensure_future(self.socket.send_str(data.decode()))

    def close(self) -> None:
        async def close() -> None:
            await self.socket.close()
            await self.session.close()

        self.closing = asyncio.ensure_future(close())


@dataclass
class Phone:
    """One phone. ``user`` names it in From and Contact, ``domain`` is where it says it belongs."""

    user: str
    line: Line = None  # type: ignore[assignment]  # set by open()
    inbox: list[Message] = field(default_factory=list)
    cseq: int = 0
    domain: str = "helpline"

    def __post_init__(self) -> None:
        self._news = asyncio.Event()

    def got(self, data: bytes) -> None:
        if data.strip():
            self.inbox.append(Message(data))
            self._news.set()

    @property
    def contact(self) -> str:
        # RFC 7118 5.2: "ws" for both, encrypted or not.
        kind = self.line.name.lower().replace("wss", "ws")
        suffix = "" if kind == "udp" else f";transport={kind}"
        return f"sip:{self.user}@{self.line.host}{suffix}"

    async def expect(self, what: str | int, method: str = "") -> Message:
        """The next message of that method or status; earlier others are skipped over but kept away."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for message in self.inbox:
                    fits = message.code == what if isinstance(what, int) else message.start.startswith(what)
                    if fits and (not method or message.method == method):
                        self.inbox.remove(message)
                        return message
                self._news.clear()
                await self._news.wait()

    def seen(self, what: str | int) -> int:
        """How many such messages wait unread."""
        return sum(m.code == what if isinstance(what, int) else m.start.startswith(what) for m in self.inbox)

    async def quiet(self, seconds: float = 0.7) -> None:
        """Lets time pass in which nothing is awaited: long enough for a first repetition (T1 0.5 s)."""
        await asyncio.sleep(seconds)

    def request(
        self,
        method: str,
        uri: str,
        *headers: str,
        body: str = "",
        call: Call | None = None,
        to: str = "",
        content: str = "application/sdp",
    ) -> Request:
        self.cseq += 1
        call = call or Call(self.user, self.domain)
        lines = [
            f"Via: SIP/2.0/{self.line.name} {self.line.host};branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: {call.local}",
            f"To: {call.remote or to or f'<{uri}>'}",
            f"Call-ID: {call.id}",
            f"CSeq: {self.cseq} {method}",
            *headers,
        ]
        if not any(header.lower().startswith("contact:") for header in headers) and method in (
            "INVITE",
            "UPDATE",
        ):
            lines.append(f"Contact: <{self.contact}>")
        if body:
            lines.append(f"Content-Type: {content}")
        lines.append(f"Content-Length: {len(body.encode())}")
        return Request(method, uri, lines, body, call, self.cseq)

    def send(self, request: Request) -> Request:
        self.line.send(request.wire())
        return request

    def ack(self, request: Request, response: Message) -> None:
        """ACK of a final response: in the INVITE's transaction for a refusal, on its own for a 200."""
        call = request.call
        via = request.lines[0] if response.code >= 300 else re.sub("z9hG4bK", "z9hG4bKa", request.lines[0])
        uri = request.uri if response.code >= 300 else response.contact_uri()
        lines = [via, f"From: {call.local}", f"To: {response.get('to')}", f"Call-ID: {call.id}"]
        lines += [f"CSeq: {request.cseq} ACK", "Max-Forwards: 70", "Content-Length: 0"]
        self.line.send(Request("ACK", uri, lines, "", call, request.cseq).wire())

    def cancel(self, request: Request, *headers: str) -> None:
        lines = [request.lines[0], *request.lines[2:5], f"CSeq: {request.cseq} CANCEL", "Max-Forwards: 70"]
        lines += [*headers, "Content-Length: 0"]
        self.line.send(Request("CANCEL", request.uri, lines, "", request.call, request.cseq).wire())

    def reply(self, request: Message, code: int, *headers: str, body: str = "", tag: str = "there") -> None:
        to = request.get("to")
        if code > 100 and ";tag=" not in to:
            to += f";tag={tag}"
        lines = [f"SIP/2.0 {code} Reply", *(f"Via: {via}" for via in request.all("via"))]
        lines += [f"From: {request.get('from')}", f"To: {to}", f"Call-ID: {request.get('call-id')}"]
        lines += [f"CSeq: {request.get('cseq')}", f"Contact: <{self.contact}>", *headers]
        lines += ["Content-Type: application/sdp"] * bool(body) + [f"Content-Length: {len(body.encode())}"]
        self.line.send("\r\n".join([*lines, "", body]).encode())

    async def register(self, password: str, *, expires: int = 300, realm: str = "helpline") -> Message:
        """REGISTER, answering one challenge."""
        call = Call(self.user, self.domain)
        first = self.send(self._register(call, expires))
        response = await self._final(first)
        if response.code != 401:
            return response
        proof = authorization(response, self.user, password, "REGISTER", f"sip:{realm}")
        return await self._final(self.send(self._register(call, expires, proof)))

    def _register(self, call: Call, expires: int, *headers: str) -> Request:
        contact = f"Contact: <{self.contact}>;expires={expires}"
        return self.request(
            "REGISTER", "sip:helpline", contact, *headers, call=call, to=f"<sip:{self.user}@{self.domain}>"
        )

    async def _final(self, request: Request) -> Message:
        async with asyncio.timeout(PATIENCE):
            while True:
                for message in self.inbox:
                    if message.code >= 200 and message.get("cseq") == f"{request.cseq} {request.method}":
                        self.inbox.remove(message)
                        return message
                self._news.clear()
                await self._news.wait()

    async def dial(self, uri: str, *headers: str, body: str = OFFER, password: str = "") -> Request:
        """INVITE; answers a challenge when it has a password."""
        call = Call(self.user, self.domain)
        asks = ("Authorization: Digest username=x",) if password else ()
        invite = self.send(self.request("INVITE", uri, *headers, *asks, body=body, call=call))
        if password:
            response = await self.expect(401)
            self.ack(invite, response)
            proof = authorization(response, self.user, password, "INVITE", uri)
            invite = self.send(self.request("INVITE", uri, *headers, proof, body=body, call=call))
        return invite


class Call:
    """The names of one dialog as this phone sees it."""

    def __init__(self, user: str, domain: str = "helpline") -> None:
        self.id = secrets.token_hex(8)
        self.local = f'"{user.title()}" <sip:{user}@{domain}>;tag=t{next(_tags)}'
        self.remote = ""
        self.target = ""

    def established(self, response: Message) -> Call:
        self.remote, self.target = response.get("to"), response.contact_uri()
        return self

    @classmethod
    def of(cls, invite: Message, tag: str = "there") -> Call:
        """The called side's view."""
        call = cls("x")
        call.id, call.local = invite.get("call-id"), f"{invite.get('to')};tag={tag}"
        call.remote, call.target = invite.get("from"), invite.contact_uri()
        return call


@dataclass
class Request:
    method: str
    uri: str
    lines: list[str]
    body: str
    call: Call
    cseq: int

    def wire(self) -> bytes:
        return "\r\n".join([f"{self.method} {self.uri} SIP/2.0", *self.lines, "", self.body]).encode()


def ha1(user: str, password: str, realm: str = "helpline") -> str:
    return _md5(f"{user}:{realm}:{password}")


def authorization(challenge: Message, user: str, password: str, method: str, uri: str) -> str:
    """The Authorization header answering a challenge (RFC 7616), computed apart from the code under test."""
    said = challenge.get("www-authenticate") or challenge.get("proxy-authenticate")
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', said))
    cnonce = secrets.token_hex(4)
    a2 = _md5(f"{method}:{uri}")
    response = _md5(f"{ha1(user, password, given['realm'])}:{given['nonce']}:00000001:{cnonce}:auth:{a2}")
    return (
        f'Authorization: Digest username="{user}", realm="{given["realm"]}", nonce="{given["nonce"]}", '
        f'uri="{uri}", response="{response}", algorithm=MD5, cnonce="{cnonce}", qop=auth, nc=00000001'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
