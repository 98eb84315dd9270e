"""The acd process: hears the switch and people, decides one thing after the other, has the switch do it.

One inbox keeps the order: events, commands, timers, comparisons with the switch. Each item is worked on in the
database thread; the orders it gives go to their lanes. A second process stands by until the lease is free.
"""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections

from helpline.acd import (
    accounts,
    calling_back,
    carrying,
    commands,
    engine,
    entry_numbers,
    failing,
    heard,
    left_lease,
    present,
    restore,
    trunks,
    watch,
)
from helpline.acd.conductor import Conductor, new_conductor
from helpline.acd.desk_clock import DeskClock
from helpline.acd.equipment import Equipment, worst
from helpline.acd.lanes import Lanes
from helpline.acd.node_book import NodeBook
from helpline.acd.node_watch import NodeWatch
from helpline.acd.ordered import FetchRecording, Ordered
from helpline.acd.prompts import SpeechUri
from helpline.core import heartbeat, lease, outbox
from helpline.core.doorbell import Bell
from helpline.core.ids import new_secret
from helpline.people import events as people_events
from helpline.telephony import recordings, trunk_actions
from helpline.telephony import trunks as trunk_rows
from helpline.telephony.ari import AriError, Event
from helpline.telephony.nodes import Nodes

log = structlog.get_logger(__name__)

Item = Callable[[Conductor], None]
T = TypeVar("T")

LEASE, LEASE_S, RENEW_S = "acd", 6.0, 2.0
RECONCILE_S, LOOK_S, SETTINGS_S, POLL_S = 5.0, 1.0, 15.0, 1.0
TRUNKS_S = 10.0
#: items that may fail within `FAULT_WINDOW_S` seconds before the process gives up and is started again
FAULTS, FAULT_WINDOW_S = 10, 30.0
#: outbox events after which settings or accounts are read again
_SETTINGS = frozenset(
    {
        *(people_events.USER_CHANGED, people_events.PHONE_ACCOUNT_CHANGED),
        *("front_end_changed", "settings_changed", trunk_actions.TRUNK_CHANGED),
    }
)


class GaveUp(RuntimeError):
    """The process cannot do its duty; the supervisor starts a fresh one."""


async def _db(do: Callable[[], T]) -> T:
    """In the one database thread, so that the order holds."""
    return await sync_to_async(do, thread_sensitive=True)()


class Runner:
    """One run of the process, from the lease to the end."""

    def __init__(self) -> None:
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{new_secret(4)}"
        self._clock = DeskClock()
        self._inbox: asyncio.Queue[Item] = asyncio.Queue()
        self._conductor: Conductor | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._asked: set[Any] = set()
        self._faults: list[float] = []
        self._worked_at = time.monotonic()
        env = settings.ENV
        self._nodes = Nodes(
            env.ari_urls,
            env.ari_user,
            env.ari_password,
            on_event=self._heard,
            on_up=self._node_up,
            on_down=self._node_down,
        )
        self._arrived = {name: asyncio.Event() for name in self._nodes.names}
        self._opening = asyncio.Lock()
        self._equipment = {name: Equipment(client) for name, client in self._nodes}
        self._trunks_rang = asyncio.Event()
        self._lanes = Lanes(self._nodes, self._order_failed, self._fetched)

    async def run(self) -> None:
        """Until cancelled. Raises GaveUp."""
        await self._wait_for_lease()
        await self._nodes.start()
        duties: list[Callable[[], Awaitable[None]]] = [
            self._keep_lease,
            *(partial(self._meet_switch, name) for name in self._nodes.names),
            self._work,
            self._read_commands,
            self._watch_trunks,
            partial(self._every, RECONCILE_S, self._compare),
            partial(self._every, LOOK_S, self._look),
            partial(self._every, SETTINGS_S, self._read_settings),
        ]
        if len(self._nodes.names) > 1:
            duties.append(NodeWatch(self._nodes, self._node_lost).run)
        try:
            async with asyncio.TaskGroup() as group:
                for duty in duties:
                    group.create_task(duty())  # type: ignore[arg-type]  # bound coroutines and partials of them
        finally:
            await self._lanes.stop()
            await self._nodes.stop()
            await _db(lambda: lease.give_back(LEASE, self._holder))

    async def _wait_for_lease(self) -> None:
        told = False
        while not await _db(lambda: lease.take(LEASE, self._holder, LEASE_S)):
            if not told:
                log.info("standing_by", lease=LEASE)
                told = True
            if not await _db(lambda: left_lease.take_from_the_dead(LEASE)):
                await asyncio.sleep(POLL_S)
        await self._beat()
        log.info("on_duty", holder=self._holder)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            if not await _db(lambda: lease.take(LEASE, self._holder, LEASE_S)):
                raise GaveUp("another process has the lease")
            await self._beat()

    async def _beat(self) -> None:
        """An inbox that does not move is not alive."""
        if not self._inbox.empty() and time.monotonic() - self._worked_at > heartbeat.DOWN_AFTER_S:
            log.critical("inbox_stands_still", waiting=self._inbox.qsize())
            return
        calls = len(self._conductor.state.callers) if self._conductor else 0
        detail = {
            "switch": self._nodes.up and self._conductor is not None,
            "calls": calls,
            "inbox": self._inbox.qsize(),
            "orders": self._lanes.waiting,
            "phones": sorted(self._conductor.online) if self._conductor else [],
        }
        if self._conductor and self._conductor.nodes.several:
            detail["nodes"] = {name: self._conductor.nodes.condition(name) for name in self._nodes.names}
        await _db(lambda: heartbeat.beat("acd", detail))

    # what comes in

    def _node_up(self, name: str) -> None:
        if self._conductor is not None:
            self._conductor.nodes.down.discard(name)
        self._arrived[name].set()

    def _node_down(self, name: str) -> None:
        if self._conductor is not None:
            self._conductor.nodes.down.add(name)

    def _node_lost(self, name: str) -> None:
        if self._conductor is not None:
            self._inbox.put_nowait(partial(present.node_lost, node=name))

    def _heard(self, event: Event) -> None:
        if trunks.concerns_trunks(event):
            self._trunks_rang.set()
        self._inbox.put_nowait(partial(_hear, event))

    def _order_failed(self, ordered: Ordered, error: Exception) -> None:
        self._inbox.put_nowait(lambda conductor: failing.failed(conductor, ordered, error))

    def _fetched(self, order: FetchRecording, kept: recordings.Kept) -> None:
        self._inbox.put_nowait(lambda conductor: failing.fetched(conductor, order, kept))

    async def _meet_switch(self, name: str) -> None:
        """Each time the stream of a node comes up: accounts, then what is there, compared with what we know."""
        arrived = self._arrived[name]
        while True:
            await arrived.wait()
            arrived.clear()
            try:
                self._equipment[name].forget()
                await self._equip_switch(name)
                there = await self._ask(name)
            except AriError as error:
                log.warning("switch_not_ready", error=str(error))
                await asyncio.sleep(POLL_S)
                arrived.set()
                continue
            async with self._opening:
                if self._conductor is None:
                    await self._start_desk(there)
                else:
                    self._inbox.put_nowait(partial(present.come_back, there=there))

    async def _ask(self, name: str) -> present.Present:
        several = len(self._nodes.names) > 1
        return await present.ask(self._nodes.of(name), self._clock, name, of_several=several)

    async def _start_desk(self, there: present.Present) -> None:
        book = NodeBook(self._nodes.names, down={name for name, client in self._nodes if not client.up})
        run = new_secret(4).replace(".", "")
        conductor = await _db(lambda: new_conductor(self._clock, run, SpeechUri(), book))
        self._conductor = conductor
        await self._do(partial(_restore, there=there))
        await self._beat()
        log.info("desk_open", calls=len(conductor.state.callers), agents=len(conductor.state.agents))

    async def _read_commands(self) -> None:
        """Rung by the doorbell; looks by itself once a second."""
        position = await _db(outbox.last_id)
        async with Bell("acd") as bell:
            while True:
                await bell.wait(POLL_S)
                if self._conductor is None:
                    continue
                for command_id in await _db(commands.pending):
                    if command_id not in self._asked:
                        self._asked.add(command_id)
                        self._inbox.put_nowait(partial(self._carry, command_id))
                position = await self._changes(position)

    def _carry(self, command_id: Any, conductor: Conductor) -> None:
        self._asked.discard(command_id)
        carrying.carry_out(conductor, command_id)

    async def _changes(self, position: int) -> int:
        """Settings and accounts that were changed since."""
        rows = await _db(lambda: outbox.read(position))
        if any(row.kind in _SETTINGS for row in rows):
            await self._read_settings()
        return rows[-1].pk if rows else position

    # now and then

    async def _every(self, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            if self._conductor is not None:
                await do()

    async def _compare(self) -> None:
        await asyncio.gather(*(self._compare_node(name) for name in self._nodes.names))

    async def _compare_node(self, name: str) -> None:
        if len(self._nodes.names) > 1 and not self._nodes.of(name).up:
            return
        try:
            there = await self._ask(name)
        except AriError:
            return  # the stream's own reconnecting tells of it
        self._inbox.put_nowait(partial(present.reconcile, present=there))

    async def _look(self) -> None:
        self._inbox.put_nowait(watch.look)
        if len(self._nodes.names) > 1:
            self._inbox.put_nowait(calling_back.look)

    async def _read_settings(self) -> None:
        self._inbox.put_nowait(Conductor.reconfigure)
        for name in self._nodes.names:
            with contextlib.suppress(AriError):
                await self._equip_switch(name)

    async def _equip_switch(self, name: str) -> None:
        """Phone accounts, trunks and entry numbers as they are set now. Raises AriError."""
        phones, lines = await _db(accounts.wanted), await _db(trunk_rows.lines)
        await self._equipment[name].give(phones, lines, await _db(entry_numbers.wanted))
        self._trunks_rang.set()

    async def _watch_trunks(self) -> None:
        """Writes how the trunks are, whenever the switch rings and now and then."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TRUNKS_S):
                    await self._trunks_rang.wait()
            self._trunks_rang.clear()
            heard_of = await self._trunks_at_nodes()
            await _db(partial(trunk_actions.note_states, heard_of, clock=self._clock))

    async def _trunks_at_nodes(self) -> list[trunk_rows.Heard]:
        heard_of: list[tuple[str, trunk_rows.Heard]] = []
        for name, client in self._nodes:
            if not client.up:
                continue
            with contextlib.suppress(AriError):  # the stream's own reconnecting tells of it
                heard_of += [(name, one) for one in await self._equipment[name].trunks.ask()]
        return worst(heard_of) if len(self._nodes.names) > 1 else [one for _name, one in heard_of]

    # the work

    async def _work(self) -> None:
        while True:
            item = await self._inbox.get()
            if self._conductor is None:
                continue  # what came before the desk was open is in the comparison that opens it
            await self._do(item)

    async def _do(self, item: Item) -> None:
        assert self._conductor is not None, "no work before the desk is open"
        conductor = self._conductor
        try:
            orders = await _db(lambda: conductor.perform(item))
        except Exception:
            # whatever went wrong, the engine may know more or less than the rows: build it again from them
            log.exception("item_failed")
            await self._start_again()
            return
        self._worked_at = time.monotonic()
        self._lanes.put(orders)
        self._set_timer()

    async def _start_again(self) -> None:
        now = time.monotonic()
        self._faults = [at for at in self._faults if now - at < FAULT_WINDOW_S] + [now]
        if len(self._faults) > FAULTS:
            raise GaveUp("too many items failed")
        await _db(close_old_connections)
        self._conductor = None
        await asyncio.sleep(0.1 * len(self._faults))
        for arrived in self._arrived.values():
            arrived.set()

    def _set_timer(self) -> None:
        """Wake for the engine's next deadline."""
        assert self._conductor is not None
        due = self._conductor.state.next_deadline()
        if due == self._timer_at and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, due
        if due is not None:
            delay = max(0.0, due - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = self._timer_at = None
        self._inbox.put_nowait(_tick)


def _hear(event: Event, conductor: Conductor) -> None:
    heard.hear(conductor, event)


def _tick(conductor: Conductor) -> None:
    conductor.feed(engine.Tick)


def _restore(conductor: Conductor, there: present.Present) -> None:
    restore.restore(conductor)
    present.reconcile(conductor, there, grace_s=0.0)


def main() -> int:
    """Be the acd process until told to stop. 0 after SIGTERM or SIGINT, 1 when it cannot go on."""
    code = 0
    try:
        asyncio.run(_until_told())
    except* GaveUp as group:
        log.critical("gave_up", reason=str(group.exceptions[0]))
        code = 1
    return code


async def _until_told() -> None:
    work = asyncio.create_task(Runner().run(), name="acd")
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work
    await _db(lambda: heartbeat.stopped("acd"))
