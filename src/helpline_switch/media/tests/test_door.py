"""Who gets in: strangers, phones behind NAT, SRTP; ports that rest. Raw sockets on several loopback addresses."""

import base64
import os
import socket

import pytest

from helpline_switch.media import rtp
from helpline_switch.media.errors import BadRequest, NoPortFree
from helpline_switch.media.leg import Leg
from helpline_switch.media.ports import Ports
from helpline_switch.media.srtp import Guard
from helpline_switch.media.terms import Keys, Terms

PHONE, STRANGER, INNER = "127.0.0.1", "127.0.0.3", "10.99.1.2"
SUITE = "AES_CM_128_HMAC_SHA1_80"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def leg():
    port = Ports("127.0.0.1", 39_000, 39_899, Clock())
    made = Leg("carl", port.open(), lambda event: None, lambda: 1_790_000_000.0)
    yield made
    made.door.close()


@pytest.fixture
def sockets():
    opened = []

    def at(ip: str) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((ip, 0))
        sock.settimeout(2)
        opened.append(sock)
        return sock

    yield at
    for sock in opened:
        sock.close()


def packet(seq: int = 1, ssrc: int = 7) -> bytes:
    return rtp.build(0, seq, 160 * seq, ssrc, bytes([seq]) * 160)


def taken(leg: Leg) -> list[bytes]:
    """What the leg let in of what waits at its socket."""
    found = []
    while True:
        try:
            data = leg.door.receive(rtp.LARGEST)
        except BlockingIOError:
            return found
        if data:
            found.append(data)


def keys() -> tuple[Keys, Keys]:
    ours, theirs = (base64.b64encode(os.urandom(30)).decode() for _ in range(2))
    return Keys(SUITE, ours, theirs), Keys(SUITE, theirs, ours)


def test_only_the_negotiated_address_is_heard(leg, sockets):
    carl, stranger = sockets(PHONE), sockets(PHONE)
    stranger.sendto(packet(9), ("127.0.0.1", leg.port))
    leg.connect(carl.getsockname(), 0, 101)
    for sender in (stranger, carl):
        sender.sendto(packet(), ("127.0.0.1", leg.port))
    assert taken(leg) == [packet()]


def test_a_phone_behind_nat_is_found_by_its_first_packet_and_nobody_after_it(leg, sockets):
    carl, stranger, neighbour = sockets(PHONE), sockets(STRANGER), sockets(PHONE)
    leg.connect((INNER, 4000), 0, 101, Terms(latch=PHONE))
    stranger.sendto(packet(1, 666), ("127.0.0.1", leg.port))
    neighbour.sendto(b"hello, no RTP", ("127.0.0.1", leg.port))
    assert taken(leg) == []
    carl.sendto(packet(2), ("127.0.0.1", leg.port))
    assert taken(leg) == [packet(2)]
    for sender in (neighbour, stranger, carl):
        sender.sendto(packet(3), ("127.0.0.1", leg.port))
    assert taken(leg) == [packet(3)]
    assert leg.door.strangers == 3
    leg.door.send(packet(4))
    assert carl.recv(2048) == packet(4), "it is spoken to where it spoke from"


def test_the_same_terms_again_do_not_let_anybody_else_in(leg, sockets):
    carl, other = sockets(PHONE), sockets(PHONE)
    terms = Terms(latch=PHONE)
    leg.connect((INNER, 4000), 0, 101, terms)
    carl.sendto(packet(1), ("127.0.0.1", leg.port))
    assert taken(leg) == [packet(1)]
    leg.connect((INNER, 4000), 0, 101, terms)
    other.sendto(packet(2), ("127.0.0.1", leg.port))
    carl.sendto(packet(3), ("127.0.0.1", leg.port))
    assert taken(leg) == [packet(3)]


def test_a_new_place_is_looked_for_once_more(leg, sockets):
    carl, elsewhere = sockets(PHONE), sockets(PHONE)
    leg.connect(carl.getsockname(), 0, 101)
    leg.connect((INNER, 4000), 0, 101, Terms(latch=PHONE))
    elsewhere.sendto(packet(2), ("127.0.0.1", leg.port))
    assert taken(leg) == [packet(2)]
    leg.connect(carl.getsockname(), 0, 101)
    for sender in (elsewhere, carl):
        sender.sendto(packet(3), ("127.0.0.1", leg.port))
    assert taken(leg) == [packet(3)]


def test_forged_and_replayed_packets_are_not_opened(leg, sockets):
    ours, theirs = keys()
    carl, phone = sockets(PHONE), Guard(theirs)
    leg.connect(carl.getsockname(), 0, 101, Terms(keys=ours))
    sealed = phone.protect(packet(1))
    forged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for data in (forged, packet(1), sealed, sealed):
        carl.sendto(data, ("127.0.0.1", leg.port))
    assert taken(leg) == [packet(1)]
    assert leg.door.guard.refused == 3


def test_a_stranger_without_the_key_cannot_take_the_place_of_a_phone_behind_nat(leg, sockets):
    ours, theirs = keys()
    carl, neighbour = sockets(PHONE), sockets(PHONE)
    leg.connect((INNER, 4000), 0, 101, Terms(latch=PHONE, keys=ours))
    neighbour.sendto(packet(1), ("127.0.0.1", leg.port))
    assert taken(leg) == []
    carl.sendto(Guard(theirs).protect(packet(2)), ("127.0.0.1", leg.port))
    assert taken(leg) == [packet(2)]


def test_a_phone_whose_nat_forgot_it_goes_on_from_its_new_place_if_it_has_the_key(leg, sockets):
    ours, theirs = keys()
    carl, moved, thief = sockets(PHONE), sockets(STRANGER), sockets("127.0.0.4")
    phone, there = Guard(theirs), ("127.0.0.1", leg.port)
    leg.connect((INNER, 4000), 0, 101, Terms(latch=PHONE, keys=ours))
    seen = phone.protect(packet(1))
    carl.sendto(seen, there)
    assert taken(leg) == [packet(1)]
    for data in (packet(2), seen, Guard(keys()[1]).protect(packet(2)), b"", b"\x80"):
        thief.sendto(data, there)
    assert taken(leg) == [], "in clear, seen before, of another key, and no packets at all"
    leg.door.send(b"still to the old place")
    assert carl.recv(100) == b"still to the old place"
    moved.sendto(phone.protect(packet(2)), there)
    assert taken(leg) == [packet(2)]
    leg.door.send(b"to the new one")
    assert moved.recv(100) == b"to the new one"


def test_without_a_key_nobody_moves(leg, sockets):
    carl, moved = sockets(PHONE), sockets(STRANGER)
    leg.connect((INNER, 4000), 0, 101, Terms(latch=PHONE))
    carl.sendto(packet(1), ("127.0.0.1", leg.port))
    assert taken(leg) == [packet(1)]
    moved.sendto(packet(2), ("127.0.0.1", leg.port))
    assert taken(leg) == []


def test_the_same_keys_again_go_on_where_they_were(leg, sockets):
    ours, theirs = keys()
    carl, phone = sockets(PHONE), Guard(theirs)
    leg.connect(carl.getsockname(), 0, 101, Terms(keys=ours))
    first = leg.door.guard
    leg.connect(carl.getsockname(), 0, 101, Terms(keys=ours))
    assert leg.door.guard is first
    renewed = Keys(SUITE, ours.ours, base64.b64encode(os.urandom(30)).decode())
    leg.connect(carl.getsockname(), 0, 101, Terms(keys=renewed))
    sealed = leg.door.guard.protect(packet(5))
    assert phone.open(sealed) == packet(5), "our own key did not change"


@pytest.mark.parametrize(
    "bad", [Keys("ROT13", "AAAA", "AAAA"), Keys(SUITE, "AAAA", "AAAA"), Keys(SUITE, "!", "!")]
)
def test_keys_that_cannot_be_are_refused(leg, bad):
    with pytest.raises(BadRequest):
        leg.connect((PHONE, 4000), 0, 101, Terms(keys=bad))


def test_a_codec_nobody_speaks_is_refused(leg):
    for payload, codec in ((18, None), (0, "opus-not"), (9, "PCMU"), (200, "opus")):
        with pytest.raises(BadRequest):
            leg.connect((PHONE, 4000), payload, 101, Terms(codec=codec))


def test_reports_come_from_where_they_should_and_are_read(leg, sockets):
    carl, reports, stranger = sockets(PHONE), sockets(PHONE), sockets(PHONE)
    leg.connect(carl.getsockname(), 0, 101, Terms(rtcp_port=reports.getsockname()[1]))
    for sender in (stranger, reports):
        sender.sendto(b"\x80\xc9\x00\x01\x00\x00\x00\x07", ("127.0.0.1", leg.port + 1))
    found = [leg.door.read_report() for _ in range(2)]
    assert [bool(data) for data, _ in found] == [False, True]
    assert found[1][1] > 1_700_000_000, "the kernel says when it came"
    leg.door.send_report(b"report")
    assert reports.recv(100) == b"report"


def test_a_freed_port_rests_before_it_is_given_again():
    clock = Clock()
    ports = Ports("127.0.0.1", 38_800, 38_807, clock, quarantine_s=10)
    first = ports.open()
    number = first.rtp.getsockname()[1]
    opened = [first]
    try:
        for sock in first:
            sock.close()
        ports.release(number)
        for _ in range(3):
            opened.append(ports.open())
        assert number not in [pair.rtp.getsockname()[1] for pair in opened[1:]]
        last_resort = ports.open()
        opened.append(last_resort)
        assert last_resort.rtp.getsockname()[1] == number, "rather a port too early than a caller turned away"
        with pytest.raises(NoPortFree):
            ports.open()
    finally:
        for pair in opened:
            for sock in pair:
                sock.close()


def test_after_its_rest_a_port_is_as_good_as_any():
    clock = Clock()
    ports = Ports("127.0.0.1", 38_820, 38_821, clock, quarantine_s=10)
    for _ in range(2):
        pair = ports.open()
        for sock in pair:
            sock.close()
        ports.release(38_820)
        clock.now += 11


def test_one_socket_for_both_families(sockets):
    carl = sockets(PHONE)
    try:
        leg = Leg("carl", Ports("::", 38_900, 38_959, Clock()).open(), lambda event: None, lambda: 0.0)
    except NoPortFree:
        pytest.skip("this machine has no IPv6")
    try:
        leg.connect(carl.getsockname(), 0, 101)
        carl.sendto(packet(1), ("127.0.0.1", leg.port))
        assert taken(leg) == [packet(1)]
        leg.connect((INNER, 4000), 0, 101, Terms(latch=PHONE))
        carl.sendto(packet(2), ("127.0.0.1", leg.port))
        assert taken(leg) == [packet(2)]
        leg.door.send(packet(3))
        assert carl.recv(2048) == packet(3)
    finally:
        leg.door.close()


def test_ipv6(sockets):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as carl:
        try:
            carl.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        leg = Leg("carl", Ports("::1", 38_840, 38_899, Clock()).open(), lambda event: None, lambda: 0.0)
        try:
            leg.connect(carl.getsockname()[:2], 0, 101)
            carl.sendto(packet(1), ("::1", leg.port))
            assert taken(leg) == [packet(1)]
            leg.connect(("fd00::9", 4000), 0, 101, Terms(latch="::1"))
            carl.sendto(packet(2), ("::1", leg.port))
            assert taken(leg) == [packet(2)]
            leg.door.send(packet(3))
            carl.settimeout(2)
            assert carl.recv(2048) == packet(3)
        finally:
            leg.door.close()
