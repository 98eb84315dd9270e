"""The rtp-io library (RTPProxy inside a process) and the few of its commands that we use.

A session joins two sides: the browser's (ICE-lite and DTLS-SRTP) and the mixer's (plain RTP). ``U`` names the address of
one side and answers the port that the other side uses; sub-commands ``M4`` (DTLS) and ``M5`` (ICE) act on the browser's.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from rtp.io import rtpproxy

from helpline_switch.browser.relay import Relay, Way

# The ids by which sub-commands reach the modules are fixed in the library: 4 and 5, in this order of loading.
_MODULES = ("dtls_gw", "ice_lite")
_DTLS, _ICE = "M4:1", "M5:1"
_PATIENCE_S = 3.0
_LARGEST_ANSWER = 8192
# Sessions are ended by us. A timeout of the library would cut off a call on hold after a minute.
_LONGEST_SILENCE_S = 86_400
# Where nobody listens: the browser's address is found by ICE, this one is only needed to get a port.
_NOWHERE = ("127.0.0.1", 9)
# "E8": an error is one word. An ICE name may begin with the same letter, but has a password behind it.
_ERROR = re.compile(r"E\d*|-\d+")
_ROLES = {"actpass": "A", "active": "A", "passive": "P"}


class ProxyRefused(Exception):
    """The library answered with an error."""


@dataclass(frozen=True, slots=True)
class Side:
    """Our side towards the browser, as the library tells it."""

    port: int
    setup: str
    fingerprint: str
    ufrag: str
    password: str
    candidates: list[str]


class Proxy:
    """The library, started once per process."""

    def __init__(self, ip: str, first: int, last: int) -> None:
        kept = (last - first + 1) // 5
        self._ip, self._relay = ip, Relay(ip, last - kept + 1, last)
        arguments = (
            "-F",
            "-6" if ":" in ip else "-l",
            ip,
            "-m",
            str(first),
            "-M",
            str(last - kept),
            "-d",
            "ERR",
        )
        self._proxy = rtpproxy(modules=_MODULES, extra_args=(*arguments, "-T", str(_LONGEST_SILENCE_S)))
        self._socket: socket.socket = self._proxy.rtpp_sock
        self._socket.settimeout(_PATIENCE_S)

    def take_offer(self, session: str, mixer: tuple[str, int], peer: dict[str, Any]) -> tuple[Side, int]:
        """The browser offered: our side towards it, and the port for the mixer."""
        way = self._open_way(session, peer["relay"])
        peer = _seen_inside(peer, way, self._ip)
        plain = self._ask(_update(session, peer["address"]), *_peer_commands(peer))[0]
        answer = self._ask(_update(session, mixer, answering=True), f"{_DTLS} S", f"{_ICE} S")
        return self._shown(_side(answer), way), _port(plain)

    def make_offer(self, session: str, mixer: tuple[str, int], *, relay: bool) -> tuple[Side, int]:
        """We offer to a browser: our side towards it, and the port for the mixer."""
        way = self._open_way(session, relay)
        answer = self._ask(_update(session, mixer), f"{_DTLS} S", f"{_ICE} S")
        plain = self._ask(_update(session, _NOWHERE, answering=True))[0]
        return self._shown(_side(answer), way), _port(plain)

    def take_answer(self, session: str, peer: dict[str, Any]) -> None:
        """The browser accepted our offer."""
        peer = _seen_inside(peer, self._relay.way(session), self._ip)
        self._ask(_update(session, peer["address"], answering=True), *_peer_commands(peer))

    def end(self, session: str) -> None:
        """Delete the session; ProxyRefused if there is none."""
        self._relay.close(session)
        self._ask(f"D {session} ft tt")

    def _open_way(self, session: str, relay: bool) -> Way | None:
        if not relay:
            return None
        try:
            return self._relay.open(session)
        except OSError as error:
            raise ProxyRefused(str(error)) from error

    def _shown(self, side: Side, way: Way | None) -> Side:
        """What the browser is told: our relay's port where there is one."""
        if way is None:
            return side
        way.ufrag, way.password = side.ufrag, side.password
        way.inside = self._ip, side.port
        return replace(side, port=way.port, candidates=[_candidate(self._ip, way.port)])

    def _ask(self, *parts: str) -> list[str]:
        """One command line, its answers. Raises TimeoutError when the library hangs."""
        self._socket.send((" && ".join(parts) + "\n").encode())
        try:
            return split_answer(self._socket.recv(_LARGEST_ANSWER).decode())
        except ProxyRefused as refused:
            raise ProxyRefused(f"{parts[0].split()[0]}: {refused}") from None


def split_answer(line: str) -> list[str]:
    """The answers to the parts of one command line. Raises ProxyRefused when one of them is an error."""
    answers = [answer.strip() for answer in line.strip().split("&&")]
    if any(_ERROR.fullmatch(answer) for answer in answers):
        raise ProxyRefused(line.strip())
    return answers


def _update(session: str, address: tuple[str, int], *, answering: bool = False) -> str:
    family = "6" if ":" in address[0] else ""
    return f"U{family} {session} {address[0]} {address[1]} {'tt ft' if answering else 'ft'}"


def _peer_commands(peer: dict[str, Any]) -> list[str]:
    role = _ROLES[peer["setup"]]
    return [
        f"{_DTLS} {role} {peer['algorithm']} {peer['fingerprint']}",
        f"{_ICE} A {peer['ufrag']} {peer['password']}",
        *(f"{_ICE} C {candidate}" for candidate in peer["candidates"]),
    ]


def _seen_inside(peer: dict[str, Any], way: Way | None, ip: str) -> dict[str, Any]:
    """A browser behind the relay is, for the library, at the relay's port."""
    if way is None:
        return peer
    return peer | {"address": (ip, way.port), "candidates": [_candidate(ip, way.port)]}


def _candidate(ip: str, port: int) -> str:
    """A host candidate, the only one of its component (RFC 8445 5.1.2.1)."""
    return f"1 1 UDP 2130706431 {ip} {port} typ host"


def _side(answers: list[str]) -> Side:
    setup, fingerprint = answers[1].split(None, 1)
    ufrag, password, *candidates = answers[2].split()
    found = [unquote(each.removeprefix("c:")) for each in candidates]
    return Side(_port(answers[0]), setup, fingerprint, ufrag, password, found)


def _port(answer: str) -> int:
    port = int(answer.split()[0])
    if port == 0:
        raise ProxyRefused("no port free for browser media")
    return port
