"""Names of our things in the switch; each says what it is for, so that nothing needs to be remembered elsewhere."""

from enum import StrEnum
from uuid import UUID

from helpline.core.ids import new_id


class LegKind(StrEnum):
    """Why we dialled a leg; the first part of its id."""

    OFFER = "offer"  # an agent's phone rings for a call; the rest is the reservation
    RETURN = "return"  # an agent who was cut off gets the call back
    DIAL = "dial"  # the agent's own side of an outgoing call
    OUTSIDE = "outside"  # the number an agent dialled or sent a caller to
    ASKED = "asked"  # an outside number asked in
    AGAIN = "again"  # a caller who was lost with a node of the switch is called back
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


def new_leg(kind: LegKind) -> str:
    return f"{kind}-{new_id()}"


def offer_leg(reservation: UUID) -> str:
    return f"{LegKind.OFFER}-{reservation}"


def leg_kind(leg: str) -> LegKind | None:
    """None for a leg that the switch named: somebody called us."""
    kind = leg.partition("-")[0]
    return LegKind(kind) if kind in set(LegKind) else None


def main_bridge(call: UUID) -> str:
    """Where caller and agent talk; it lives as long as the call."""
    return f"call-{call}"


def consult_bridge(call: UUID) -> str:
    """Where agent and colleague talk about the call."""
    return f"consult-{call}"


def listen_bridge(leg: str) -> str:
    """Where a lead listens; one per listening leg."""
    return f"listening-{leg}"


def recording(call: UUID, moves: int = 0) -> str:
    """A call that was called back on another node has a recording for each."""
    return f"call-{call}" if not moves else f"call-{call}-{moves + 1}"


def playback(call: str, run: str, number: int) -> str:
    """`run` names this run of the process, whose playback numbers begin anew."""
    return f"{call}.{run}.{number}"


def played(playback_id: str, run: str) -> tuple[str, int] | None:
    """(call, number) of a playback of this run; None for any other."""
    parts = playback_id.split(".")
    if len(parts) != 3 or parts[1] != run or not parts[2].isdigit():
        return None
    return parts[0], int(parts[2])


def farewell(leg: str) -> str:
    """A playback after which the leg is hung up."""
    return f"farewell.{leg}"


def farewell_leg(playback_id: str) -> str | None:
    kind, _, leg = playback_id.partition(".")
    return leg if kind == "farewell" else None
