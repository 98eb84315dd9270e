"""The lines the benches print: ratios, what was not compared, what is not to be trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench import beside_asterisk, browser_legs
from bench.browser_page import Packets
from bench.figures import beside, figure, skipped, tell
from bench.phones import Heard
from bench.setups import Setups
from bench.talks import Talks


def heard(late_rounds: int = 0, late_percent: float = 0.0) -> Heard:
    return Heard(sent=1000, received=990, late_percent=late_percent, rounds=500, late_rounds=late_rounds)


def talk(cpu: float, **more: Any) -> Talks:
    return Talks(50, {"media": cpu}, more.pop("heard", heard()), **more)


def set_up(per_s: float, cpu_ms: float) -> Setups:
    return Setups(600, 600, per_s, cpu_ms, [4.0, 8.0, 12.0], [], 0)


def by_name(lines: Any) -> dict[str, dict[str, Any]]:
    """Lines by name, of both switches where each has one."""
    return {f"{line['name']} {line.get('switch', '')}".strip(): line for line in lines}


def test_above_one_is_a_miss() -> None:
    assert figure("x", 0.5, "%", limit=1.0)["ratio"] == 0.5
    assert figure("x", 2.0, "%", limit=1.0)["ratio"] == 2.0


def test_of_what_should_be_much_too_little_is_a_miss() -> None:
    assert figure("x", 50.0, "1/s", limit=100.0, at_least=True)["ratio"] == 2.0
    assert figure("x", 200.0, "1/s", limit=100.0, at_least=True)["ratio"] == 0.5


def test_nothing_to_divide_by_gives_no_ratio() -> None:
    assert beside("x", 1.0, "%", peer="asterisk", peer_value=0.0)["ratio"] is None
    assert figure("x", 0.0, "1/s", limit=1.0, at_least=True)["ratio"] is None


def test_what_is_skipped_is_said_loudly(capsys: pytest.CaptureFixture[str]) -> None:
    tell(skipped("beside_asterisk", "not here"))
    out, err = capsys.readouterr()
    assert json.loads(out) == {"name": "beside_asterisk", "skipped": "not here"}
    assert "NOT MEASURED, SKIPPED: beside_asterisk" in err


def test_missing_asterisk_is_said_and_not_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(beside_asterisk, "has_asterisk", lambda: False)
    assert beside_asterisk._peer(None) is False
    assert "NOT MEASURED, SKIPPED" in capsys.readouterr().err
    lines = by_name(beside_asterisk.talk_lines("recorded_call", talk(10.0, late_ticks=0.1), None))
    assert lines["recorded_call_cpu"]["peer"] == "not compared"
    assert lines["recorded_call_cpu"]["ratio"] is None


def test_a_call_beside_the_same_call_in_asterisk() -> None:
    ours, peer = talk(10.0, late_ticks=0.5, realtime="round-robin"), talk(20.0)
    lines = by_name(beside_asterisk.talk_lines("recorded_call", ours, peer))
    cost = lines["recorded_call_cpu"]
    assert (cost["value"], cost["peer_value"], cost["ratio"], cost["trusted"]) == (0.2, 0.4, 0.5, True)
    assert lines["recorded_call_late_ticks embedded"]["ratio"] == 0.5
    assert lines["recorded_call_missing_frames asterisk"]["value"] == 1.0
    assert "recorded_call_late_ticks asterisk" not in lines


def test_a_load_that_was_late_itself_is_not_trusted() -> None:
    late = talk(10.0, heard=heard(late_rounds=100, late_percent=3.0), late_ticks=0.0)
    lines = by_name(beside_asterisk.talk_lines("recorded_call", late, talk(20.0)))
    frames = lines["recorded_call_late_frames embedded"]
    assert (frames["ratio"], frames["generator_late_percent"], frames["trusted"]) == (3.0, 20.0, False)
    assert lines["recorded_call_cpu"]["trusted"] is False


def test_phones_that_sent_nothing_prove_nothing() -> None:
    silent = Heard()
    assert (silent.missing_percent, silent.own_late_percent) == (100.0, 100.0)


def test_a_load_that_failed_leaves_its_line_and_no_comparison() -> None:
    failed = {"name": "recorded_call", "switch": "embedded", "failed": "TimeoutError()"}
    lines = list(beside_asterisk.talk_lines("recorded_call", failed, talk(20.0)))
    assert failed in lines
    assert not any(line["name"] == "recorded_call_cpu" for line in lines)


def test_set_ups_against_the_goal_and_the_peer() -> None:
    lines = by_name(beside_asterisk.setup_lines(120, set_up(110.0, 6.0), set_up(119.0, 3.0)))
    assert lines["setups embedded"]["limit"] == 100
    assert lines["setups embedded"]["ratio"] == pytest.approx(0.909, abs=0.001)
    assert lines["setup_cpu"]["ratio"] == 2.0
    assert lines["setup_answer_p95"]["ratio"] == 1.0


def test_no_more_is_asked_than_was_offered() -> None:
    lines = by_name(beside_asterisk.setup_lines(50, set_up(49.0, 6.0), None))
    assert lines["setups embedded"]["limit"] == 45.0
    assert list(lines) == ["setups embedded"]


def test_a_browsers_leg_without_what_the_switch_takes_anyhow() -> None:
    idle, cpu = {"media": 0.0, "browser": 0.5}, {"media": 2.0, "browser": 5.5}
    lines = by_name(browser_legs.figures(10, idle, cpu, Packets(4000, 3960), 8.0))
    assert lines["browser_leg_gateway"]["value"] == 0.5
    assert lines["browser_leg_switch"]["value"] == 0.7
    assert lines["browser_leg_switch"]["idle"] == 0.5
    assert lines["browser_leg_missing"]["value"] == 1.0
    assert lines["browser_leg_gateway"]["trusted"] is True


def test_a_browser_that_cannot_keep_up_is_not_trusted() -> None:
    idle = {"media": 0.0, "browser": 0.0}
    lines = by_name(browser_legs.figures(10, idle, idle, Packets(2000, 2000), 8.0))
    assert lines["browser_leg_gateway"]["trusted"] is False
    assert lines["browser_leg_gateway"]["generator_sent_percent"] == 50.0
