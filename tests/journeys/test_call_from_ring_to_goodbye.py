"""A real caller, real phones: greeting, menu, queue, agent, hold, consult, three-way, hand over, recording, restart."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.peers.baresip import Phone
from tests.peers.desk import Desk
from tests.peers.sipp import Caller, Sipp

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.slow, pytest.mark.postgres]

NUMBER = "+31850001717"


def newest(desk: Desk, number: str = NUMBER) -> dict[str, Any] | None:
    """The last call from the number, as the API tells it."""
    found = [call for call in desk.api("GET", "/calls")["items"] if call["from"] == number]
    return found[0] if found else None


async def until(desk: Desk, good: Any, what: str, seconds: float = 25.0) -> Any:
    return await asyncio.to_thread(desk.eventually, good, seconds, what)


def state_of(desk: Desk, name: str) -> str:
    agents = desk.api("GET", "/agents")["items"]
    return str(next(agent["state"] for agent in agents if agent["name"] == name))


def is_in(desk: Desk, state: str) -> Any:
    """Asks whether the newest call is in the state; gives the call."""

    def ask() -> dict[str, Any] | None:
        call = newest(desk)
        return call if call and call["state"] == state else None

    return ask


async def test_ada_consults_sven_and_hands_carl_over(any_desk: Desk, tmp_path: Path) -> None:
    desk = any_desk
    carl = Caller(called="100", caller=NUMBER).invite().answered().wait(2).info_key("1").wait(40).hung_up()
    async with (
        Phone(desk, "ada", "helpline", tmp_path, hum=500, mode="auto"),  # type: ignore[arg-type]  # has the ports
        Phone(desk, "sven", "helpline", tmp_path, hum=900, mode="auto"),  # type: ignore[arg-type]  # has the ports
    ):
        desk.api("POST", "/agents/ada/state", {"state": "available"}, user="ada")
        async with Sipp(desk, carl, tmp_path):  # type: ignore[arg-type]  # has the ports
            call = await until(desk, is_in(desk, "talking"), "Ada to talk with Carl")
            path = f"/calls/{call['id']}"
            desk.api("POST", f"{path}/hold", {"asked": True}, user="ada")
            await until(desk, is_in(desk, "held"), "Carl to be on hold")
            desk.api("POST", f"{path}/unhold", user="ada")
            await until(desk, is_in(desk, "talking"), "Carl to be back")
            desk.api("POST", "/agents/sven/state", {"state": "available"}, user="sven")
            desk.api("POST", f"{path}/consult", {"to": "sven", "summary": "VPN drops"}, user="ada")
            await until(desk, lambda: state_of(desk, "sven") == "talking", "Sven to answer")
            desk.api("POST", f"{path}/merge", user="ada")
            await until(desk, is_in(desk, "talking"), "all three to talk")
            desk.api("POST", f"{path}/complete", user="ada")
            await until(desk, lambda: state_of(desk, "ada") == "wrap_up", "Ada to be out")
            opened = desk.log.count("desk_open")
            desk.kill("acd")
            await until(desk, lambda: desk.log.count("desk_open") > opened, "acd to be back", 40)
            assert (await until(desk, is_in(desk, "talking"), "the talk to go on"))["agent"] == "sven"
            desk.api("POST", f"{path}/hangup", user="sven")
            await until(desk, is_in(desk, "ended"), "the end")
        detail = await until(
            desk,
            lambda: (found := desk.api("GET", path)).get("recording_url") and found,
            "the recording to come home",
        )
    assert detail["wait_s"] is not None
    assert detail["hold_s"] > 0
    assert detail["talk_s"] > 0
    assert all(leg["state"] == "ended" for leg in detail["legs"])
