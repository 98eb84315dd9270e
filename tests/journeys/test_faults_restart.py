"""P14: processes die while people call. Nobody is cut off, nobody loses the place, nobody hangs."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.journeys.floor import HUMS, Floor
from tests.journeys.processes import process_of

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.postgres]


async def test_acd_dies_while_callers_are_everywhere(floor: Floor) -> None:
    """One in the greeting, one in the menu, two waiting, one ringing, one talking, one on hold, one in wrap-up."""
    await floor.staff(wrap_up_s=60, ring_s=60)
    ada = await floor.phone("ada", mode="auto")
    talk = await floor.waiting("0701")
    await talk.voice.hears(HUMS["ada"], within=20)
    cleo = await floor.phone("cleo", mode="auto")
    held = await floor.waiting("0702")
    on_hold = await floor.call("0702", "talking")
    await floor.do(on_hold, "hold", {"asked": True}, user="cleo")
    await floor.call("0702", "held")
    dora = await floor.phone("dora", mode="auto")
    await floor.waiting("0703")
    await floor.call("0703", "talking")
    await dora.hang_up()
    await floor.agent("dora", "wrap_up")
    ben = await floor.phone("ben")
    await floor.waiting("0704")
    await ben.rings(20)
    first, second = await floor.waiting("0705"), await floor.waiting("0706")
    menu = await floor.carl("0707")
    await floor.greeted(menu)
    greeted = await floor.carl("0708")
    await floor.call("0708")
    talk.voice.forget()

    await floor.kill("acd")

    await talk.voice.hears(HUMS["ada"])
    assert _longest_gap(talk.voice.heard(), HUMS["ada"]) < 0.5
    for line in (held, first, second, menu, greeted):
        await line.hears_something()
    assert (await floor.agent("dora"))["state"] == "wrap_up"
    assert (await floor.call("0702"))["state"] == "held"
    await _agrees(floor)
    await ben.accept()
    await floor.call("0704", "talking")
    await floor.do(on_hold, "unhold", user="cleo")
    await held.voice.hears(800)
    for line in (menu, greeted):
        line.press("3")
        await floor.call(line.number, "queued")
    done = await floor.story(await floor.call("0703"))
    await floor.do(done, "wrap_up_done", user="dora")
    for number in ("0705", "0706", "0707", "0708"):
        call = await floor.call(number, "talking")
        assert call["agent"] == "dora"
        await dora.hang_up()
        await floor.call(number, "ended")
        await floor.agent("dora", "wrap_up")
        await floor.do(call, "wrap_up_done", user="dora")
    for phone in (ada, ben, cleo):
        await phone.hang_up()
    await floor.clean()
    for name in ("ada", "ben", "cleo"):
        await floor.agent(name, "wrap_up")


async def test_what_people_did_while_acd_was_away(floor: Floor) -> None:
    """Ben picks up, a waiting caller and a talking one leave, Dora hangs up, somebody new calls: all counts."""
    ada = await floor.phone("ada", mode="auto")
    leaves_talk = await floor.mobile("0711")
    await floor.call("0711", "talking")
    dora = await floor.phone("dora", mode="auto")
    left_by_dora = await floor.waiting("0712")
    await floor.call("0712", "talking")
    ben = await floor.phone("ben")
    await floor.waiting("0713")
    await ben.rings(20)
    gives_up = await floor.mobile("0714")
    stays = await floor.waiting("0715")

    await asyncio.to_thread(floor.desk.kill, "acd")
    await ben.accept()
    await leaves_talk.hang_up()
    await dora.hang_up()
    await gives_up.hang_up()
    newcomer = await floor.carl("0716")

    assert (await floor.call("0713", "talking"))["agent"] == "ben"
    assert (await floor.call("0711", "ended"))["outcome"] == "answered"
    assert (await floor.call("0714", "ended"))["outcome"] == "abandoned"
    await floor.greeted(newcomer)
    await left_by_dora.hears_something()
    await dora.expect("CALL_ESTABLISHED")
    await dora.expect("CALL_ESTABLISHED", 20)
    await floor.call("0712", "talking")
    await left_by_dora.voice.hears(800)
    newcomer.press("3")
    await floor.call("0716", "queued", "offered", "talking")
    assert (await floor.call(stays.number, "talking"))["agent"] == "ada"
    await ada.hang_up()
    await floor.call("0716", "talking")
    for phone in (ada, ben, dora):
        await phone.hang_up()
    await floor.clean(resting=("ada", "ben", "dora"))


async def test_acd_dies_in_consult_and_three_way(floor: Floor) -> None:
    ada = await floor.phone("ada", mode="auto")
    carl = await floor.waiting("0721")
    call = await floor.call("0721", "talking")
    sven = await floor.phone("sven")
    await floor.do(call, "consult", {"to": "sven", "summary": "no VPN"}, user="ada")
    await sven.rings()
    await floor.kill("acd")
    await sven.accept()
    await floor.agent("sven", "talking")
    await carl.hears_something()
    await floor.kill("acd")
    await carl.hears_something()
    assert (await floor.agent("ada"))["state"] == "holding"
    await floor.do(call, "merge", user="ada")
    await carl.voice.hears(HUMS["sven"])
    await carl.voice.hears(HUMS["ada"])
    carl.voice.forget()
    await floor.kill("acd")
    assert _longest_gap(carl.voice.heard(), HUMS["ada"]) < 0.5
    await floor.do(call, "complete", user="ada")
    await ada.expect("CALL_CLOSED")
    await carl.voice.hears_no(HUMS["ada"])
    await carl.voice.hears(HUMS["sven"])
    assert (await floor.call("0721"))["agent"] == "sven"
    await sven.hang_up()
    await floor.clean(resting=("ada", "sven"))


async def test_web_and_worker_die_during_a_call(floor: Floor) -> None:
    ada = await floor.phone("ada", mode="auto")
    carl = await floor.waiting("0731")
    call = await floor.call("0731", "talking")
    await carl.voice.hears(HUMS["ada"])
    carl.voice.forget()
    for process in ("web", "worker"):
        await floor.kill(process)
    assert _longest_gap(carl.voice.heard(), HUMS["ada"]) < 0.5
    assert (await floor.agent("ada"))["state"] == "talking"
    await floor.do(call, "hold", {"asked": True}, user="ada")
    await floor.do(call, "unhold", user="ada")
    await carl.voice.hears(HUMS["ada"])
    await ada.hang_up()
    await floor.clean(resting=("ada",))


async def test_the_switch_dies(floor: Floor) -> None:
    """Its calls are lost, and that is all: rows say so, agents are free, the next call works."""
    ada = await floor.phone("ada", mode="auto")
    await floor.waiting("0741")
    await floor.call("0741", "talking")
    await floor.waiting("0742")
    before = floor.desk.log.count("switch is up")
    os.kill(process_of(floor.desk, "helpline_switch"), signal.SIGKILL)
    await floor.until(lambda: floor.desk.log.count("switch is up") > before, 60, "the switch to be back")
    for number in ("0741", "0742"):
        lost = await floor.call(number, "ended")
        assert lost["ended_by"] == "lost", lost
    assert "switch_lost" in floor.desk.log
    assert "caller_lost" in floor.desk.log
    await ada.hang_up()
    await floor.agent("ada", "lost")
    ada = await floor.phone("ada", mode="auto")
    again = await floor.waiting("0743")
    await floor.call("0743", "talking")
    await again.voice.hears(HUMS["ada"])
    await ada.hang_up()
    await floor.clean(resting=("ada",))


def _longest_gap(heard: object, hum: float) -> float:
    """Seconds in a row without the tone, in what was heard."""
    from tests.peers.voice import RATE, Samples, level

    samples: Samples = heard  # type: ignore[assignment]
    step = RATE // 10
    longest = now = 0.0
    for start in range(0, len(samples) - step, step):
        now = 0.0 if level(samples[start : start + step], hum) > 300 else now + 0.1
        longest = max(longest, now)
    return longest


async def _agrees(floor: Floor) -> None:
    """The legs that the rows have alive are the channels of the switch."""
    rows = await floor.rows()
    assert sorted(rows["legs"]) == sorted(one["id"] for one in await floor.channels())
