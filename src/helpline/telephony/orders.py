"""What the switch is asked to do, as data. `verbs.carry_out` does it; tests compare it.

Legs are channel ids; times are seconds. Ids of new things are chosen by us, so that an order that was sent twice
makes nothing twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    leg: str


@dataclass(frozen=True, slots=True)
class Variable:
    leg: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """`cause`: Q.850; 16 normal, 17 busy, 21 rejected, 26 answered elsewhere (non-selected user clearing)."""

    leg: str
    cause: int = 16


@dataclass(frozen=True, slots=True)
class Originate:
    """Ring an endpoint; the channel gets the id `leg`."""

    leg: str
    endpoint: str
    caller: str
    timeout_s: int
    call: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Play:
    """Media URIs one after the other, reported as one playback."""

    leg: str
    playback: str
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopPlay:
    playback: str


@dataclass(frozen=True, slots=True)
class Music:
    """Music on hold of a class, or none."""

    leg: str
    music: str | None


@dataclass(frozen=True, slots=True)
class Ringback:
    """The leg hears that the other side rings."""

    leg: str
    on: bool


@dataclass(frozen=True, slots=True)
class MakeBridge:
    bridge: str


@dataclass(frozen=True, slots=True)
class Join:
    bridge: str
    leg: str


@dataclass(frozen=True, slots=True)
class Leave:
    bridge: str
    leg: str


@dataclass(frozen=True, slots=True)
class DropBridge:
    bridge: str


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """Tell the phone that asked for a transfer whether it is done. Its leg must still be there."""

    leg: str
    done: bool


@dataclass(frozen=True, slots=True)
class Mute:
    leg: str
    on: bool


@dataclass(frozen=True, slots=True)
class Dtmf:
    leg: str
    digits: str


@dataclass(frozen=True, slots=True)
class Record:
    bridge: str
    name: str


@dataclass(frozen=True, slots=True)
class RecordLeg:
    """Record what a snoop channel hears: half of a call's recording, on a switch that cannot record in stereo."""

    leg: str
    name: str


@dataclass(frozen=True, slots=True)
class PauseRecording:
    name: str
    paused: bool


@dataclass(frozen=True, slots=True)
class StopRecording:
    name: str


@dataclass(frozen=True, slots=True)
class Snoop:
    """A channel `snoop` that hears the leg, and speaks to it alone when `whisper`."""

    leg: str
    snoop: str
    call: str
    whisper: bool = False


Order = (
    Answer
    | Variable
    | Hangup
    | Originate
    | Play
    | StopPlay
    | Music
    | Ringback
    | MakeBridge
    | Join
    | Leave
    | DropBridge
    | Mute
    | TransferProgress
    | Dtmf
    | Record
    | RecordLeg
    | PauseRecording
    | StopRecording
    | Snoop
)
