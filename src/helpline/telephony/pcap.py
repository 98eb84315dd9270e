"""Writes packets as a pcap file that Wireshark and tshark read. Pure.

Format: the classic libpcap file (draft-ietf-opsawg-pcap, magic a1b2c3d4, link type 1 Ethernet). SIP messages are
written as if each had come in one UDP datagram, also those that came over TLS or a WebSocket: that is how they can be
read at all.
"""

import ipaddress
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

_MAGIC, _VERSION, _SNAP, _ETHERNET = 0xA1B2C3D4, (2, 4), 262_144, 1
_UDP = 17
_MAC_US, _MAC_THEM = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
_ETHERTYPE = {4: 0x0800, 6: 0x86DD}
_LONGEST = 65_535 - 48
#: stands for a host of which only the name is known (RFC 5737)
_NAMELESS = "192.0.2.1"

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet from its IP header on. `at`: seconds since 1970."""

    at: float
    data: bytes


def write(file: BinaryIO, packets: Iterable[Packet]) -> int:
    """Write them in order of time; returns how many there were."""
    file.write(struct.pack("<IHHiIII", _MAGIC, *_VERSION, 0, 0, _SNAP, _ETHERNET))
    count = 0
    for packet in sorted(packets, key=lambda one: one.at):
        frame = _MAC_THEM + _MAC_US + struct.pack(">H", _ETHERTYPE[packet.data[0] >> 4]) + packet.data
        seconds = int(packet.at)
        micros = min(999_999, round((packet.at - seconds) * 1_000_000))
        file.write(struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame)
        count += 1
    return count


def of_trace(trace: Mapping[str, Any]) -> list[Packet]:
    """The messages of the switch's answer to `/ari/helpline/calls/CHANNEL/trace`."""
    return [_of_message(one) for one in trace["messages"]]


def _of_message(message: Mapping[str, Any]) -> Packet:
    moment = datetime.strptime(message["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
    at = moment.replace(microsecond=int(message["micros"])).timestamp()
    peer, local = _address(message["peer"]), _address(message["local"])
    source, target = (peer, local) if message["direction"] == "in" else (local, peer)
    return Packet(at, datagram(source, target, message["text"].encode()))


def _address(text: str) -> Address:
    host, _colon, port = text.rpartition(":")
    host = host.strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        host = _NAMELESS
    return host, int(port)


def datagram(source: Address, target: Address, payload: bytes) -> bytes:
    """An IP packet with one UDP datagram (RFC 768, RFC 791, RFC 8200). Addresses of two families become IPv6."""
    one, other = ipaddress.ip_address(source[0]), ipaddress.ip_address(target[0])
    if one.version != other.version:
        one, other = _as_v6(one), _as_v6(other)
    payload = payload[:_LONGEST]
    length = 8 + len(payload)
    udp = struct.pack(">HHHH", source[1], target[1], length, 0) + payload
    tail = struct.pack(">HH", _UDP, length) if one.version == 4 else struct.pack(">II", length, _UDP)
    check = _checksum(one.packed + other.packed + tail + udp) or 0xFFFF
    udp = udp[:6] + struct.pack(">H", check) + payload
    return (_v4 if one.version == 4 else _v6)(one.packed, other.packed, udp)


def _v4(source: bytes, target: bytes, udp: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, _UDP, 0) + source + target
    return head[:10] + struct.pack(">H", _checksum(head)) + head[12:] + udp


def _v6(source: bytes, target: bytes, udp: bytes) -> bytes:
    return struct.pack(">IHBB", 6 << 28, len(udp), _UDP, 64) + source + target + udp


def _as_v6(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    if isinstance(address, ipaddress.IPv6Address):
        return address
    return ipaddress.IPv6Address(f"::ffff:{address}")


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
