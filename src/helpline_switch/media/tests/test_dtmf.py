import struct

import pytest

from helpline_switch.media.dtmf import DtmfReceiver, DtmfSender, Press


def event(key: int, duration: int, end: bool = False) -> bytes:
    return struct.pack("!BBH", key, 0x80 * end | 10, duration)


def test_a_press_is_told_once_though_its_end_comes_three_times():
    receiver = DtmfReceiver()
    told = [receiver.packet(1000, event(5, 160 * n), n) for n in (1, 2, 3)]
    told += [receiver.packet(1000, event(5, 800, end=True), 4 + n) for n in range(3)]
    assert [each for each in told if each] == [[Press("5", 100)]]
    assert receiver.overdue(100) == []


def test_a_press_whose_end_packets_are_lost_ends_when_nothing_more_comes():
    receiver = DtmfReceiver()
    receiver.packet(1000, event(11, 320), 10)
    assert receiver.overdue(15) == []
    assert receiver.overdue(19) == [Press("#", 40)]
    assert receiver.packet(1000, event(11, 640, end=True), 20) == []


def test_the_next_press_ends_one_whose_end_was_lost():
    receiver = DtmfReceiver()
    receiver.packet(1000, event(1, 320), 1)
    assert receiver.packet(2000, event(1, 160), 3) == [Press("1", 40)]
    assert receiver.packet(2000, event(1, 800, end=True), 7) == [Press("1", 100)]


def test_only_the_end_packet_arrives():
    assert DtmfReceiver().packet(9, event(10, 800, end=True), 1) == [Press("*", 100)]


def test_an_older_event_that_comes_late_is_no_new_press():
    receiver = DtmfReceiver()
    receiver.packet(5000, event(1, 800, end=True), 1)
    assert receiver.packet(4000, event(2, 800, end=True), 2) == []
    assert receiver.packet(5000 - (1 << 32) & 0xFFFFFFFF, event(1, 800, end=True), 3) == []


def test_timestamps_may_wrap():
    receiver = DtmfReceiver()
    assert receiver.packet(0xFFFFFF00, event(1, 800, end=True), 1)
    assert receiver.packet(0x00000500, event(2, 800, end=True), 2) == [Press("2", 100)]


@pytest.mark.parametrize("payload", [b"", b"\x05\x80", event(16, 800, end=True), event(200, 1, end=True)])
def test_what_is_no_key_is_ignored(payload):
    assert DtmfReceiver().packet(1, payload, 1) == []


def sent(digits: str, **times: int) -> list[bytes | None]:
    sender = DtmfSender()
    sender.add(digits, times.get("between", 100), times.get("duration", 100))
    beats = []
    while sender.busy:
        beat = sender.step()
        beats.append(None if beat is None else (beat.fresh, *struct.unpack("!BBH", beat.payload)))
    return beats


def test_a_digit_is_sent_with_marker_growing_duration_and_three_ends():
    beats = sent("7")
    assert beats[:7] == [
        (True, 7, 10, 160),
        (False, 7, 10, 320),
        (False, 7, 10, 480),
        (False, 7, 10, 640),
        (False, 7, 0x8A, 800),
        (False, 7, 0x8A, 800),
        (False, 7, 0x8A, 800),
    ]
    assert set(beats[7:]) == {None}


def test_digits_keep_their_distance():
    beats = sent("*D", between=200, duration=100)
    begins = [at for at, beat in enumerate(beats) if beat and beat[0]]
    assert [beats[at][1] for at in begins] == [10, 15]
    assert begins[1] - begins[0] == 5 + 10


def test_what_was_sent_is_understood():
    receiver, sender, heard = DtmfReceiver(), DtmfSender(), []
    sender.add("0123456789*#abcd", 60, 80)
    time = 0
    for tick in range(400):
        if not sender.busy:
            break
        beat = sender.step()
        if beat is not None:
            time = tick * 160 if beat.fresh else time
            heard += receiver.packet(time, beat.payload, tick)
    assert "".join(press.digit for press in heard) == "0123456789*#ABCD"
    assert {press.duration_ms for press in heard} == {80}


@pytest.mark.parametrize(
    ("digits", "between", "duration"), [("", 100, 100), ("1w2", 100, 100), ("1", -1, 100), ("1", 100, 9000)]
)
def test_nonsense_is_not_sent(digits, between, duration):
    with pytest.raises(ValueError, match=r"keys|range"):
        DtmfSender().add(digits, between, duration)
