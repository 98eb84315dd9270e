"""The SIP messages of a call as a ladder: a lane for each telephone and one for the switch. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_CSEQ = re.compile(r"^cseq[ \t]*:[ \t]*\d+[ \t]+(\w+)", re.IGNORECASE | re.MULTILINE)
_SDP = re.compile(r"^(?:content-type|c)[ \t]*:[ \t]*application/sdp", re.IGNORECASE | re.MULTILINE)
_DIRECTION = re.compile(r"^a=(sendonly|recvonly|inactive)\b", re.MULTILINE)
_AUDIO = re.compile(r"^m=audio (\d+)", re.MULTILINE)
_STATUS = re.compile(r"SIP/2\.0 (\d{3}) ?(.*)")


@dataclass(frozen=True, slots=True)
class Lane:
    """Somebody who speaks SIP on the call. `note`: their address, empty for the switch."""

    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One message. `start` and `end` are numbers of lanes; `offset_s` seconds since the first message."""

    at: datetime
    offset_s: float
    start: int
    end: int
    label: str
    #: good: answered; bad: refused; quiet: provisional; info: a request
    kind: str
    text: str
    transport: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """`dropped`: older messages for which the switch had no room."""

    lanes: tuple[Lane, ...]
    steps: tuple[Step, ...]
    dropped: int
    keep_s: float


def build(traces: Sequence[tuple[str, Mapping[str, Any]]], switch: str) -> Ladder:
    """A ladder of the switch's answers (`/ari/helpline/calls/CHANNEL/trace`), each with the name of its telephone.

    The first telephone stands at the left, the switch beside it, all others to the right.
    """
    lanes = [Lane(label, _peer(trace)) for label, trace in traces]
    lanes.insert(min(1, len(lanes)), Lane(switch))
    home = min(1, len(traces))
    rows = []
    for number, (_label, trace) in enumerate(traces):
        theirs = number if number < home else number + 1
        rows += [(_moment(one), theirs, one) for one in trace["messages"]]
    rows.sort(key=lambda row: row[0])
    first = rows[0][0] if rows else None
    steps = tuple(_step(at, first or at, theirs, home, one) for at, theirs, one in rows)
    return Ladder(
        tuple(lanes),
        steps,
        sum(int(trace["dropped"]) for _label, trace in traces),
        max((float(trace["keep_s"]) for _label, trace in traces), default=0.0),
    )


def _step(at: datetime, first: datetime, theirs: int, home: int, message: Mapping[str, Any]) -> Step:
    came = message["direction"] == "in"
    label, kind = summary(message["text"])
    return Step(
        at=at,
        offset_s=(at - first).total_seconds(),
        start=theirs if came else home,
        end=home if came else theirs,
        label=label,
        kind=kind,
        text=message["text"],
        transport=message["transport"],
    )


def summary(text: str) -> tuple[str, str]:
    """What a message says in a word or two, and its kind: `200 OK (INVITE) sdp`, `good`."""
    first = text.partition("\n")[0].strip()
    status = _STATUS.match(first)
    if status is None:
        return first.partition(" ")[0] + _media(text), "info"
    method = _CSEQ.search(text)
    about = f" ({method[1]})" if method else ""
    code = int(status[1])
    kind = "quiet" if code < 200 else "good" if code < 300 else "bad"
    return f"{status[1]} {status[2]}".strip() + about + _media(text), kind


def _media(text: str) -> str:
    if not _SDP.search(text):
        return ""
    held = _DIRECTION.search(text)
    return f" sdp {held[1]}" if held else " sdp"


def _peer(trace: Mapping[str, Any]) -> str:
    """Where the telephone is: whom we heard last, else whom we called."""
    came = [one["peer"] for one in trace["messages"] if one["direction"] == "in"]
    every = came or [one["peer"] for one in trace["messages"]]
    return str(every[-1]) if every else ""


def _moment(message: Mapping[str, Any]) -> datetime:
    at = datetime.strptime(message["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return at.replace(microsecond=int(message["micros"]))


def media_ports(trace: Mapping[str, Any]) -> frozenset[int]:
    """The UDP ports at which the switch hears the telephone, as it wrote them into its session descriptions."""
    ours = (one["text"] for one in trace["messages"] if one["direction"] == "out")
    return frozenset(int(port) for text in ours for port in _AUDIO.findall(text) if int(port))


# --- for the terminal

_NARROWEST, _WIDEST = 20, 40


def drawn(ladder: Ladder) -> Iterable[str]:
    """The ladder in plain ASCII, a line a message; lanes as wide as their longest message."""
    longest = max((len(step.label) for step in ladder.steps), default=0)
    width = min(_WIDEST, max(_NARROWEST, longest + 6)) // 2 * 2
    gap = " " * 16
    yield gap + "".join(f"{_ascii(lane.label)[: width - 2]:^{width}}" for lane in ladder.lanes).rstrip()
    if any(lane.note for lane in ladder.lanes):
        yield gap + "".join(f"{_ascii(lane.note)[: width - 1]:^{width}}" for lane in ladder.lanes).rstrip()
    for step in ladder.steps:
        yield f"{step.at:%H:%M:%S.%f}"[:12] + "    " + _arrow(step, len(ladder.lanes), width)
    if ladder.dropped:
        yield f"({ladder.dropped} older messages had no room)"


def _arrow(step: Step, lanes: int, width: int) -> str:
    """Bars for all lanes, and the message as an arrow between two of them."""
    half = width // 2
    line = list((" " * half + "|" + " " * (half - 1)) * lanes)
    low, high = sorted((step.start, step.end))
    first, last = low * width + half, high * width + half
    room = last - first - 1
    line[first + 1 : last] = f"{_ascii(step.label)[: room - 4]:-^{room}}"
    if step.end > step.start:
        line[last - 1] = ">"
    else:
        line[first + 1] = "<"
    return "".join(line).rstrip()


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
