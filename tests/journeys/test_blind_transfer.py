"""Ada sends Carl on without asking: to Sven, to a queue; Sven may say no, and Carl is never left in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.floor import HUMS, Floor, Line, Row
from tests.peers.desk import ApiError, Desk

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.slow, pytest.mark.postgres]

CARL = 700.0


async def talking_to_ada(floor: Floor, number: str) -> tuple[Line, Row]:
    """Carl and Ada hear each other; nobody else is on duty."""
    await floor.staff()
    await floor.off_duty("ben", "sven", "lena")
    await floor.phone("ada", mode="auto")
    carl = await floor.carl(number, hum=CARL)
    await floor.greeted(carl)
    carl.press("1")
    call = await floor.call(number, "talking")
    await carl.voice.hears(HUMS["ada"])
    return carl, call


async def test_to_sven_who_answers(desk: Desk, tmp_path: Path) -> None:
    async with Floor(desk, tmp_path) as floor:
        carl, call = await talking_to_ada(floor, "0821")
        sven = await floor.phone("sven")
        await floor.do(call, "transfer", {"to": "sven"}, user="ada")
        await sven.rings()
        await carl.voice.hears_no(HUMS["ada"])
        await carl.hears_something()
        await floor.agent("ada", "wrap_up", "available")
        await sven.accept()
        await carl.voice.hears(HUMS["sven"])
        found = await floor.call("0821", "talking")
        assert found["agent"] == "sven"
        await floor.do(call, "hangup", user="sven")
        await floor.call("0821", "ended")
        await floor.off_duty("ada", "sven")
        await floor.clean()


async def test_to_a_queue_in_which_ben_is_free(desk: Desk, tmp_path: Path) -> None:
    async with Floor(desk, tmp_path) as floor:
        carl, call = await talking_to_ada(floor, "0822")
        keys = {one["key"]: one for one in (await floor.api("GET", "/queues"))["items"]}
        other = next(key for key, one in keys.items() if one["desk"] == "acme" and key != call["queue"])
        await floor.do(call, "transfer", {"to": f"queue:{other}"}, user="ada")
        waiting = await floor.call("0822", "queued", "offered")
        assert waiting["queue"] == other
        await floor.off_duty("ada")
        await carl.hears_something()
        await floor.until(lambda: desk.agent("ada")["state"] == "offline", what="Ada to be off duty")
        ben = await floor.phone("ben", on_duty=False)
        await floor.until(lambda: _comes(desk, "ben"), what="Ben on duty")
        await ben.rings(20)
        await ben.accept()
        await carl.voice.hears(HUMS["ben"])
        assert (await floor.call("0822", "talking"))["agent"] == "ben"
        await ben.hang_up()
        await floor.call("0822", "ended")
        await floor.off_duty("ben")
        await floor.clean()


def _comes(desk: Desk, name: str) -> bool:
    try:
        desk.api("POST", f"/agents/{name}/state", {"state": "available"})
    except ApiError as error:
        if error.status != 409:
            raise
        return False
    return True


async def test_sven_says_no_and_carl_is_first_in_line(desk: Desk, tmp_path: Path) -> None:
    """The place in the line is kept; somebody who can help gets the call next."""
    async with Floor(desk, tmp_path) as floor:
        carl, call = await talking_to_ada(floor, "0823")
        sven = await floor.phone("sven")
        await floor.do(call, "transfer", {"to": "sven"}, user="ada")
        await sven.rings()
        await floor.off_duty("ada")
        later = await floor.waiting("0824", "1")
        await sven.hang_up()
        await carl.hears_something()
        told = await floor.call("0823", "queued", "offered")
        assert told["queue"]
        assert not told["ended_at"]
        await floor.off_duty("sven")
        dora = await floor.phone("dora", on_duty=False, mode="auto")
        await floor.until(lambda: _comes(desk, "dora"), what="Dora on duty")
        await floor.call("0823", "talking")
        await carl.voice.hears(800.0)
        assert (await floor.call("0824"))["state"] in {"queued", "offered"}
        await floor.do(call, "hangup", user="dora")
        await floor.call("0824", "talking")
        await dora.hang_up()
        await later.sipp.finished()
        await floor.off_duty("dora")
        await floor.clean()


async def test_to_nobody_is_refused_and_the_talk_goes_on(desk: Desk, tmp_path: Path) -> None:
    async with Floor(desk, tmp_path) as floor:
        carl, call = await talking_to_ada(floor, "0825")
        for to, code in (
            ("nobody", "no_colleague"),
            ("sven", "colleague_not_free"),
            ("queue:none", "no_queue"),
        ):
            with pytest.raises(ApiError, match=code):
                await floor.do(call, "transfer", {"to": to}, user="ada")
        carl.voice.forget()
        await carl.voice.hears(HUMS["ada"])
        assert (await floor.call("0825"))["state"] == "talking"
        await floor.do(call, "hangup", user="ada")
        await floor.call("0825", "ended")
        await floor.off_duty("ada")
        await floor.clean()
