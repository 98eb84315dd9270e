"""The states of an agent and the only ways between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class AgentState(StrEnum):
    OFFLINE = "offline"
    AVAILABLE = "available"
    RESERVED = "reserved"
    RINGING = "ringing"
    TALKING = "talking"
    HOLDING = "holding"
    WRAP_UP = "wrap_up"
    BUSY = "busy"
    LOST = "lost"


_S = AgentState

TRANSITIONS: Mapping[AgentState, frozenset[AgentState]] = {
    _S.OFFLINE: frozenset({_S.AVAILABLE, _S.BUSY}),
    _S.AVAILABLE: frozenset({_S.RESERVED, _S.BUSY, _S.OFFLINE, _S.LOST}),
    _S.RESERVED: frozenset({_S.RINGING, _S.TALKING, _S.AVAILABLE, _S.BUSY, _S.OFFLINE, _S.LOST}),
    _S.RINGING: frozenset({_S.TALKING, _S.AVAILABLE, _S.BUSY, _S.OFFLINE, _S.LOST}),
    _S.TALKING: frozenset({_S.HOLDING, _S.WRAP_UP, _S.AVAILABLE, _S.BUSY, _S.OFFLINE, _S.LOST}),
    _S.HOLDING: frozenset({_S.TALKING, _S.WRAP_UP, _S.AVAILABLE, _S.BUSY, _S.OFFLINE, _S.LOST}),
    _S.WRAP_UP: frozenset({_S.AVAILABLE, _S.RESERVED, _S.BUSY, _S.OFFLINE, _S.LOST}),
    _S.BUSY: frozenset({_S.BUSY, _S.AVAILABLE, _S.RESERVED, _S.OFFLINE, _S.LOST}),
    _S.LOST: frozenset({_S.AVAILABLE, _S.BUSY, _S.TALKING, _S.HOLDING, _S.WRAP_UP, _S.OFFLINE}),
}
"""From each state, the states that may follow. Anything else is a fault of the engine and raises.

BUSY follows BUSY when only the reason changes."""

TIMED = frozenset({_S.RESERVED, _S.RINGING, _S.WRAP_UP, _S.LOST})
"""States that end by themselves: an agent in one of them always has a deadline."""

IN_CALL = frozenset({_S.TALKING, _S.HOLDING})
"""States with a conversation; they end with the switch's word only, never by a timer."""

WISHES = frozenset({_S.AVAILABLE, _S.BUSY, _S.OFFLINE})
"""States a person may ask for."""

ON_DUTY = frozenset({_S.AVAILABLE, _S.RESERVED, _S.RINGING, _S.TALKING, _S.HOLDING, _S.WRAP_UP})
"""States from which an agent comes back to the line without anybody's doing."""


class IllegalMove(RuntimeError):
    """The engine tried a way between agent states that the table does not have."""
