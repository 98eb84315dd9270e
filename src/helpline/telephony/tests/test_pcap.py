"""A pcap file says again what was said on the wire, and other programs can read it."""

import io
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpline.telephony import eavesdrop, pcap
from helpline.telephony.tests.switch_door import CARLS, message, trace


def read(data: bytes) -> Iterator[tuple[float, bytes, tuple[str, int], tuple[str, int], bytes]]:
    """Time, IP packet, source, target and payload of each frame; checks lengths and checksums on the way."""
    magic, _major, _minor, _zone, _sig, _snap, link = struct.unpack_from("<IHHiIII", data)
    assert (magic, link) == (0xA1B2C3D4, 1)
    at = 24
    while at < len(data):
        seconds, micros, kept, length = struct.unpack_from("<IIII", data, at)
        assert kept == length
        frame = data[at + 16 : at + 16 + kept]
        at += 16 + kept
        kind, packet = struct.unpack_from(">H", frame, 12)[0], frame[14:]
        yield (seconds + micros / 1e6, packet, *(_v4(packet) if kind == 0x0800 else _v6(packet)))


def _v4(packet: bytes) -> tuple[tuple[str, int], tuple[str, int], bytes]:
    assert packet[0] == 0x45
    assert struct.unpack_from(">H", packet, 2)[0] == len(packet)
    assert _sum(packet[:20]) == 0xFFFF
    pseudo = packet[12:20] + struct.pack(">HH", 17, len(packet) - 20)
    return _udp(packet[20:], pseudo, socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]))


def _v6(packet: bytes) -> tuple[tuple[str, int], tuple[str, int], bytes]:
    assert packet[0] >> 4 == 6
    assert struct.unpack_from(">H", packet, 4)[0] == len(packet) - 40
    pseudo = packet[8:40] + struct.pack(">II", len(packet) - 40, 17)
    one, other = (socket.inet_ntop(socket.AF_INET6, packet[i : i + 16]) for i in (8, 24))
    return _udp(packet[40:], pseudo, one, other)


def _udp(
    data: bytes, pseudo: bytes, source: str, target: str
) -> tuple[tuple[str, int], tuple[str, int], bytes]:
    one, other, length, _check = struct.unpack_from(">HHHH", data)
    assert length == len(data)
    assert _sum(pseudo + data) == 0xFFFF
    return (source, one), (target, other), data[8:]


def _sum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def written(*traces: dict) -> bytes:
    file = io.BytesIO()
    pcap.write(file, [packet for one in traces for packet in pcap.of_trace(one)])
    return file.getvalue()


def test_every_message_is_a_datagram_in_its_direction() -> None:
    found = list(read(written(CARLS)))
    carl, us = ("192.0.2.7", 5060), ("192.0.2.1", 5060)
    assert [(source, target) for _at, _packet, source, target, _payload in found] == [
        (carl, us),
        (us, carl),
        (us, carl),
        (carl, us),
    ]
    assert [payload.decode() for *_rest, payload in found] == [one["text"] for one in CARLS["messages"]]
    assert found[1][0] - found[0][0] == pytest.approx(0.001, abs=1e-5)


def test_messages_of_several_legs_are_sorted_by_time() -> None:
    later, earlier = trace(message("in", "LATER", 9.0)), trace(message("in", "EARLIER", 2.0))
    assert [payload for *_rest, payload in read(written(later, earlier))] == [b"EARLIER", b"LATER"]


@pytest.mark.parametrize(
    ("peer", "shown"),
    [
        ("[2001:db8::7]:5062", ("2001:db8::7", 5062)),
        ("trunk.example:5060", ("192.0.2.1", 5060)),
    ],
)
def test_other_families_and_bare_names_can_be_written(peer: str, shown: tuple[str, int]) -> None:
    one = message("in", "OPTIONS sip:x SIP/2.0\r\n\r\n", 1.0, peer)
    ((_at, _packet, source, _target, payload),) = read(written(trace(one)))
    assert (source, payload) == (shown, one["text"].encode())


@pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed: our own reader proves it"
)
def test_tshark_reads_it(tmp_path: Path) -> None:
    (tmp_path / "call.pcap").write_bytes(written(CARLS))
    fields = ["-T", "fields", "-e", "sip.Method", "-e", "sip.Status-Code"]
    done = subprocess.run(
        ["tshark", "-r", str(tmp_path / "call.pcap"), *fields], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["INVITE", "100", "200", "ACK"]


def test_only_packets_of_the_call_are_taken() -> None:
    ours = pcap.datagram(("192.0.2.7", 4000), ("192.0.2.1", 20_002), b"rtp")
    assert eavesdrop.is_of(ours, frozenset({20_002}))
    assert not eavesdrop.is_of(ours, frozenset({20_004}))
    assert eavesdrop.is_of(pcap.datagram(("::1", 20_004), ("::2", 9), b"rtp"), frozenset({20_004}))
    assert not eavesdrop.is_of(b"\x45" + b"\0" * 40, frozenset({0}))
    assert not eavesdrop.is_of(b"", frozenset({20_002}))


def test_sound_is_taken_from_the_network_once_per_packet() -> None:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0).close()
    except PermissionError:
        pytest.skip("packet sockets need CAP_NET_RAW")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mixer,
    ):
        mixer.bind(("127.0.0.1", 0))
        port = mixer.getsockname()[1]
        stop = threading.Event()

        def speak() -> None:
            number = 0
            while not stop.wait(0.02):
                phone.sendto(b"rtp %d" % number, ("127.0.0.1", port))
                number += 1

        speaker = threading.Thread(target=speak)
        speaker.start()
        try:
            found = eavesdrop.packets(frozenset({port}), 0.5)
        finally:
            stop.set()
            speaker.join()
    file = io.BytesIO()
    pcap.write(file, found)
    payloads = [payload for *_rest, payload in read_unchecked(file.getvalue())]
    assert len(payloads) >= 3
    assert len(payloads) == len(set(payloads)), "the loopback shows packets twice"
    assert all(payload.startswith(b"rtp ") for payload in payloads)


def read_unchecked(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Packet and payload; packets that never left the machine may carry no checksum yet."""
    at = 24
    while at < len(data):
        kept = struct.unpack_from("<I", data, at + 8)[0]
        packet = data[at + 16 + 14 : at + 16 + kept]
        yield packet, packet[28:]
        at += 16 + kept


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("192.0.2.1", False), ("pbx", False)],
)
def test_the_sound_of_another_machine_is_out_of_reach(host: str, local: bool) -> None:
    assert eavesdrop.is_local(host) is local
