"""The floor of a desk during a journey: callers with ears, agents with telephones, and what rows and switch say."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import quote

from tests.peers.ari import Ari, AriError
from tests.peers.baresip import Phone
from tests.peers.desk import ApiError, Desk
from tests.peers.ports import VOICES, free_port
from tests.peers.sipp import Caller, Sipp
from tests.peers.voice import Voice, rms

T = TypeVar("T")
Row = dict[str, Any]

PASSWORD = "helpline"
HUMS = {"ada": 400.0, "ben": 1000.0, "sven": 1500.0, "lena": 2000.0}
#: agents of level 1 who are no part of the demo, for journeys with many calls
TEMPS = ("cleo", "dora", "emil", "finn")
#: what an agent may do who was available a moment ago
ON_DUTY = frozenset({"available", "reserved", "ringing", "talking"})
#: where a caller may be found who has made a choice
CHOSEN = ("queued", "offered", "talking")
#: what a talk costs an agent afterwards, in seconds, where a journey does not look at it
WRAP_UP_S = 1

_STAFF = """
from django.db import transaction
from helpline.core import outbox
from helpline.core.access import SYSTEM, Role
from helpline.acd.models import Queue
from helpline.people import actions
from helpline.people.models import Desk, Skill, User
with transaction.atomic():
    fresh = [name for name in {names!r} if not User.objects.filter(username=name).exists()]
    for name in fresh:
        user = actions.create_user(SYSTEM, name, password={password!r}, phone_password={password!r})
        for desk in Desk.objects.all():
            actions.grant(SYSTEM, user, desk, Role.AGENT)
        for skill in Skill.objects.filter(key__in=["first-line", "vpn", "hardware", "applications"]):
            actions.set_skill(SYSTEM, user, skill, 80)
    others = Queue.objects.exclude(wrap_up_s={wrap_up_s}, ring_timeout_s={ring_s})
    changed = others.update(wrap_up_s={wrap_up_s}, ring_timeout_s={ring_s})
    outbox.emit("settings_changed")
print("changed" if fresh or changed else "unchanged")
"""

_OPEN = """
import json
from helpline.acd.models import QueueEntry, Reservation, WrapUp
from helpline.telephony.models import Call, Hold, Leg, Recording
print(json.dumps({
    "calls": [str(one.pk) for one in Call.objects.exclude(state="ended")],
    "legs": [one.pk for one in Leg.objects.exclude(state="ended")],
    "entries": [one.pk for one in QueueEntry.objects.filter(left_at=None)],
    "reservations": [str(one.pk) for one in Reservation.objects.filter(closed_at=None)],
    "holds": [one.pk for one in Hold.objects.filter(ended_at=None)],
    "live recordings": [one.name for one in Recording.objects.filter(state="live")],
}))
"""


@dataclass
class Line:
    """A caller of a journey: SIPp speaks SIP for them, `voice` is their ear and mouth."""

    number: str
    voice: Voice
    sipp: Sipp

    def press(self, key: str) -> None:
        """By RFC 4733."""
        self.voice.press(key)

    async def hears_something(self, within: float = 10) -> None:
        """Music or words arrive from now on."""
        self.voice.forget()
        async with asyncio.timeout(within):
            while rms(self.voice.heard(0.4)) < 50 or len(self.voice.heard(0.4)) < 3000:
                await asyncio.sleep(0.05)


class Floor:
    """`async with Floor(desk, tmp_path) as floor`: whoever was called in goes when the block ends.

    Waiting never blocks the event loop, for the callers' sound runs in it.
    """

    #: directory of a desk -> what `staff` set there last
    _set: ClassVar[dict[Path, tuple[tuple[str, ...], int, int]]] = {}

    def __init__(self, desk: Desk, directory: Path) -> None:
        self.desk = desk
        self.directory = directory
        self.phones: dict[str, Phone] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is left talking or ringing for the next journey, whatever went wrong in this one."""
        try:
            await self.end_all()
            await self.off_duty(*self.phones)
        finally:
            await self._stack.aclose()

    # people

    async def phone(self, name: str, *, mode: str = "manual", on_duty: bool = True, **more: Any) -> Phone:
        """The registered telephone of an agent, who goes on duty with it."""
        phone = Phone(
            self.desk,  # type: ignore[arg-type]  # has the members of a switch that a phone needs
            name,
            PASSWORD,
            self.directory,
            hum=HUMS.get(name, 800.0),
            mode=mode,
            **more,
        )
        await self._stack.enter_async_context(phone)
        self.phones[name] = phone
        if on_duty:
            await self.on_duty(name)
        return phone

    async def on_duty(self, *names: str) -> None:
        """The agents become available, as soon as the desk has noticed their telephones."""
        for name in names:
            await self.until(lambda name=name: self._available(name), what=f"{name} on duty")  # type: ignore[misc]  # bound now

    def _available(self, name: str) -> bool:
        try:
            self.desk.api("POST", f"/agents/{name}/state", {"state": "available"})
        except ApiError as error:
            if error.status != 409:
                raise
            return False
        return self._agent(name)["state"] in ON_DUTY

    async def off_duty(self, *names: str) -> None:
        for name in names:
            await self.api("POST", f"/agents/{name}/state", {"state": "offline"})

    async def carl(self, number: str, *, hum: float | None = None, called: str = "100") -> Line:
        """A caller who listens until the desk hangs up."""
        voice = await self._stack.enter_async_context(Voice(free_port(among=VOICES), hum=hum))
        steps = Caller(called=called, caller=number, media_port=voice.port)
        scenario = steps.invite().answered().hung_up(300)
        sipp = Sipp(self.desk, scenario, self.directory, timeout_s=300)  # type: ignore[arg-type]  # as above
        await self._stack.enter_async_context(sipp)
        return Line(number, voice, sipp)

    async def waiting(self, number: str, key: str = "3") -> Line:
        """A caller who has chosen and waits in the queue (or rings at an agent already)."""
        line = await self.carl(number)
        await self.greeted(line)
        line.press(key)
        await self.call(number, *CHOSEN)
        return line

    async def greeted(self, line: Line) -> Row:
        """The desk has answered and speaks; the call."""
        found = await self.call(line.number)
        await line.hears_something(20)
        return found

    async def mobile(self, number: str, called: str = "100", *, key: str = "3") -> Phone:
        """A caller who hangs up when told: a telephone without an account, already in the queue."""
        phone = Phone(self.desk, number, "none", self.directory, hum=700, register=False)  # type: ignore[arg-type]  # as above
        await self._stack.enter_async_context(phone)
        await phone.dial(called)
        await phone.expect("CALL_ESTABLISHED", 20)
        await self.call(number)
        await phone.command("sndcode", key)
        await self.call(number, *CHOSEN)
        return phone

    # what the desk says

    async def api(self, method: str, path: str, body: Any = None, *, user: str = "lena") -> Any:
        """One request to the API. Raises ApiError."""
        return await asyncio.to_thread(self.desk.api, method, path, body, user=user)

    async def command(self, *words: str) -> str:
        """`helpline WORDS`; what it printed."""
        return await asyncio.to_thread(self.desk.command, *words)

    async def until(self, ask: Callable[[], T | None], seconds: float = 20, what: str = "") -> T:
        """Ask in a thread until the answer is true. Raises AssertionError with the end of the log."""
        return await asyncio.to_thread(self.desk.eventually, ask, seconds, what)

    def newest(self, number: str) -> Row | None:
        """The newest call of a number, asked here and now."""
        found: list[Row] = self.desk.api("GET", f"/calls?from={quote(number)}&limit=1")["items"]
        return found[0] if found else None

    def has_no_leg(self, call: Row, name: str) -> bool:
        """The agent is out of the call, asked here and now."""
        legs: list[Row] = self.desk.api("GET", f"/calls/{call['id']}")["legs"]
        return not any(leg["agent"] == name and leg["state"] != "ended" for leg in legs)

    def _agent(self, name: str) -> Row:
        agents: list[Row] = self.desk.api("GET", "/agents")["items"]
        return next(agent for agent in agents if agent["name"] == name)

    async def call(self, number: str, *states: str, seconds: float = 20) -> Row:
        """The newest call of a number, once it is in one of the states (any, if none is given)."""
        last: list[Row | None] = [None]

        def there() -> Row | None:
            last[0] = self.newest(number)
            return last[0] if last[0] and (not states or last[0]["state"] in states) else None

        try:
            return await self.until(there, seconds, f"the call of {number} to be {states}")
        except AssertionError as error:
            raise AssertionError(f"call of {number}: {last[0]}\n{error}") from None

    async def story(self, call: Row) -> Row:
        """Everything about a call."""
        found: Row = await self.api("GET", f"/calls/{call['id']}")
        return found

    async def agent(self, name: str, *states: str, seconds: float = 20) -> Row:
        """The agent, once in one of the states (any, if none is given)."""
        last: list[Row] = [{}]

        def there() -> Row | None:
            last[0] = self._agent(name)
            return last[0] if not states or last[0]["state"] in states else None

        try:
            return await self.until(there, seconds, f"{name} to be {states}")
        except AssertionError as error:
            raise AssertionError(f"{last[0]}\n{error}") from None

    async def do(self, call: Row, verb: str, body: Any = None, *, user: str) -> Row:
        """Press a button of a call."""
        found: Row = await self.api("POST", f"/calls/{call['id']}/{verb}", body, user=user)
        return found

    # faults and settings

    async def end_all(self) -> None:
        """Hang up whatever the switch still has."""
        async with self.desk.ari(listen=False) as ari:
            for channel in await ari.get("/channels"):
                with contextlib.suppress(AriError):
                    await ari.delete(f"/channels/{channel['id']}")

    async def kill(self, process: str) -> None:
        """`kill -9`; back when another process has taken over and reads rows and switch."""
        before = await asyncio.to_thread(self.desk.pid, process)
        await asyncio.to_thread(self.desk.kill, process)

        def another() -> bool:
            return self.desk.healthy() and self.desk.pid(process) != before

        opened = self.desk.log.count("desk_open")
        await self.until(another, 60, f"{process} to be back")
        if process == "acd":
            await self.until(lambda: self.desk.log.count("desk_open") > opened, 30, "the desk to be open")

    async def staff(
        self, names: Iterable[str] = TEMPS, *, wrap_up_s: int = WRAP_UP_S, ring_s: int = 15
    ) -> None:
        """More agents, and the settings of the queues for this journey; the desk has read them on return."""
        wish = (tuple(names), wrap_up_s, ring_s)
        if self._set.get(self.desk.directory) == wish:
            return
        read = self.desk.log.count("settings_read")
        words = _STAFF.format(names=tuple(names), password=PASSWORD, wrap_up_s=wrap_up_s, ring_s=ring_s)
        printed = await self.command("shell", "-c", words)
        if "unchanged" not in printed:
            await self.until(
                lambda: self.desk.log.count("settings_read") > read, 20, "the settings to be read"
            )
        self._set[self.desk.directory] = wish

    async def rows(self) -> dict[str, list[str]]:
        """What is open in the database."""
        printed = await self.command("shell", "-c", _OPEN)
        found: dict[str, list[str]] = json.loads(printed.strip().splitlines()[-1])
        return found

    async def channels(self) -> list[Row]:
        """What the switch has."""
        async with self.desk.ari(listen=False) as ari:
            found: list[Row] = await ari.get("/channels")
            return found

    async def empty(self, seconds: float = 20) -> None:
        """The switch has nothing of any call any more: no channel, no bridge, no sound that is not at home."""
        end = time.monotonic() + seconds
        while left := await self._something_left():
            if time.monotonic() > end:
                raise AssertionError(f"left: {left}\n{self.desk.log[-6000:]}")
            await asyncio.sleep(0.2)

    async def clean(self, seconds: float = 20, *, resting: Iterable[str] = ()) -> None:
        """Nothing is left of any call in the switch and in the rows, and these agents can take the next one."""
        await self.empty(seconds)
        for name in resting:
            await self.agent(name, "available", seconds=WRAP_UP_S + 10)
        left = {what: rows for what, rows in (await self.rows()).items() if rows}
        assert not left, left

    async def _something_left(self) -> list[Any]:
        async with self.desk.ari(listen=False) as ari:
            status = await _own_status(ari)
            left = [one["name"] for one in await ari.get("/channels")]
            left += [one["id"] for one in await ari.get("/bridges")]
            left += [one["name"] for one in await ari.get("/recordings/stored")]
        if status["media"]["legs"] or status["recordings"]:
            left.append(status)
        return left


async def _own_status(ari: Ari) -> Row:
    """What only the embedded switch tells of itself; nothing of Asterisk."""
    try:
        found: Row = await ari.get("/helpline/status")
    except AriError as error:
        if error.status != 404:
            raise
        return {"media": {"legs": 0}, "recordings": 0}
    return found
