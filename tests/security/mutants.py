"""Messages for the fuzzer: valid ones that follow what the switch said, and the same with something broken."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from helpline_switch.sip.flows import Address
from helpline_switch.sip.tests.peer import OFFER, Message, authorization

METHODS = ("INVITE", "REGISTER", "OPTIONS", "MESSAGE", "SUBSCRIBE", "NOTIFY", "REFER", "BYE", "CANCEL", "ACK")
METHODS += ("PRACK", "UPDATE", "INFO", "PUBLISH", "INVITE", "INVITE", "INVITE", "REGISTER")
CODES = (
    100,
    180,
    181,
    183,
    199,
    200,
    200,
    200,
    202,
    204,
    302,
    401,
    407,
    408,
    422,
    423,
    480,
    481,
    486,
    487,
    491,
)
CODES += (500, 503, 600, 603, 699)
TOKENS = (
    "",
    " ",
    "0",
    "-1",
    "4294967296",
    "99999999999999999999",
    "\x00",
    "\x0b",
    "\x85",
    "\u2028",
    "é",
    "𝄞",
)
TOKENS += (
    "<",
    ">",
    '"',
    "\\",
    ";",
    ",",
    ":",
    "@",
    "%",
    "%00",
    "%zz",
    "sip:",
    "sips:x",
    "tel:+1",
    "[::1]",
    "[",
    "*",
)
TOKENS += (
    ";lr",
    ";transport=tcp",
    ";maddr=224.0.0.1",
    ";rport=0",
    ";rport=99999",
    ";received=x",
    ";tag=",
    "a" * 3000,
)
HEADERS = (
    "Require: 100rel", "Supported: 100rel, timer, replaces, outbound", "Session-Expires: 90;refresher=uac",
    "Session-Expires: 1", "Min-SE: 999999999", "RAck: 1 1 INVITE", "RSeq: 1", "Replaces: a;to-tag=b;from-tag=c",
    "Refer-To: <sip:x@192.0.2.1>", "Refer-To: <sip:x@y?Replaces=a%3Bto-tag%3Db>", "Expires: 0", "Expires: x",
    "Record-Route: <sip:192.0.2.3;lr>, <sip:192.0.2.4>", "Route: <sip:127.0.0.1;lr>", "Route: <>", "Path: <sip:p;lr>",
    "Contact: *", "Contact: <sip:a@b>, <sip:c@d>;expires=0", "Content-Encoding: gzip", "Content-Type: text/plain",
    "Content-Length: 5", "Max-Forwards: 0", "Max-Forwards: 300", "Authorization: Digest", "Reason: Q.850;cause=16",
    "Via: SIP/2.0/UDP 192.0.2.9", "Event: refer", "Subscription-State: terminated", "Allow: INVITE", "Date: x",
)  # fmt: skip


class Mutants:
    """``message`` gives the next one and the address it comes from; the same seed gives the same messages."""

    def __init__(self, seed: int, heard: Callable[[], list[tuple[bytes, Address]]]) -> None:
        self.random = random.Random(seed)
        self._heard = heard
        self._where: Address | None = None
        self._stays = False
        self._count = 0

    def source(self) -> Address:
        """Where the last message comes from; one with a password from where the challenge went to."""
        stays, self._stays = self._stays, False
        if stays and self._where is not None:
            return self._where
        return f"192.0.2.{self.random.randrange(1, 60)}", 5060

    def message(self) -> bytes:
        """Two in five are left whole, so that calls come about which the others can hit."""
        choose = self.random.random()
        maker = self._fresh if choose < 0.45 else self._answer if choose < 0.65 else self._follow
        whole = maker().encode("utf-8", "surrogatepass")
        return whole if self.random.random() < 0.4 else self._break(whole)

    # --- whole messages

    def _fresh(self) -> str:
        pick, rand = self.random.choice, self.random
        self._count += 1
        method = pick(METHODS)
        name, number = pick(("ada", "ben", "carl", "dora")), f"{self._count}-{rand.randrange(1 << 30):x}"
        lines = self._lines(method, name, number, f"<sip:{pick(('100', 'ada', '+4930'))}@helpline>")
        if method == "REGISTER":
            lines = [line if not line.startswith("To:") else f"To: <sip:{name}@helpline>" for line in lines]
            lines.append(
                f"Contact: <sip:{name}@192.0.2.{rand.randrange(1, 60)}>;expires={pick((0, 60, 300))}"
            )
        if method == "REGISTER" or (method == "INVITE" and self.random.random() < 0.2):
            lines += self._proof(name, method)
        return self._build(f"{method} sip:{pick(('100', 'ada'))}@helpline SIP/2.0", method, lines)

    def _lines(self, method: str, name: str, number: str, to: str) -> list[str]:
        host = f"192.0.2.{self.random.randrange(1, 60)}"
        lines = [
            f"Via: SIP/2.0/UDP {host};branch=z9hG4bK{number};rport", "Max-Forwards: 70",
            f"From: <sip:{name}@{host}>;tag=t{number}", f"To: {to}", f"Call-ID: c{number}",
            f"CSeq: {self.random.randrange(1, 100)} {method}",
        ]  # fmt: skip
        if method in ("INVITE", "UPDATE", "SUBSCRIBE", "REFER"):
            lines.append(f"Contact: <sip:{name}@{host}>")
        if self.random.random() < 0.3:
            lines.append(self.random.choice(HEADERS))
        return lines

    def _proof(self, name: str, method: str) -> list[str]:
        challenge = self._pick(lambda heard: heard.code == 401)
        if challenge is None or self.random.random() < 0.3:
            return ["Authorization: Digest username=x"] if method == "INVITE" else []
        self._stays = True
        password = self.random.choice(("secret", "secret", "wrong"))
        return [authorization(challenge, name, password, method, "sip:helpline")]

    def _answer(self) -> str:
        request = self._pick(lambda heard: not heard.code and heard.method != "ACK")
        if request is None:
            return self._fresh()
        code, to = self.random.choice(CODES), request.get("to")
        if code > 100 and ";tag=" not in to:
            to += f";tag=r{self.random.randrange(3)}"
        lines = [*(f"Via: {via}" for via in request.all("via")), f"From: {request.get('from')}", f"To: {to}"]
        lines += [f"Call-ID: {request.get('call-id')}", f"CSeq: {request.get('cseq')}"]
        lines.append("Contact: <sip:there@192.0.2.7>")
        if code in (401, 407):
            kind = "WWW" if code == 401 else "Proxy"
            lines.append(f'{kind}-Authenticate: Digest realm="x", nonce="{self._count}", qop="auth"')
        return self._build(f"SIP/2.0 {code} So", request.method, lines)

    def _follow(self) -> str:
        """The next request of a call: of one that the switch answered, or one that it began itself."""
        said = self._pick(lambda heard: heard.code >= 101 and heard.method == "INVITE")
        if said is None:
            return self._fresh()
        method = self.random.choice(("ACK", "ACK", "ACK", "BYE", "BYE", "CANCEL", *METHODS))
        number = f"{self.random.randrange(1 << 40):x}"
        lines = [
            f"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{number}", f"From: {said.get('from')}", f"To: {said.get('to')}",
            f"Call-ID: {said.get('call-id')}", "Max-Forwards: 70", "Contact: <sip:x@192.0.2.9>",
        ]  # fmt: skip
        first = said.get("cseq").split()[0]
        if method in ("ACK", "CANCEL"):
            lines[0] = f"Via: {said.get('via')}" if method == "CANCEL" or said.code > 299 else lines[0]
            lines.append(f"CSeq: {first} {method}")
        else:
            lines.append(
                f"CSeq: {(int(first[:9]) if first.isdecimal() else 1) + self.random.randrange(1, 9)} {method}"
            )
        if self.random.random() < 0.3:
            lines.append(self.random.choice(HEADERS))
        return self._build(f"{method} {said.contact_uri() or 'sip:100@helpline'} SIP/2.0", method, lines)

    def _pick(self, fits: Callable[[Message], bool]) -> Message | None:
        heard = self._heard()
        for _ in range(6):
            if not heard:
                return None
            try:
                data, self._where = self.random.choice(heard)
                found = Message(data)
                if fits(found) and len(found.get("cseq").split()) == 2:
                    return found
            except (ValueError, IndexError):
                continue
        return None

    def _build(self, start: str, method: str, lines: list[str]) -> str:
        body = ""
        if method in ("INVITE", "UPDATE") and self.random.random() < 0.8:
            body, lines = OFFER, [*lines, "Content-Type: application/sdp"]
        elif method == "INFO":
            body, lines = "Signal=5\r\nDuration=100\r\n", [*lines, "Content-Type: application/dtmf-relay"]
        return "\r\n".join([start, *lines, f"Content-Length: {len(body.encode())}", "", body])

    # --- broken ones

    def _break(self, whole: bytes) -> bytes:
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 6))):
            whole = self.random.choice(_BREAKERS)(self, whole)
        return whole[:65_000]

    def _flip(self, data: bytes) -> bytes:
        spoilt = bytearray(data or b"x")
        for _ in range(self.random.randrange(1, 8)):
            spoilt[self.random.randrange(len(spoilt))] = self.random.randrange(256)
        return bytes(spoilt)

    def _cut(self, data: bytes) -> bytes:
        return data[: self.random.randrange(len(data) + 1)]

    def _drop_piece(self, data: bytes) -> bytes:
        start = self.random.randrange(len(data) + 1)
        return data[:start] + data[start + self.random.randrange(1, 40) :]

    def _token(self, data: bytes) -> bytes:
        start = self.random.randrange(len(data) + 1)
        token = self.random.choice(TOKENS).encode()
        return data[:start] + token + data[start + self.random.choice((0, 0, len(token))) :]

    def _drop_line(self, data: bytes) -> bytes:
        lines = data.split(b"\r\n")
        del lines[self.random.randrange(len(lines))]
        return b"\r\n".join(lines)

    def _double_line(self, data: bytes) -> bytes:
        lines = data.split(b"\r\n")
        lines.insert(self.random.randrange(len(lines)), self.random.choice(lines))
        return b"\r\n".join(lines)

    def _strange_line(self, data: bytes) -> bytes:
        lines = data.split(b"\r\n")
        lines.insert(self.random.randrange(1, len(lines) + 1), self.random.choice(HEADERS).encode())
        return b"\r\n".join(lines)

    def _strange_value(self, data: bytes) -> bytes:
        lines = data.split(b"\r\n")
        at = self.random.randrange(len(lines))
        name, colon, _ = lines[at].partition(b":")
        lines[at] = name + colon + b" " + self.random.choice((*TOKENS, *HEADERS)).encode()
        return b"\r\n".join(lines)

    def _word(self, data: bytes) -> bytes:
        words = [found.span() for found in re.finditer(rb"[^\s;,:=<>@]+", data)]
        if not words:
            return data
        start, end = self.random.choice(words)
        return data[:start] + self.random.choice(TOKENS).encode() + data[end:]

    def _splice(self, data: bytes) -> bytes:
        heard = self._heard()
        other = self.random.choice(heard)[0] if heard else b"\r\n\r\n"
        return data[: self.random.randrange(len(data) + 1)] + other[self.random.randrange(len(other) + 1) :]

    def _noise(self, _data: bytes) -> bytes:
        return self.random.randbytes(self.random.randrange(0, 300))


_BREAKERS: tuple[Callable[[Any, bytes], bytes], ...] = (
    Mutants._flip, Mutants._cut, Mutants._drop_piece, Mutants._token, Mutants._token, Mutants._drop_line,
    Mutants._double_line, Mutants._strange_line, Mutants._strange_value, Mutants._strange_value, Mutants._word,
    Mutants._word, Mutants._splice, Mutants._noise,
)  # fmt: skip
