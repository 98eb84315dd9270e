from hypothesis import given
from hypothesis import strategies as st

from helpline_switch.media.jitter import CONTINUED, HOLE, LONGEST, JitterQueue, OpusQueue


def frame(number: int) -> bytes:
    return bytes([number & 0xFF]) * 160


def filled(*numbers: int) -> JitterQueue:
    queue = JitterQueue()
    for number in numbers:
        queue.push(number & 0xFFFF, frame(number))
    return queue


def played(queue: JitterQueue, count: int) -> list[int | str | None]:
    taken = [queue.pop() for _ in range(count)]
    return ["hole" if each is HOLE else None if each is None else each[0] for each in taken]


def test_it_starts_with_two_frames_and_ends_with_silence():
    queue = filled(1)
    assert played(queue, 2) == [None, None]
    queue.push(2, frame(2))
    assert played(queue, 4) == [1, 2, "hole", None]
    assert queue.underruns == 1


def test_numbers_may_wrap():
    assert played(filled(65534, 65535, 65536, 65537), 4) == [254, 255, 0, 1]


def test_a_packet_out_of_order_takes_its_place():
    queue = filled(1, 2)
    assert played(queue, 1) == [1]
    for number in (4, 3, 5):
        queue.push(number, frame(number))
    assert played(queue, 4) == [2, 3, 4, 5]
    assert queue.lost == 0


def test_a_lost_packet_leaves_a_hole_and_keeps_the_time():
    queue = filled(1, 2)
    assert played(queue, 1) == [1]
    queue.push(4, frame(4))
    queue.push(5, frame(5))
    assert played(queue, 4) == [2, "hole", 4, 5]
    assert (queue.lost, queue.holes) == (1, 1)


def test_duplicates_and_the_too_late_are_dropped():
    queue = filled(1, 2)
    assert played(queue, 2) == [1, 2]
    for number in (2, 1, 3):
        queue.push(number, frame(number))
    assert played(queue, 2) == [3, "hole"]


def test_loss_is_counted_as_rfc_3550_says():
    queue = filled(1, 2, 3, 7, 8, 8, 5)
    assert (queue.missing, queue.behind) == (3, 2)
    assert queue.lost == 1, "a doubled packet counts against the lost ones"


def test_key_presses_that_get_lost_are_lost_packets():
    queue = filled(1, 2)
    queue.skip(3)
    queue.skip(6)
    queue.push(7, frame(7))
    assert queue.lost == 2


def test_it_never_holds_more_than_the_limit():
    queue = filled(*range(20))
    assert len(queue) == LONGEST
    assert queue.overruns == 20 - LONGEST
    assert played(queue, 1) == [14]


def test_key_presses_leave_no_hole():
    queue = filled(1, 2)
    assert played(queue, 1) == [1]
    queue.skip(3)
    queue.skip(4)
    queue.push(5, frame(5))
    assert played(queue, 2) == [2, 5]
    assert queue.lost == 0


def test_other_packet_lengths_are_cut_to_frames():
    queue = JitterQueue()
    for number in range(8):
        queue.push(number, bytes([number]) * 80)
    taken = queue.pop()
    assert taken == bytes([0]) * 80 + bytes([1]) * 80
    queue = JitterQueue()
    for number in range(2):
        queue.push(number, b"".join(frame(3 * number + part) for part in range(3)))
    assert played(queue, 6) == [0, 1, 2, 3, 4, 5]


def test_a_new_stream_begins_anew():
    queue = filled(1, 2, 3)
    assert played(queue, 2) == [1, 2]
    queue.push(40000, frame(9))
    assert played(queue, 2) == [3, 9]


def test_a_sender_with_a_fast_clock_builds_up_no_delay():
    queue = filled(*range(6))
    for number in range(6, 600):
        queue.pop()
        queue.push(number, frame(number))
    assert len(queue) <= 3


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 400)), max_size=80))
def test_whatever_comes_it_stays_bounded_and_gives_whole_frames(packets):
    queue = JitterQueue()
    for seq, length in packets:
        queue.push(seq, bytes(length))
        assert len(queue) <= 8
        taken = queue.pop()
        assert not taken or len(taken) == 160


def opus(number: int, config: int = 0b00001_000) -> bytes:
    """A packet of one frame; configuration 1 is SILK at 20 ms."""
    return bytes([config, number])


def test_opus_packets_of_any_size_last_a_tick_each():
    queue = OpusQueue()
    for number in (1, 2, 4):
        queue.push(number, opus(number) + bytes(number))
    assert [queue.pop() for _ in range(2)] == [opus(1) + bytes(1), opus(2) + bytes(2)]
    queue.push(3, opus(3))
    assert queue.pop() == opus(4) + bytes(4), "nothing was primed when 3 was missing: no hole"
    assert (queue.lost, queue.holes) == (0, 0)


def test_a_long_opus_packet_fills_the_ticks_it_lasts():
    queue = OpusQueue()
    long = opus(1, 0b00011_000)
    queue.push(1, long)
    queue.push(2, long)
    assert [queue.pop() for _ in range(6)] == [long, CONTINUED, CONTINUED] * 2


def test_an_opus_packet_that_fits_nowhere_is_left_out_but_not_lost():
    queue = OpusQueue()
    for number, packet in enumerate([opus(0), opus(1, 0b00000_000), b"", opus(3)]):
        queue.push(number, packet)
    assert [queue.pop() for _ in range(2)] == [opus(0), opus(3)]
    assert queue.lost == 0
