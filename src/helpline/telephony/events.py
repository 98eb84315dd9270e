"""What the switch made known, as plain facts for the rooms above; and the kinds of outbox events of this room."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

CALL_STARTED: Final = "call_started"
CALL_CHANGED: Final = "call_changed"
CALL_ENDED: Final = "call_ended"
RECORDING_STORED: Final = "recording_stored"
RECORDING_FAILED: Final = "recording_failed"


@dataclass(frozen=True, slots=True)
class CallCame:
    """A caller's leg entered the desk at the number called; `trunk` is the one it came by, if it came by one."""

    call: UUID
    leg: str
    number: str
    from_number: str
    trunk: str = ""


@dataclass(frozen=True, slots=True)
class LegRinging:
    call: UUID
    leg: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    call: UUID
    leg: str


@dataclass(frozen=True, slots=True)
class LegEnded:
    """`cause`: Q.850, None when unknown. `answered` is False for a leg that only rang."""

    call: UUID
    leg: str
    cause: int | None
    answered: bool


@dataclass(frozen=True, slots=True)
class LegJoined:
    """The leg is in `bridge` now."""

    call: UUID
    leg: str
    bridge: str


@dataclass(frozen=True, slots=True)
class LegLeft:
    call: UUID
    leg: str
    bridge: str


@dataclass(frozen=True, slots=True)
class LegHeld:
    """The phone itself was put on hold or taken back (hold key of the device)."""

    call: UUID
    leg: str
    held: bool


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The signalling connection of a leg closed (media may go on), or its phone was heard of again."""

    call: UUID
    leg: str
    lost: bool


@dataclass(frozen=True, slots=True)
class Digit:
    call: UUID
    leg: str
    digit: str


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """Our own id of the playback; `failed` when it could not be heard."""

    playback: str
    failed: bool


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """The sound lies in the switch under `name`, unless `failure` says why not."""

    call: UUID
    name: str
    duration_s: float
    failure: str


@dataclass(frozen=True, slots=True)
class PhoneChanged:
    """A phone account has a registered phone, or has none any more. `fresh`: this very phone came just now.

    `endpoint`: what the switch calls it; an account may be two endpoints, its SIP telephone and its browser. Empty
    when all of them are meant. `node`: where it is registered.
    """

    username: str
    online: bool
    fresh: bool = False
    endpoint: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class TapeReady:
    """A channel that hears one side of the call for the recording `name` has begun."""

    call: UUID
    leg: str
    name: str


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The transfer key of a phone: to whom, as dialled; `attended` when the phone names another call of its own."""

    call: UUID
    leg: str
    to: str
    attended: bool


@dataclass(frozen=True, slots=True)
class SnoopReady:
    """A listening channel entered the application."""

    call: UUID
    leg: str


Heard = (
    CallCame
    | LegRinging
    | LegAnswered
    | LegEnded
    | LegJoined
    | LegLeft
    | LegHeld
    | ConnectionChanged
    | Digit
    | PlaybackEnded
    | RecordingEnded
    | PhoneChanged
    | SnoopReady
    | TapeReady
    | TransferAsked
)


def call_topics(call_id: UUID, *user_ids: int | None) -> list[str]:
    """Live topics of a call and of the people at it."""
    return [f"call:{call_id}", *(f"user:{user_id}" for user_id in user_ids if user_id), "queues"]
