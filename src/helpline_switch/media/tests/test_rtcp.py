"""RTCP on the wire (RFC 3550 6, A.2, A.3, A.8)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline_switch.media import rtcp
from helpline_switch.media.jitter import JitterQueue
from helpline_switch.media.reports import Reports, Spread, Stream

BLOCK = rtcp.Block(
    ssrc=7, fraction=64, lost=-3, highest=0x0001_0005, jitter=80, last_sr=0xAABB_CCDD, delay=65536
)
SENT = rtcp.Sent(ntp=0x1122334455667788, time=160, packets=9, octets=1440)


def test_a_sender_report_is_read_back():
    report = rtcp.parse(rtcp.build(5, "helpline", SENT, BLOCK))
    assert report == rtcp.Report(5, SENT, (BLOCK,), bye=False)


def test_a_receiver_report_with_goodbye_is_read_back():
    report = rtcp.parse(rtcp.build(5, "a name", None, None, bye=True))
    assert report == rtcp.Report(5, None, (), bye=True)


@pytest.mark.parametrize("name", ["", "a", "ab", "abc", "abcd", "x" * 300])
def test_the_name_is_padded_to_whole_words(name):
    packet = rtcp.build(5, name, None, None)
    assert len(packet) % 4 == 0
    assert rtcp.parse(packet) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x40" + rtcp.build(5, "x", None, None)[1:],
        rtcp.build(5, "x", None, None)[:-1],
        struct.pack("!BBHI", 0x80, rtcp.SDES, 1, 5),
        struct.pack("!BBH", 0x80, rtcp.RR, 0),
        struct.pack("!BBHI", 0x80, rtcp.RR, 9, 5),
    ],
)
def test_what_is_no_compound_packet_is_left_out(data):
    assert rtcp.parse(data) is None


def test_a_report_that_promises_more_blocks_than_it_has():
    data = bytearray(rtcp.build(5, "x", None, BLOCK))
    data[0] |= 0x1F
    assert rtcp.parse(bytes(data)).blocks == (BLOCK,)


@given(st.binary(max_size=200))
def test_whatever_comes_it_is_read_or_left_out(data):
    report = rtcp.parse(data)
    assert report is None or report.ssrc >= 0


def test_the_round_trip_is_what_is_left_without_their_delay():
    reports = Reports()
    sent_at, theirs = 1_790_000_000.0, 0.25
    sr = rtcp.middle(rtcp.ntp_time(sent_at))
    block = BLOCK._replace(ssrc=99, last_sr=sr, delay=int(theirs * 65536), jitter=160, lost=4)
    reports.take(rtcp.Report(5, None, (block,), bye=False), 99, 8000, sent_at + theirs + 0.08)
    assert reports.last_round_trip == pytest.approx(0.08, abs=0.001)
    assert (reports.their_lost, reports.last_their_jitter) == (4, pytest.approx(0.02))


def test_a_block_about_somebody_else_says_nothing_of_us():
    reports = Reports()
    reports.take(rtcp.Report(5, None, (BLOCK,), bye=False), 99, 8000, 1_790_000_000.0)
    assert (reports.round_trip.count, reports.their_lost, reports.received) == (0, 0, 1)


def test_our_block_tells_loss_highest_number_and_how_long_ago_they_reported():
    queue, stream, reports = JitterQueue(), Stream(7, 65534, 8000, 0, 0, 0), Reports()
    for seq in (65534, 65535, 1, 2):
        queue.push(seq, bytes(160))
    reports.take(rtcp.Report(7, SENT, (), bye=False), 99, 8000, 1_790_000_000.0)
    block = reports.block(stream, queue, 4, 1_790_000_000.5)
    assert (block.lost, block.fraction, block.highest) == (1, 256 // 5, 0x1_0002)
    assert (block.last_sr, block.delay) == (rtcp.middle(SENT.ntp), 32768)
    again = reports.block(stream, queue, 4, 1_790_000_001.0)
    assert (again.lost, again.fraction) == (1, 0), "the fraction is of the time since the last report"


def test_jitter_follows_the_formula_of_rfc_3550():
    stream = Stream(7, 0, 8000, 0, 0, 0)
    arrivals = [0.0, 0.020, 0.050, 0.060, 0.080]
    for number, arrival in enumerate(arrivals):
        stream.arrived(100 + arrival, (0xFFFFFFF0 + 160 * number) & 0xFFFFFFFF)
    expected = 0.0
    for deviation in (0, 80, 80, 0):
        expected += (deviation - expected) / 16
    assert stream.jitter == pytest.approx(expected, abs=0.01)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40))
def test_a_spread_is_that_of_the_values(values):
    import statistics

    spread = Spread()
    for value in values:
        spread.add(value)
    assert (spread.least, spread.most) == (min(values), max(values))
    assert spread.mean == pytest.approx(statistics.fmean(values), abs=1e-6)
    assert spread.deviation == pytest.approx(statistics.stdev(values), abs=1e-4)
