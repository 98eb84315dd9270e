"""The SIP messages of each call, kept for a while so that a person can see what was said on the wire.

Bounded in calls, in bytes of a call and in bytes of all; secrets are masked before anything is kept; what belongs to
a call that ended goes after ``keep_s``. Written by the SIP thread, read by the loop thread.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from helpline_switch.sip.masking import masked

Direction = Literal["in", "out"]
Address = tuple[str, int]

_CALL_ID: Final = re.compile(
    r"^(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
_RECEIVED: Final = re.compile(r"RECEIVED message from (\w+):(.*):(\d+):\s*$")
_SENT: Final = re.compile(r"SENDING message to (\w+):\('([^']*)', (\d+)")
#: attempts that became no call (refused strangers, wrong passwords) have a small room of their own
_ATTEMPTS: Final = 200
_NAMES_PER_CALL: Final = 4
#: seconds after which a dialog that was named and never sent anything is forgotten
_UNSPOKEN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class TraceLimits:
    """``keep_s``: seconds after a call's end, 0 keeps nothing at all. Bytes are counted in characters."""

    keep_s: float = 3600.0
    calls: int = 2000
    bytes_per_call: int = 64 * 1024
    bytes_in_all: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it went over the wire, secrets masked. ``direction`` is seen from us; ``at`` is aware UTC."""

    at: datetime
    direction: Direction
    transport: str
    peer: Address
    local: Address
    text: str

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0].rstrip("\r")


@dataclass(frozen=True, slots=True)
class CallTrace:
    """All messages of a channel in order of time; ``dropped`` older ones had no room any more."""

    call_ids: tuple[str, ...]
    messages: tuple[Message, ...]
    dropped: int


@dataclass(slots=True)
class _Kept:
    """What is kept of one Call-ID. ``until`` (monotonic) is set while nobody speaks on it any more."""

    call_id: str
    until: float | None
    messages: deque[Message] = field(default_factory=deque)
    size: int = 0
    dropped: int = 0
    dialogs: set[str] = field(default_factory=set)


class Traces:
    """``clock`` is monotonic seconds, ``now`` aware UTC."""

    def __init__(self, limits: TraceLimits, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self.limits = limits
        self._clock, self._now = clock, now
        self._lock = threading.Lock()
        self._attempts: dict[str, _Kept] = {}
        self._calls: dict[str, _Kept] = {}
        self._by_dialog: dict[str, str] = {}
        self._channels: dict[str, tuple[str, float]] = {}
        self._size = 0

    # --- written

    def note(self, direction: Direction, transport: str, peer: Address, local: Address, text: str) -> None:
        """Keeps a message if it belongs to a call or tries to begin one."""
        call_id = _call_id(text)
        if not call_id or self.limits.keep_s <= 0:
            return
        with self._lock:
            kept = self._calls.get(call_id) or self._attempts.get(call_id)
            if kept is None:
                if not text.startswith("INVITE "):
                    return
                kept = self._attempts[call_id] = _Kept(call_id, self._clock() + self.limits.keep_s)
            self._add(kept, Message(self._now(), direction, transport, peer, local, masked(text)))
            self._make_room()

    def begin(self, dialog_id: str, call_id: str) -> None:
        """The attempt with this Call-ID is a call of ours now: its messages stay as long as it lives."""
        with self._lock:
            kept = self._attempts.pop(call_id, None) or self._calls.get(call_id)
            if kept is None:
                return
            self._calls[call_id] = kept
            kept.until = None
            kept.dialogs.add(dialog_id)
            self._by_dialog[dialog_id] = call_id
            self._make_room()

    def over(self, dialog_id: str) -> None:
        """The dialog ended: its time runs."""
        with self._lock:
            kept = self._calls.get(self._by_dialog.get(dialog_id, ""))
            if kept is not None:
                kept.until = self._clock() + self.limits.keep_s

    def name(self, dialog_id: str, channel_id: str) -> None:
        """The dialog belongs to this channel. May come before ``begin``."""
        if self.limits.keep_s <= 0:
            return
        with self._lock:
            self._channels[dialog_id] = (channel_id, self._clock())
            while len(self._channels) > _NAMES_PER_CALL * self.limits.calls:
                del self._channels[next(iter(self._channels))]

    def sweep(self) -> None:
        """Forgets calls whose time is over, and names of dialogs that never spoke."""
        with self._lock:
            now = self._clock()
            for kept in [*self._attempts.values(), *self._calls.values()]:
                if kept.until is not None and kept.until <= now:
                    self._forget(kept)
            for dialog, (_channel, named) in list(self._channels.items()):
                if dialog not in self._by_dialog and now - named > _UNSPOKEN_S:
                    del self._channels[dialog]

    # --- read

    def of_channel(self, channel_id: str) -> CallTrace | None:
        """What was said for a channel, on all its forks; None when nothing is kept of it."""
        with self._lock:
            dialogs = [dialog for dialog, (channel, _) in self._channels.items() if channel == channel_id]
            calls = {self._by_dialog.get(dialog, "") for dialog in dialogs}
            found = [self._calls[call_id] for call_id in calls if call_id in self._calls]
            messages = sorted((one for kept in found for one in kept.messages), key=lambda one: one.at)
            dropped = sum(kept.dropped for kept in found)
            ids = tuple(sorted(kept.call_id for kept in found))
        return CallTrace(ids, tuple(messages), dropped) if found else None

    @property
    def size(self) -> tuple[int, int]:
        """Calls and attempts kept, and their characters."""
        return len(self._calls) + len(self._attempts), self._size

    # --- bounds

    def _add(self, kept: _Kept, message: Message) -> None:
        kept.messages.append(message)
        kept.size += len(message.text)
        self._size += len(message.text)
        while kept.size > self.limits.bytes_per_call and len(kept.messages) > 1:
            gone = len(kept.messages.popleft().text)
            kept.size -= gone
            self._size -= gone
            kept.dropped += 1

    def _make_room(self) -> None:
        while len(self._attempts) > _ATTEMPTS:
            self._forget(next(iter(self._attempts.values())))
        while len(self._calls) > self.limits.calls or self._size > self.limits.bytes_in_all:
            # The newest attempt may become a call the next moment; the ones before it are worth less than calls.
            spare = len(self._attempts) > 1 and len(self._calls) <= self.limits.calls
            if not spare and len(self._calls) <= 1:
                return
            self._forget(next(iter((self._attempts if spare else self._calls).values())))

    def _forget(self, kept: _Kept) -> None:
        self._attempts.pop(kept.call_id, None)
        self._calls.pop(kept.call_id, None)
        self._size -= kept.size
        for dialog in kept.dialogs:
            self._by_dialog.pop(dialog, None)
            self._channels.pop(dialog, None)


def _call_id(text: str) -> str:
    """The Call-ID of a message, empty when it has none."""
    usual, _name, rest = text.partition("\r\nCall-ID: ")
    if rest and "\r\n\r\n" not in usual:
        return rest.partition("\r\n")[0].strip()
    found = _CALL_ID.search(text.partition("\r\n\r\n")[0])
    return found[1] if found else ""


class MessageLog:
    """What the stack calls its logger: hands each message to the traces. ``local`` gives our address on a transport."""

    def __init__(self, traces: Traces, local: Callable[[str], Address]) -> None:
        self._traces = traces
        self._local = local

    def write(self, head: str, *parts: str | bytes, **_named: object) -> None:
        """``RECEIVED message from udp:192.0.2.1:5060:`` or ``SENDING message to udp:('192.0.2.1', 5060):``, then it."""
        came = _RECEIVED.match(head)
        found = came or _SENT.match(head)
        if found is None or not parts:
            return
        data = parts[0]
        text = data.decode(errors="replace") if isinstance(data, bytes) else data
        transport = found[1]
        peer = (found[2], int(found[3]))
        self._traces.note("in" if came else "out", transport, peer, self._local(transport), text)
