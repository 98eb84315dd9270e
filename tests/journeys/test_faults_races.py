"""P17: whoever hangs up, at whatever step of consult or transfer: what is left is right, and the end is clean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count

import pytest

from tests.journeys.floor import Floor, Row
from tests.peers.baresip import Phone

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.postgres]

_numbers = count(801)


@dataclass
class Scene:
    """Carl talks with Ada, who has asked Sven; each has a telephone."""

    floor: Floor
    call: Row
    carl: Phone
    ada: Phone
    sven: Phone
    left: tuple[str, ...] = ()

    async def press(self, verb: str, body: Row | None = None) -> None:
        await self.floor.do(self.call, verb, body, user="ada")

    def has_left(self, name: str) -> bool:
        phone: Phone = getattr(self, name)
        return any(event["type"] == "CALL_CLOSED" for event in phone.events)

    async def leave(self, *names: str) -> None:
        """They hang up at the same moment."""
        self.left = names
        await asyncio.gather(*(getattr(self, name).hang_up() for name in names))


async def _ringing(scene: Scene) -> None:
    await scene.press("consult", {"to": "sven"})
    await scene.sven.rings(10)


async def _consulting(scene: Scene) -> None:
    await _ringing(scene)
    await scene.sven.accept()
    await scene.floor.agent("sven", "talking")


async def _three_way(scene: Scene) -> None:
    await _consulting(scene)
    await scene.press("merge")
    await scene.floor.call(scene.call["from"], "talking")


async def _completed(scene: Scene) -> None:
    await _three_way(scene)
    await scene.press("complete")
    await scene.ada.expect("CALL_CLOSED")


async def _transferring(scene: Scene) -> None:
    await scene.press("transfer", {"to": "sven"})
    await scene.sven.rings(10)


STEPS: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "ringing": _ringing,
    "consulting": _consulting,
    "three-way": _three_way,
    "completed": _completed,
    "transferring": _transferring,
}
#: step, who leaves, the call's states then, who has it then; empty: both colleagues went, and whoever was heard first
#: decides whether the caller is let go or waits again. A caller whom Sven refuses waits until Ada's wrap-up is over.
RACES: list[tuple[str, tuple[str, ...], str, str]] = [
    ("ringing", ("carl",), "ended", "ada"),
    ("ringing", ("ada",), "offered", ""),
    ("ringing", ("sven",), "held", "ada"),
    ("consulting", ("carl",), "ended", "ada"),
    ("consulting", ("ada",), "talking", "sven"),
    ("consulting", ("sven",), "talking", "ada"),
    ("three-way", ("carl",), "ended", "ada"),
    ("three-way", ("ada",), "talking", "sven"),
    ("three-way", ("sven",), "talking", "ada"),
    ("completed", ("carl",), "ended", "sven"),
    ("completed", ("sven",), "ended", "sven"),
    ("transferring", ("carl",), "ended", "ada"),
    ("transferring", ("sven",), "queued offered talking", ""),
    ("ringing", ("carl", "sven"), "ended", ""),
    ("ringing", ("ada", "sven"), "", ""),
    ("consulting", ("carl", "ada"), "ended", ""),
    ("consulting", ("ada", "sven"), "", ""),
    ("consulting", ("carl", "sven"), "ended", ""),
    ("three-way", ("carl", "ada", "sven"), "ended", ""),
    ("completed", ("carl", "sven"), "ended", "sven"),
]


async def test_somebody_leaves(floor: Floor) -> None:
    ada, sven = await floor.phone("ada", mode="auto"), await floor.phone("sven")
    for step, leavers, state, holder in RACES:
        number = f"0{next(_numbers)}"
        carl = await floor.mobile(number)
        scene = Scene(floor, await floor.call(number, "talking"), carl, ada, sven)
        try:
            await STEPS[step](scene)
            await scene.leave(*leavers)
            await _is(scene, state, holder)
            await _end(scene)
        except AssertionError as error:
            raise AssertionError(f"{step}: {' and '.join(leavers)} hung up: {error}") from None
    await floor.clean(resting=("ada", "sven"))


async def _is(scene: Scene, state: str, holder: str) -> None:
    """The call comes into the state and hands. One that goes on is without those who left."""
    number = scene.call["from"]

    def there() -> bool:
        call = scene.floor.newest(number)
        right = call is not None and call["state"] in state.split() and holder in ("", call["agent"])
        return right and all(scene.floor.has_no_leg(call, name) for name in scene.left)

    if state:
        await scene.floor.until(there, 10, f"{number} to be {state} with {holder}")


async def _end(scene: Scene) -> None:
    """The caller goes; nobody rings or talks any more, and both agents can take the next call."""
    if not scene.has_left("carl"):
        await scene.carl.hang_up()
    await scene.floor.call(scene.call["from"], "ended")
    await scene.floor.empty()
    for name in ("ada", "sven"):
        await scene.floor.on_duty(name)
        getattr(scene, name).forget()
