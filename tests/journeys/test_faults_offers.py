"""Offers that come to nothing: the caller leaves, the agent does not take it, two telephones of one agent are faster."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.journeys.floor import Floor
from tests.peers.baresip import Phone

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.postgres]

#: seconds in which a phone must fall silent when its caller is gone
SILENT_S = 0.3


async def test_the_caller_leaves_while_ada_rings(floor: Floor) -> None:
    """P5: her phone is silent at once, she has no penalty and gets the next caller."""
    ada = await floor.phone("ada")
    since = (await floor.agent("ada"))["since"]
    took = []
    loop = asyncio.get_running_loop()
    for number in ("0751", "0752", "0753"):
        carl = await floor.mobile(number)
        await ada.rings(10)
        started = loop.time()
        await carl.hang_up()
        await ada.expect("CALL_CLOSED")
        took.append(loop.time() - started)
        call = await floor.call(number, "ended")
        assert (call["outcome"], call["ended_by"]) == ("abandoned", "caller")
        assert await _refusals(floor, call["id"]) == []
        assert (await floor.agent("ada", "available"))["since"] > since
    assert sorted(took)[1] < SILENT_S, took
    await floor.clean()


async def _refusals(floor: Floor, call_id: str) -> list[str]:
    """What was held against agents in a call."""
    story = await floor.api("GET", f"/calls/{call_id}")
    return [event["data"]["code"] for event in story["events"] if event["kind"] == "refused"]


async def _rejects(floor: Floor, ada: Phone, number: str) -> None:
    await floor.do(await floor.call(number), "reject", user="ada")


async def _is_busy(floor: Floor, ada: Phone, number: str) -> None:
    await ada.hang_up()


async def _does_not_answer(floor: Floor, ada: Phone, number: str) -> None:
    await ada.expect("CALL_CLOSED", 8)


async def _pulls_the_plug(floor: Floor, ada: Phone, number: str) -> None:
    ada.vanish()


@pytest.mark.parametrize(
    ("refuse", "ring_s"), [(_rejects, 15), (_is_busy, 15), (_does_not_answer, 5), (_pulls_the_plug, 5)]
)
async def test_the_caller_stays_first(
    floor: Floor, refuse: Callable[[Floor, Phone, str], Awaitable[None]], ring_s: int
) -> None:
    """P9: Ada does not take it; the same caller rings at Ben, who came later, before the one behind."""
    await floor.staff(ring_s=ring_s)
    ada = await floor.phone("ada")
    ben = await floor.phone("ben", on_duty=False)
    first = await floor.waiting("0761")
    await ada.rings(10)
    await floor.waiting("0762")
    await refuse(floor, ada, "0761")
    call = await floor.call("0761", "queued")
    await floor.on_duty("ben")
    assert "0761" in str(await ben.rings(15))
    await ben.accept()
    await floor.call("0761", "talking")
    await first.voice.hears(1000)
    assert await _refusals(floor, call["id"])
    await floor.end_all()
    await floor.clean()


async def test_the_phone_is_gone_before_the_offer(floor: Floor) -> None:
    """A pulled plug is found out by ringing; Ada is lost, the caller goes to Ben, nobody is stuck."""
    await floor.staff(ring_s=4)
    ada = await floor.phone("ada")
    ben = await floor.phone("ben")
    ada.vanish()
    await floor.waiting("0765")
    assert "0765" in str(await ben.rings(15))
    await ben.accept()
    await floor.call("0765", "talking")
    await ben.hang_up()
    await floor.clean()


async def test_no_call_inside_the_wrap_up(floor: Floor) -> None:
    """P10: with a caller waiting, Ada's phone rings when her time is over, and neither sooner nor much later."""
    await floor.staff(wrap_up_s=4)
    loop = asyncio.get_running_loop()
    ada = await floor.phone("ada")
    await floor.waiting("0771")
    await ada.rings(10)
    await ada.accept()
    await floor.call("0771", "talking")
    await floor.waiting("0772")
    await floor.waiting("0773")
    await ada.hang_up()
    await ada.expect("CALL_CLOSED")
    hung_up = loop.time()
    assert "0772" in str(await ada.rings(10))
    assert 3.9 < loop.time() - hung_up < 5.5
    await ada.accept()
    call = await floor.call("0772", "talking")
    await ada.hang_up()
    await floor.agent("ada", "wrap_up")
    asked = loop.time()
    await floor.do(call, "wrap_up_done", user="ada")
    assert "0773" in str(await ada.rings(10))
    assert loop.time() - asked < 2.0
    await floor.end_all()
    await floor.clean()


async def test_two_phones_of_ada_answer_at_once(floor: Floor) -> None:
    """P3: one is in the talk, the other one hears that it was answered elsewhere; it counts once."""
    desk_phone, mobile = await floor.phone("ada"), await floor.phone("ada")
    carl = await floor.waiting("0781")
    await asyncio.gather(desk_phone.rings(10), mobile.rings(10))
    await asyncio.gather(desk_phone.accept(), mobile.accept())
    call = await floor.call("0781", "talking")
    await carl.voice.hears(400)
    over = asyncio.FIRST_COMPLETED
    closing = [asyncio.create_task(one.expect("CALL_CLOSED", 5)) for one in (desk_phone, mobile)]
    done, still = await asyncio.wait(closing, return_when=over)
    assert len(done) == 1
    channels = await floor.channels()
    assert len(channels) == 2, channels
    story = await floor.story(call)
    assert [leg["state"] for leg in story["legs"] if leg["role"] == "agent"].count("up") == 1
    assert (await floor.agent("ada"))["state"] == "talking"
    for waits in still:
        waits.cancel()
    await asyncio.gather(*still, return_exceptions=True)
    winner = mobile if closing[0] in done else desk_phone
    await winner.hang_up()
    await floor.call("0781", "ended")
    await floor.clean(resting=("ada",))
