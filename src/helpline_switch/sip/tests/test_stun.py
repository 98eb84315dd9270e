"""STUN on the SIP port (RFC 5389): phones learn where they come from."""

from __future__ import annotations

import asyncio
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline_switch.sip.stun import answer, is_stun

COOKIE = bytes.fromhex("2112a442")
ID = bytes(range(12))


def binding(*attributes, kind=1):
    body = b"".join(
        name.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + b"\0" * (-len(value) % 4)
        for name, value in attributes
    )
    return kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + COOKIE + ID + body


def with_fingerprint(request):
    longer = request[:2] + (int.from_bytes(request[2:4], "big") + 8).to_bytes(2, "big") + request[4:]
    return longer + bytes.fromhex("80280004") + (zlib.crc32(longer) ^ 0x5354554E).to_bytes(4, "big")


def test_the_example_of_rfc_5769():
    """The mapped address of the RFC's sample response: 192.0.2.1 port 32853."""
    said = answer(binding(), ("192.0.2.1", 32853))
    assert said[:4] == bytes.fromhex("0101000c")
    assert said[4:20] == COOKIE + ID
    assert said[20:] == bytes.fromhex("00200008 0001 a147 e112a643")


def test_ipv6_is_hidden_with_the_transaction_too():
    said = answer(binding(), ("2001:db8:1234:5678:11:2233:4455:6677", 32853))
    mapped = bytes(a ^ b for a, b in zip(said[28:44], COOKIE + ID, strict=True))
    assert said[20:28] == bytes.fromhex("00200014 0002 a147")
    assert mapped == bytes.fromhex("20010db8123456780011223344556677")


def test_a_fingerprint_is_answered_with_one():
    said = answer(with_fingerprint(binding()), ("192.0.2.1", 1))
    assert is_stun(said)
    assert said[-8:-4] == bytes.fromhex("80280004")
    assert int.from_bytes(said[-4:], "big") == zlib.crc32(said[:-8]) ^ 0x5354554E
    spoilt = with_fingerprint(binding())[:-1] + b"\0"
    assert answer(spoilt, ("192.0.2.1", 1)) is None


def test_an_attribute_that_must_be_understood_is_named():
    said = answer(binding((0x0003, b"\0\0\0\2"), (0x8022, b"phone")), ("192.0.2.1", 1))
    assert said[:2] == b"\x01\x11"
    assert said[24:28] == b"\0\0\4\x14"
    assert said.endswith(bytes.fromhex("000a 0002 0003 0000"))


@pytest.mark.parametrize("kind", [0x0011, 0x0101, 0x0003])
def test_only_binding_requests_are_answered(kind):
    assert answer(binding(kind=kind), ("192.0.2.1", 1)) is None


def test_a_length_that_lies_is_no_attribute():
    assert answer(binding((0x8022, b"abcd"))[:-6] + b"\xff\xff" + b"abcd", ("192.0.2.1", 1)) is None


@given(st.binary(max_size=200))
def test_noise_raises_nothing(noise):
    for data in (noise, binding()[:8] + ID + noise):
        if is_stun(data):
            answer(data, ("192.0.2.1", 1))


async def test_a_phone_on_udp_asks_the_switch(desk):
    got: asyncio.Queue[bytes] = asyncio.Queue()
    ada = await desk.udp_phone("ada")
    ada.line._got = got.put_nowait
    ada.line.send(binding())
    said = await asyncio.wait_for(got.get(), 4)
    port = int.from_bytes(said[26:28], "big") ^ 0x2112
    assert f"127.0.0.1:{port}" == ada.line.host
