"""RTCP compound packets (RFC 3550 6): the reports we send and what we read of those that come."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

SR, RR, SDES, BYE = 200, 201, 202, 203
_VERSION_2 = 0x80
_HEAD = struct.Struct("!BBH")
_SENDER = struct.Struct("!IIIII")
_BLOCK = struct.Struct("!IIIIII")
_CNAME = 1
# Seconds from 1900, where NTP begins, to 1970.
_NTP_OFFSET = 2_208_988_800
_LARGEST_LOSS, _LEAST_LOSS = 0x7FFFFF, -0x800000


class Block(NamedTuple):
    """What one side says of a stream it receives. ``jitter`` in ticks of the RTP clock, ``fraction`` of 256,
    ``last_sr`` and ``delay`` in 1/65536 s (RFC 3550 6.4.1)."""

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int
    last_sr: int
    delay: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender report says of the sender: the NTP time of the report and the same moment on the RTP clock."""

    ntp: int
    time: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Report:
    """One compound packet: who sent it, what it says of its own stream (SR only) and of those it hears."""

    ssrc: int
    sent: Sent | None
    blocks: tuple[Block, ...]
    bye: bool


def ntp_time(wall: float) -> int:
    """A POSIX time as 64 bit NTP timestamp."""
    return int((wall + _NTP_OFFSET) * (1 << 32))


def middle(ntp: int) -> int:
    """The middle 32 bit, in which delays are counted."""
    return ntp >> 16 & 0xFFFFFFFF


def build(ssrc: int, cname: str, sent: Sent | None, block: Block | None, *, bye: bool = False) -> bytes:
    """SR or RR, then SDES with the CNAME that must be in every compound packet (6.1), then BYE if wanted."""
    reported = b"" if block is None else _block(block)
    count = int(block is not None)
    if sent is None:
        first = _packet(RR, count, struct.pack("!I", ssrc) + reported)
    else:
        info = _SENDER.pack(sent.ntp >> 32, sent.ntp & 0xFFFFFFFF, sent.time, sent.packets, sent.octets)
        first = _packet(SR, count, struct.pack("!I", ssrc) + info + reported)
    name = cname.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, _CNAME, len(name)) + name
    chunk += bytes(4 - len(chunk) % 4)
    end = _packet(BYE, 1, struct.pack("!I", ssrc)) if bye else b""
    return first + _packet(SDES, 1, chunk) + end


def parse(data: bytes) -> Report | None:
    """What the packet reports; None unless it passes the checks of RFC 3550 A.2."""
    parts = _split(data)
    if not parts or parts[0][0] not in (SR, RR) or len(parts[0][2]) < 4:
        return None
    (ssrc,) = struct.unpack_from("!I", parts[0][2])
    sent: Sent | None = None
    blocks: list[Block] = []
    for kind, count, body in parts:
        if kind == SR and len(body) >= 4 + _SENDER.size:
            high, low, *rest = _SENDER.unpack_from(body, 4)
            sent = Sent(high << 32 | low, *rest)
            blocks += _blocks(body, 4 + _SENDER.size, count)
        elif kind == RR:
            blocks += _blocks(body, 4, count)
    return Report(ssrc, sent, tuple(blocks), any(kind == BYE for kind, _, _ in parts))


def is_rtcp(data: bytes) -> bool:
    """Whether a datagram on a shared port is RTCP (RFC 5761 4)."""
    return len(data) >= 8 and data[0] & 0xC0 == _VERSION_2 and 192 <= data[1] <= 223


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEAD.pack(_VERSION_2 | count, kind, len(body) // 4) + body


def _block(block: Block) -> bytes:
    lost = min(_LARGEST_LOSS, max(_LEAST_LOSS, block.lost)) & 0xFFFFFF
    second = (min(255, block.fraction) << 24) | lost
    return _BLOCK.pack(block.ssrc, second, block.highest, block.jitter, block.last_sr, block.delay)


def _split(data: bytes) -> list[tuple[int, int, bytes]]:
    """Kind, count and body of each packet; empty when lengths do not add up."""
    parts = []
    at = 0
    while at < len(data):
        if len(data) - at < _HEAD.size or data[at] & 0xC0 != _VERSION_2:
            return []
        flags, kind, words = _HEAD.unpack_from(data, at)
        end = at + 4 * (words + 1)
        if end > len(data):
            return []
        parts.append((kind, flags & 0x1F, data[at + 4 : end]))
        at = end
    return parts


def _blocks(body: bytes, at: int, count: int) -> list[Block]:
    whole = min(count, max(0, len(body) - at) // _BLOCK.size)
    found = []
    for number in range(whole):
        ssrc, second, highest, jitter, last_sr, delay = _BLOCK.unpack_from(body, at + number * _BLOCK.size)
        lost = second & 0xFFFFFF
        lost -= 1 << 24 if lost & 0x800000 else 0
        found.append(Block(ssrc, second >> 24, lost, highest, jitter, last_sr, delay))
    return found
