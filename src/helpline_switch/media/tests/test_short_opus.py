"""Opus packets of less than 20 ms (RFC 6716 3.2): joined, heard, and dropped with their neighbours when one is lost."""

from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline_switch.media.coding import OpusCoder, join_opus, opus_short, opus_ticks
from helpline_switch.media.jitter import HOLE, OpusQueue

SILK_10 = 0


def spoken(milliseconds: float, seconds: float = 0.6) -> list[bytes]:
    """A tone of 700 Hz in packets of that length, as libopus makes them."""
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = 48_000, "mono", "s16"
    context.options = {"application": "lowdelay", "frame_duration": str(milliseconds), "b": "32000"}
    context.open()
    size = round(48 * milliseconds)
    time = np.arange(round(48_000 * seconds)) / 48_000
    tone = (8000 * np.sin(2 * np.pi * 700 * time)).astype(np.int16)
    packets = []
    for begin in range(0, len(tone) - size + 1, size):
        frame = av.AudioFrame.from_ndarray(tone[None, begin : begin + size], format="s16", layout="mono")
        frame.sample_rate = 48_000
        packets += [bytes(packet) for packet in context.encode(frame)]
    return packets


def level(samples: np.ndarray, hz: float) -> float:
    turns = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / 8000)
    return float(2 * abs(np.dot(samples, turns)) / len(samples))


@pytest.mark.parametrize("milliseconds", [2.5, 5, 10])
def test_short_packets_are_heard(milliseconds):
    queue, coder, heard = OpusQueue(), OpusCoder(), []
    each = round(20 / milliseconds)
    for seq, packet in enumerate(spoken(milliseconds)):
        assert opus_short(packet) == milliseconds
        queue.push(seq, packet)
        if seq % each == each - 1 and (frame := queue.pop()):
            assert opus_ticks(frame) == 1
            heard.append(coder.decode(frame))
    assert len(heard) > 25
    assert {len(samples) for samples in heard[2:]} == {160}
    assert level(np.concatenate(heard[10:]), 700) > 6000
    # Packets of another bandwidth are not joined; libopus changes it once, after its first packets.
    assert (queue.lost, queue.holes <= 1) == (0, True)


def part(number: int, config: int = SILK_10) -> bytes:
    return bytes([config << 3, number])


def test_one_that_is_lost_leaves_the_hole_of_its_20_ms():
    queue = OpusQueue()
    for seq in (0, 1, 2, 3):
        queue.push(seq, part(seq))
    assert queue.pop() == join_opus([part(0), part(1)])
    for seq in (4, 6, 7, 8):
        queue.push(seq, part(seq))
    assert [queue.pop() for _ in range(3)] == [
        join_opus([part(2), part(3)]),
        HOLE,
        join_opus([part(6), part(7)]),
    ]
    assert (queue.lost, queue.holes) == (1, 1)


def test_what_comes_twice_or_late_is_left_out():
    queue = OpusQueue()
    for seq in (0, 0, 1, 0, 2, 3, 1):
        queue.push(seq, part(seq))
    assert [queue.pop() for _ in range(2)] == [join_opus([part(n), part(n + 1)]) for n in (0, 2)]


def test_parts_that_begin_otherwise_are_not_joined():
    queue = OpusQueue()
    for seq, packet in enumerate([part(0), part(1, 4), part(2, 4), part(3), part(4)]):
        queue.push(seq, packet)
    assert [queue.pop() for _ in range(2)] == [
        join_opus([part(1, 4), part(2, 4)]),
        join_opus([part(3), part(4)]),
    ]


def test_the_length_of_a_long_frame_takes_two_bytes():
    long = bytes([0]) + bytes(700)
    joined = join_opus([long, long])
    first, second = joined[2:4]
    assert first + 4 * second == 700
    assert len(joined) == 4 + 1400


@given(st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=20)), max_size=200))
def test_whatever_comes_the_queue_stays_bounded(packets):
    queue = OpusQueue()
    for seq, payload in packets:
        queue.push(seq, payload)
        assert len(queue) <= 14
        queue.pop()
