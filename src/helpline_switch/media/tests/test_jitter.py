from hypothesis import given
from hypothesis import strategies as st

from helpline_switch.media.jitter import LONGEST, JitterQueue


def frame(number: int) -> bytes:
    return bytes([number & 0xFF]) * 160


def filled(*numbers: int) -> JitterQueue:
    queue = JitterQueue()
    for number in numbers:
        queue.push(number & 0xFFFF, frame(number))
    return queue


def played(queue: JitterQueue, count: int) -> list[int | None]:
    return [None if taken is None else taken[0] for taken in (queue.pop() for _ in range(count))]


def test_it_starts_with_two_frames_and_ends_with_silence():
    queue = filled(1)
    assert played(queue, 2) == [None, None]
    queue.push(2, frame(2))
    assert played(queue, 3) == [1, 2, None]
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


def test_a_lost_packet_repeats_the_one_before_and_keeps_the_time():
    queue = filled(1, 2)
    assert played(queue, 1) == [1]
    queue.push(4, frame(4))
    queue.push(5, frame(5))
    assert played(queue, 4) == [2, 2, 4, 5]
    assert (queue.lost, queue.concealed) == (1, 1)


def test_duplicates_and_the_too_late_are_dropped():
    queue = filled(1, 2)
    assert played(queue, 2) == [1, 2]
    for number in (2, 1, 3):
        queue.push(number, frame(number))
    assert played(queue, 2) == [3, None]


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
        assert taken is None or len(taken) == 160
