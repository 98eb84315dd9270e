"""The relay for browsers behind NAT: who may open the way, and who may not."""

import hashlib
import hmac
import socket
import struct

import pytest

from helpline_switch.browser import stun
from helpline_switch.browser.relay import Relay, Way

UFRAG, PASSWORD = "ours", "a-password-of-ours"
CHECK_ID = b"0123456789ab"


def check(
    *, ufrag: str = UFRAG, password: str = PASSWORD, nominate: bool = False, identity: bytes = CHECK_ID
) -> bytes:
    """A connectivity check as a browser sends it: USERNAME, perhaps USE-CANDIDATE, MESSAGE-INTEGRITY, FINGERPRINT."""
    name = f"{ufrag}:theirs".encode()
    body = struct.pack("!HH", 0x0006, len(name)) + name + bytes(-len(name) % 4)
    body += struct.pack("!HH", 0x0025, 0) if nominate else b""
    head = struct.pack("!HHI", 0x0001, len(body) + 24, 0x2112A442) + identity
    tag = hmac.digest(password.encode(), head + body, hashlib.sha1)
    body += struct.pack("!HH", 0x0008, 20) + tag + struct.pack("!HHI", 0x8028, 4, 0)
    return struct.pack("!HHI", 0x0001, len(body), 0x2112A442) + identity + body


def answer(identity: bytes = CHECK_ID) -> bytes:
    return struct.pack("!HHI", 0x0101, 0, 0x2112A442) + identity


@pytest.fixture
def sockets():
    opened = []

    def at(ip: str = "127.0.0.1") -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((ip, 0))
        sock.settimeout(2)
        opened.append(sock)
        return sock

    yield at
    for sock in opened:
        sock.close()


@pytest.fixture
def relay():
    made = Relay("127.0.0.1", 39_900, 39_949)
    yield made
    made.close("ada")


@pytest.fixture
def library(sockets):
    return sockets()


@pytest.fixture
def way(relay, library) -> Way:
    made = relay.open("ada")
    made.ufrag, made.password, made.inside = UFRAG, PASSWORD, library.getsockname()
    return made


def hears_nothing(sock: socket.socket) -> bool:
    sock.settimeout(0.2)
    try:
        sock.recv(2048)
    except TimeoutError:
        return True
    return False


def test_a_check_with_our_password_opens_the_way_in_both_directions(way, library, sockets):
    ada, door = sockets(), ("127.0.0.1", way.port)
    ada.sendto(check(), door)
    assert library.recv(2048) == check()
    library.sendto(answer(), door)
    assert ada.recv(2048) == answer()
    ada.sendto(b"\x80 her voice", door)
    assert library.recv(2048) == b"\x80 her voice"
    library.sendto(b"\x80 ours", door)
    assert ada.recv(2048) == b"\x80 ours"


@pytest.mark.parametrize(
    "forged",
    [
        check(password="guessed"),
        check(ufrag="other"),
        check()[:-30],
        b"\x80 a voice",
        struct.pack("!HHI", 0x0001, 0, 0x2112A442) + CHECK_ID,
        b"",
    ],
)
def test_a_stranger_opens_nothing(way, library, sockets, forged):
    sockets("127.0.0.3").sendto(forged, ("127.0.0.1", way.port))
    assert hears_nothing(library)
    assert way.peer is None


def test_a_stranger_does_not_take_the_place_of_who_is_there(way, library, sockets):
    ada, stranger, door = sockets(), sockets("127.0.0.3"), ("127.0.0.1", way.port)
    ada.sendto(check(), door)
    assert library.recv(2048)
    for data in (b"\x80 foreign", check(password="guessed", nominate=True)):
        stranger.sendto(data, door)
    assert hears_nothing(library)
    library.sendto(b"\x80 ours", door)
    assert ada.recv(2048) == b"\x80 ours"


def test_checks_over_several_ways_are_answered_each_and_the_chosen_one_is_taken(way, library, sockets):
    """A browser tries all its addresses (RFC 8445 7.2) and nominates one."""
    first, second, door = sockets(), sockets("127.0.0.2"), ("127.0.0.1", way.port)
    first.sendto(check(identity=b"a" * 12), door)
    second.sendto(check(identity=b"b" * 12, nominate=True), door)
    assert {library.recv(2048)[8:20] for _ in range(2)} == {b"a" * 12, b"b" * 12}
    for identity in (b"a" * 12, b"b" * 12):
        library.sendto(answer(identity), door)
    assert first.recv(2048) == answer(b"a" * 12)
    assert second.recv(2048) == answer(b"b" * 12)
    library.sendto(b"\x80 ours", door)
    assert second.recv(2048) == b"\x80 ours"


def test_a_closed_way_gives_its_port_back(relay):
    port = relay.open("ada").port
    relay.close("ada")
    relay.close("ada")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", port))


def test_no_port_free_is_said(sockets):
    taken = sockets().getsockname()[1]
    with pytest.raises(OSError, match="no port free"):
        Relay("127.0.0.1", taken, taken).open("ada")


def test_what_is_stun_and_what_is_media():
    assert stun.is_stun(check())
    assert not any(map(stun.is_stun, (b"", b"\x80" * 40, b"\x16\xfe\xfd" + bytes(40), check()[:10])))
    assert stun.nominates(check(nominate=True))
    assert not stun.nominates(check())
