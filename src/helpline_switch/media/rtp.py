"""RTP packets (RFC 3550 5.1): the fields we read, and the batch we send."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from helpline_switch.media.g711 import FRAME

HEADER = struct.Struct("!BBHII")
VERSION_2 = 0x80
MARKER = 0x80
LARGEST = 2048
PACKET = np.dtype(
    [
        ("flags", "u1"),
        ("kind", "u1"),
        ("seq", ">u2"),
        ("time", ">u4"),
        ("ssrc", ">u4"),
        ("audio", "u1", FRAME),
    ]
)


class Packet(NamedTuple):
    """``time`` is the RTP timestamp in samples, ``kind`` the payload type without the marker."""

    kind: int
    seq: int
    time: int
    ssrc: int
    payload: bytes


def parse(data: bytes) -> Packet | None:
    """The packet, or None when the bytes are no RTP of version 2."""
    fields = split(data)
    return None if fields is None else Packet(*fields)


def split(data: bytes) -> tuple[int, int, int, int, bytes] | None:
    """The fields of a ``Packet`` as a plain tuple: this runs for every packet, and names cost time."""
    if len(data) < HEADER.size or data[0] & 0xC0 != VERSION_2:
        return None
    flags, kind, seq, time, ssrc = HEADER.unpack_from(data)
    payload = data[HEADER.size :] if flags == VERSION_2 else _payload_behind_extras(data, flags)
    return None if payload is None else (kind & 0x7F, seq, time, ssrc, payload)


def build(kind: int, seq: int, time: int, ssrc: int, payload: bytes, *, marker: bool = False) -> bytes:
    """One packet as bytes."""
    return HEADER.pack(VERSION_2, kind | (MARKER if marker else 0), seq, time, ssrc) + payload


def _payload_behind_extras(data: bytes, flags: int) -> bytes | None:
    begin = HEADER.size + 4 * (flags & 0x0F)
    if flags & 0x10:
        if len(data) < begin + 4:
            return None
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4])
    end = len(data) - (data[-1] if flags & 0x20 else 0)
    return data[begin:end] if begin <= end else None
