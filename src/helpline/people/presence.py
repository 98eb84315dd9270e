"""The one table of agent states: which state may follow which.

`acd.engine` decides by the same table; a test there and one here keep the two alike.
"""

from collections.abc import Iterable, Mapping

from helpline.people.models import PresenceState as S

TRANSITIONS: Mapping[S, frozenset[S]] = {
    S.OFFLINE: frozenset({S.AVAILABLE, S.BUSY}),
    S.AVAILABLE: frozenset({S.RESERVED, S.BUSY, S.OFFLINE, S.LOST}),
    S.RESERVED: frozenset({S.RINGING, S.TALKING, S.AVAILABLE, S.BUSY, S.OFFLINE, S.LOST}),
    S.RINGING: frozenset({S.TALKING, S.AVAILABLE, S.BUSY, S.OFFLINE, S.LOST}),
    S.TALKING: frozenset({S.HOLDING, S.WRAP_UP, S.AVAILABLE, S.BUSY, S.OFFLINE, S.LOST}),
    S.HOLDING: frozenset({S.TALKING, S.WRAP_UP, S.AVAILABLE, S.BUSY, S.OFFLINE, S.LOST}),
    S.WRAP_UP: frozenset({S.AVAILABLE, S.RESERVED, S.BUSY, S.OFFLINE, S.LOST}),
    S.BUSY: frozenset({S.BUSY, S.AVAILABLE, S.RESERVED, S.OFFLINE, S.LOST}),
    S.LOST: frozenset({S.AVAILABLE, S.BUSY, S.TALKING, S.HOLDING, S.WRAP_UP, S.OFFLINE}),
}

#: states of an agent who has a call in hand or coming
ENGAGED = frozenset({S.RESERVED, S.RINGING, S.TALKING, S.HOLDING})
#: states a person may ask for
WISHES = frozenset({S.AVAILABLE, S.BUSY, S.OFFLINE})


def before(state: S, expected: Iterable[S] | None = None) -> list[str]:
    """The states from which `state` may be entered, narrowed to `expected` when given."""
    allowed = {was for was, following in TRANSITIONS.items() if state in following}
    if expected is not None:
        allowed &= set(expected)
    return sorted(allowed)
