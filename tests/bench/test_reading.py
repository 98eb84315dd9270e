"""What the benches read: /proc, SIPp's notes and tables, arrivals of frames. Nothing here runs a switch."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from bench import lateness, setups, talks
from bench.processes import Spent, child_name, cpu_s, family, parted, pin, read_stat


def stat_line(command: str, parent: int = 7, user: int = 250, system: int = 50) -> str:
    """A line as in proc(5): pid, (command), state, parent, nine fields, user and system time, more."""
    return f"4711 ({command}) S {parent} 1 1 0 -1 4194304 1 2 3 4 {user} {system} 9 9 20 0 3 0 100 5000 300"


@pytest.mark.parametrize("command", ["asterisk", "python -m switch", "a) S 99 (b", ")", ""])
def test_a_command_may_hold_anything(command: str) -> None:
    stat = read_stat(stat_line(command), clock=100)
    assert (stat.parent, stat.cpu_s) == (7, 3.0)


def test_clock_ticks_are_what_the_system_says() -> None:
    assert read_stat(stat_line("x", user=1000, system=500), clock=1000).cpu_s == 1.5


def test_a_process_that_computes_spends_time() -> None:
    spent, began = Spent({"me": os.getpid()}), time.process_time()
    while time.process_time() - began < 0.1:
        sum(range(1000))
    # the kernel tells hundredths of a second
    assert spent.seconds()["me"] == pytest.approx(time.process_time() - began, abs=0.03)
    assert spent.percent(10.0)["me"] == pytest.approx(1.0, abs=0.3)


def test_nobody_is_no_process() -> None:
    with pytest.raises((FileNotFoundError, ProcessLookupError)):
        cpu_s(1 << 22)


def test_the_children_of_a_switch_have_the_names_of_their_modules() -> None:
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            found = family(os.getpid())
        finally:
            child.kill()
    assert found["signalling"] == os.getpid()
    assert found["server"] == child.pid


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ([b"python", b"-m", b"helpline_switch.media", b"--control", b"5"], "media"),
        ([b"python", b"-m", b"helpline_switch"], "helpline_switch"),
        ([b"sleep", b"5"], ""),
        ([b"odd", b"-m"], ""),
        ([], ""),
    ],
)
def test_name_of_a_child(words: list[bytes], name: str) -> None:
    assert child_name(words) == name


def test_switch_and_load_have_cores_of_their_own() -> None:
    assert parted({0, 1, 2}) == ({2}, {0, 1})
    assert parted({5}) == ({5}, {5})


def test_all_threads_of_a_process_are_pinned() -> None:
    allowed = os.sched_getaffinity(0)
    core, _ = parted(allowed)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        pin([child.pid], core)
        assert os.sched_getaffinity(child.pid) == core
    assert os.sched_getaffinity(0) == allowed


def test_notes_of_sipp_tell_which_phone_talks_to_which_port() -> None:
    log = "2026-11-22 10:00:00 phone 40001 talks to 22000\nphone 40002 talks to 22004\nphone 4 talks"
    assert talks.noted_ports(log) == {40001: 22000, 40002: 22004}


def test_scenario_of_a_talk_takes_its_port_from_the_file_and_notes_the_answer() -> None:
    xml = talks.scenario()
    assert "m=audio [field0] RTP/AVP" in xml
    assert "[media_port]" not in xml
    assert xml.count("<ereg ") == 1


def test_scenario_of_a_set_up_times_invite_to_answer() -> None:
    xml = setups.scenario()
    assert xml.index('start_rtd="true"') < xml.index(' rtd="true"')


def test_answer_times_of_sipp() -> None:
    table = "Date_ms;response_time_ms;rtd_name\n1763.1;8.2;1\n1763.2;12;1\n\n"
    assert setups.answer_times(table) == [8.2, 12.0]
    assert setups.answer_times("") == []


def arrivals(*late_ms: float, first: int = 100) -> lateness.Arrivals:
    """Frames from number ``first``, each so many milliseconds after its time."""
    return [((first + n) & 0xFFFF, 1000 + 0.02 * n + late / 1000) for n, late in enumerate(late_ms)]


def test_frames_in_time_are_not_late() -> None:
    assert lateness.count_late(arrivals(0, 1, 0, 4.9, 0, 0)) == 0


def test_a_late_frame_is_counted_once_and_the_next_in_time_is_not() -> None:
    assert lateness.count_late(arrivals(0, 0, 9, 0, 6, 0, 0)) == 2


def test_a_stream_that_began_late_is_measured_by_its_usual_time() -> None:
    assert lateness.count_late(arrivals(*[30] * 20, 0)) == 0


def test_numbers_wrap_and_lost_frames_make_no_others_late() -> None:
    stream = arrivals(0, 0, 0, 0, 8, 0, first=0xFFFE)
    del stream[1]
    assert lateness.count_late(stream) == 1


def test_share_of_late_frames_over_all_streams() -> None:
    assert lateness.late_percent([arrivals(0, 0, 0, 9), arrivals(0, 0, 0, 0)]) == 12.5
    assert lateness.late_percent([]) == 0.0


def test_the_kernel_says_when_a_packet_came_not_when_it_was_read() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        ear.bind(("127.0.0.1", 0))
        lateness.stamped(ear)
        # The system begins to note times a moment after it was asked.
        deadline = time.monotonic() + 2
        arrival = 0.0
        while not arrival and time.monotonic() < deadline:
            before = time.time()
            mouth.sendto(b"\x80\x00\x12\x34" + bytes(8), ear.getsockname())
            sent = time.time()
            number, arrival = lateness.read(ear)
    assert number == 0x1234
    assert before - 0.001 <= arrival <= sent + 0.05
