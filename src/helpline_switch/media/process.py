"""The media process: carries out commands between ticks and keeps time."""

from __future__ import annotations

import gc
import logging
import os
import resource
import sys
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from helpline_switch.media.engine import Engine, spec
from helpline_switch.media.errors import BadRequest, MediaError
from helpline_switch.media.events import to_wire
from helpline_switch.media.stats import MediaStats
from helpline_switch.media.talk import TICK_S
from helpline_switch.media.terms import Keys, Terms
from helpline_switch.media.tick import Tick
from helpline_switch.media.wire import Message, Wire

log = logging.getLogger("helpline_switch.media")
_LATE_S = 0.005
_BOUNDS_MS = (0.5, 1, 2, 5, 10, 20, 50, 100)
_HOPELESS_S = 0.1
_REST_S = 1.0
_REALTIME_PRIORITY = 10
_NICE = -15
Command = Callable[..., Any]


class Process:
    """One engine, its tick and the wire to the signalling process."""

    def __init__(self, wire: Wire, engine: Engine, tick: Tick, realtime: str) -> None:
        self._wire, self._engine, self._tick, self._realtime = wire, engine, tick, realtime
        self._begin = time.monotonic()
        self._ticks = self._late = self._skipped = 0
        self._worst = 0.0
        self._lateness = [0] * (len(_BOUNDS_MS) + 1)
        self._commands = self._table()

    def run(self) -> None:
        """Until the other side is gone (raises PeerGone)."""
        due = time.monotonic() + TICK_S
        while True:
            if self._engine.resting:
                self._obey(_REST_S)
                due = time.monotonic() + TICK_S
            while (left := due - time.monotonic()) > 0:
                self._obey(left)
            late = time.monotonic() - due
            if late > _HOPELESS_S:
                missed = int(late / TICK_S)
                self._tick.skip(missed)
                self._skipped += missed
                due += missed * TICK_S
            self._ticks += 1
            self._late += late > _LATE_S
            self._lateness[bisect_left(_BOUNDS_MS, late * 1000)] += 1
            self._worst = max(self._worst, late)
            self._tick.run()
            self._report()
            due += TICK_S

    def _obey(self, seconds: float) -> None:
        for message in self._wire.wait(seconds):
            self._wire.send(self._answer(message))

    def _answer(self, message: Message) -> Message:
        number = message.pop("id")
        name = message.pop("do")
        try:
            if name not in self._commands:
                raise BadRequest(f"no command {name}")
            return {"id": number, "ok": self._commands[name](**message)}
        except MediaError as error:
            return {"id": number, "error": error.code, "text": str(error)}
        except Exception:
            # A fault in one command must not end the calls of all others.
            log.exception("command %s failed", name)
            return {"id": number, "error": MediaError.code, "text": f"{name} failed, see the log"}

    def _report(self) -> None:
        events = self._engine.events
        while events:
            self._wire.send(to_wire(events.popleft()))
        self._wire.flush()

    def _table(self) -> dict[str, Command]:
        engine = self._engine
        return {
            "open_leg": engine.open_leg,
            "connect_leg": lambda ip, port, terms, **rest: engine.connect_leg(
                remote=(ip, port), terms=_terms(**terms), **rest
            ),
            "close_leg": lambda leg_id: asdict(engine.close_leg(leg_id)),
            "leg_stats": lambda leg_id: asdict(engine.leg_stats(leg_id)),
            "open_room": engine.open_room,
            "close_room": engine.close_room,
            "join": engine.join,
            "leave": engine.leave,
            "gain": engine.gain,
            "mute": engine.mute,
            "play": engine.play,
            "stop_playback": engine.stop_playback,
            "pause_playback": engine.pause_playback,
            "music": engine.music,
            "tone": engine.tone,
            "record": lambda **order: engine.record(spec(**order)),
            "pause_recording": engine.pause_recording,
            "stop_recording": engine.stop_recording,
            "send_dtmf": engine.send_dtmf,
            "stats": lambda: asdict(self._stats()),
        }

    def _stats(self) -> MediaStats:
        engine = self._engine
        streams = [leg.jitter for leg in engine.legs.values()]
        used = os.times()
        return MediaStats(
            ticks=self._ticks,
            late_ticks=self._late,
            skipped_ticks=self._skipped,
            worst_late_ms=round(self._worst * 1000, 1),
            legs=len(engine.legs),
            rooms=len(engine.rooms),
            recordings=len(engine.recordings),
            playbacks=len(engine.playbacks),
            underruns=sum(each.underruns for each in streams),
            overruns=sum(each.overruns for each in streams),
            concealed=sum(each.holes + each.underruns for each in streams),
            send_errors=self._tick.send_errors,
            cpu_s=used.user + used.system,
            uptime_s=time.monotonic() - self._begin,
            realtime=self._realtime,
            lateness=dict(zip([*map(str, _BOUNDS_MS), "inf"], self._lateness, strict=True)),
        )


def _terms(keys: dict[str, str] | None = None, **fields: Any) -> Terms:
    return Terms(**fields, keys=None if keys is None else Keys(**keys))


def take_priority(wanted: bool) -> str:
    """Real-time scheduling if the system lets us, else a better nice value; says what it got."""
    if not wanted:
        return "off"
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_REALTIME_PRIORITY))
    except (PermissionError, OSError):
        return _take_nice()
    return "round-robin"


def _take_nice() -> str:
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    except (PermissionError, OSError):
        log.warning("no real-time priority for media: ticks may be late on a busy machine")
        return "none"
    return "nice"


def tune() -> None:
    """Room for many sockets; short turns for the file threads; no long pauses of the collector."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
