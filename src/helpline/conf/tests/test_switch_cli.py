"""`helpline switch ...` at the terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpline.conf import cli, switch_cli
from helpline.core.models import AuditRow
from helpline.telephony import eavesdrop, pcap
from helpline.telephony.models import Call, Leg, LegRole
from helpline.telephony.switch_reader import SwitchReader
from helpline.telephony.tests.switch_door import ADAS, CARLS, SIGNALLING, SwitchDoor, switch_door

CALL = "00000000-0000-7000-8000-000000000001"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[SwitchDoor]:
    with switch_door() as door:
        door.embedded()
        monkeypatch.setattr(switch_cli, "_reader", lambda: door.reader)
        yield door


@pytest.fixture
def call() -> Call:
    """Carl's call that rang Ada."""
    now = datetime(2026, 11, 22, 9, 12, tzinfo=UTC)
    call = Call.objects.create(id=CALL, from_number="carl", started_at=now)
    Leg.objects.create(id="leg-carl", call=call, role=LegRole.CALLER, created_at=now)
    Leg.objects.create(id="leg-ada", call=call, role=LegRole.AGENT, endpoint="PJSIP/ada", created_at=now)
    return call


def helpline(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["switch", *words])
    return int(end.value.code or 0)


def test_status_tells_what_is_there(door: SwitchDoor, capsys: pytest.CaptureFixture[str]) -> None:
    phone = {"account": "ada", "transport": "udp", "source": "192.0.2.8:5062", "user_agent": "baresip"}
    door.says("helpline/registrations", [phone | {"browser": False, "since": None}])
    rtp = {"received": 990, "lost": 10, "jitter": 0.004, "mos_estimate": 4.3}
    door.says("helpline/legs", [{"name": "PJSIP/carl-01", "state": "Up", "rtp": rtp}])
    door.says("helpline/trunks", [{"name": "telco", "condition": "registered", "reason": ""}])
    door.says("helpline/bans", [{"address": "203.0.113.5", "tried": "1000"}])
    assert helpline("status") == 0
    said = capsys.readouterr().out
    for words in (
        "embedded, pid 4711",
        "late 0.25 %",
        "12.5 ms late, 1 skipped",
        "990 packets, 1.00 % lost, jitter 4.0 ms, MOS estimate 4.3",
        "1 phones, 4 accounts",
        "192.0.2.8:5062",
        "name telco, condition registered",
        "address 203.0.113.5, tried 1000",
    ):
        assert words in said, words
    assert "draining" not in said


def test_status_says_that_it_drains(door: SwitchDoor, capsys: pytest.CaptureFixture[str]) -> None:
    door.says("helpline/signalling", SIGNALLING | {"draining_ends_in_s": 42.0})
    assert helpline("status") == 0
    assert "the rest is hung up in 42 s" in capsys.readouterr().out


def test_status_of_an_asterisk(door: SwitchDoor, capsys: pytest.CaptureFixture[str]) -> None:
    door.answers.clear()
    door.says("asterisk/info", {"system": {"version": "22.10.0"}})
    door.says("channels", [{}])
    door.says("bridges", [])
    door.says("endpoints", [{"resource": "ada", "state": "online"}, {"resource": "ben", "state": "offline"}])
    assert helpline("status") == 0
    said = capsys.readouterr().out
    assert "Asterisk 22.10.0" in said
    assert "ada" in said
    assert "ben" not in said


def test_a_switch_that_is_away_ends_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(switch_cli, "_reader", lambda: SwitchReader("http://127.0.0.1:9/ari", "x", "y", 0.3))
    assert helpline("status") == 1
    said = capsys.readouterr().err
    assert said.startswith("The switch does not answer at http://127.0.0.1:9/ari: ")
    assert len(said.splitlines()) == 1


@pytest.mark.django_db
def test_the_ladder_of_a_call_with_all_its_legs(
    door: SwitchDoor, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    door.says("helpline/calls/leg-carl/trace", CARLS)
    door.says("helpline/calls/leg-ada/trace", ADAS)
    assert helpline("trace", CALL) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["carl", "switch", "ada"]
    assert len(lines) == 2 + 6
    assert "486 Busy Here" in lines[5]


def test_one_channel_and_its_whole_messages(door: SwitchDoor, capsys: pytest.CaptureFixture[str]) -> None:
    door.says("helpline/calls/1700000000.7/trace", CARLS)
    assert helpline("trace", "1700000000.7", "--text") == 0
    said = capsys.readouterr().out
    assert "INVITE sip:100@helpline SIP/2.0\r\nCall-ID: c1" in said
    assert "m=audio 20002" in said


def test_a_call_of_which_nothing_is_kept(door: SwitchDoor, capsys: pytest.CaptureFixture[str]) -> None:
    assert helpline("trace", "gone") == 1
    assert "Nothing is kept of this call" in capsys.readouterr().err


def test_messages_go_into_a_pcap_only_the_owner_reads(
    door: SwitchDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door.says("helpline/calls/c/trace", CARLS)
    target = tmp_path / "call.pcap"
    assert helpline("trace", "c", "--pcap", str(target)) == 0
    assert "4 packets written" in capsys.readouterr().out
    assert target.read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    assert target.stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_is_named(
    door: SwitchDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door.says("helpline/calls/c/trace", CARLS)
    assert helpline("trace", "c", "--pcap", str(tmp_path / "no" / "call.pcap")) == 1
    assert "No such file or directory" in capsys.readouterr().err


# --- sound


def test_sound_is_not_taken_unless_it_is_allowed(
    door: SwitchDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HELPLINE_TRACE_SOUND", raising=False)
    door.says("helpline/calls/c/trace", CARLS)
    assert helpline("trace", "c", "--pcap", str(tmp_path / "x"), "--rtp", "2") == 1
    assert "HELPLINE_TRACE_SOUND=1" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.django_db
def test_sound_that_is_allowed_is_taken_and_noted(
    door: SwitchDoor,
    call: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = []

    def packets(ports: frozenset[int], seconds: float) -> list[pcap.Packet]:
        asked.append((ports, seconds))
        return [pcap.Packet(2e9, pcap.datagram(("192.0.2.7", 4000), ("192.0.2.1", 20_002), b"rtp"))]

    monkeypatch.setenv("HELPLINE_TRACE_SOUND", "1")
    monkeypatch.setenv("SUDO_USER", "paula")
    monkeypatch.setattr(eavesdrop, "packets", packets)
    monkeypatch.setattr(switch_cli.os, "nice", lambda _by: 0)
    door.says("helpline/calls/leg-carl/trace", CARLS)
    assert helpline("trace", CALL, "--pcap", str(tmp_path / "x"), "--rtp", "2") == 0
    assert asked == [(frozenset({20_002}), 2.0)]
    assert "5 packets written" in capsys.readouterr().out
    row = AuditRow.objects.get(verb="call.sound_taken")
    assert (row.subject_id, row.changes) == (CALL, {"seconds": 2.0, "person": "paula"})


def test_sound_without_a_file_makes_no_sense(door: SwitchDoor, capsys: pytest.CaptureFixture[str]) -> None:
    assert helpline("trace", "c", "--rtp", "2") == 1
    assert "--pcap" in capsys.readouterr().err


# --- draining


def test_drain_says_how_long_it_may_take(door: SwitchDoor, capsys: pytest.CaptureFixture[str]) -> None:
    door.says("helpline/drain", {"calls": 3, "draining_ends_in_s": 60.0}, "POST")
    assert helpline("drain", "--seconds", "60") == 0
    assert ("POST", "helpline/drain?seconds=60") in door.asked
    assert "3 channels may go on for 60 s" in capsys.readouterr().out


def test_an_asterisk_is_drained_in_its_own_console(
    door: SwitchDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert helpline("drain") == 1
    assert "core stop gracefully" in capsys.readouterr().err


def test_without_a_word_the_switch_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr("helpline.conf.switch_process.become_switch", lambda env: started.append(env) or 0)
    assert helpline() == 0
    assert helpline("start") == 0
    assert len(started) == 2
