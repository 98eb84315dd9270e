"""What goes on in the switch now, for its page and for the figures machines read."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helpline.telephony.switch_reader import NoSuchDoor, SwitchAway, SwitchReader, SwitchRefused

Json = Mapping[str, Any]

#: legs of an Asterisk of which statistics are asked, one request each
_ASKED_LEGS = 30


@dataclass(frozen=True, slots=True)
class Figures:
    """Ticks are counted since the media process started, a late one began more than 5 ms after its time.
    `concealed` and `underruns` are frames of the legs there are now."""

    channels: int
    bridges: int
    recordings: int
    waiting: int
    accounts: int
    desk_connected: bool
    legs: int
    ticks: int
    late_ticks: int
    skipped_ticks: int
    worst_late_ms: float
    concealed: int
    underruns: int
    realtime: str
    cpu_s: float
    uptime_s: float

    @property
    def late_percent(self) -> float:
        return 100 * self.late_ticks / self.ticks if self.ticks else 0.0


@dataclass(frozen=True, slots=True)
class Process:
    """The signalling process. `draining_s`: seconds until a draining switch hangs up the rest, None otherwise.
    `guesses`: wrong passwords since its start."""

    pid: int
    since: datetime | None
    draining_s: float | None
    traces: int
    guesses: int


@dataclass(frozen=True, slots=True)
class Phone:
    """A registered telephone."""

    account: str
    where: str
    transport: str
    browser: bool
    program: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class LegFigures:
    """A leg's packets, as we heard them. `jitter_ms` and `mos` (an estimate by the E-model) are None when unknown."""

    channel: str
    name: str
    state: str
    created: datetime | None
    received: int
    lost: int
    jitter_ms: float | None
    mos: float | None
    codec: str
    encrypted: bool

    @property
    def lost_percent(self) -> float:
        every = self.received + self.lost
        return 100 * self.lost / every if every else 0.0


@dataclass(frozen=True, slots=True)
class Banned:
    """An address that guessed passwords."""

    address: str
    since: datetime | None
    until: datetime | None
    tried: str
    times: int


@dataclass(frozen=True, slots=True)
class Trunk:
    """A way to the telephone network, as the switch sees it."""

    name: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class SwitchState:
    """`away` says why nothing is known; `bans` and `trunks` are None when this switch has no such door."""

    kind: str = ""
    away: str = ""
    figures: Figures | None = None
    process: Process | None = None
    phones: tuple[Phone, ...] = ()
    legs: tuple[LegFigures, ...] = ()
    bans: tuple[Banned, ...] | None = None
    trunks: tuple[Trunk, ...] | None = None
    #: what an Asterisk says of itself
    version: str = ""
    channels: int = field(default=0)


def read(switch: SwitchReader) -> SwitchState:
    """Ask the switch; never raises, since a switch that is away is a state too."""
    try:
        return _read(switch)
    except (SwitchAway, SwitchRefused) as error:
        return SwitchState(away=str(error))


def read_all(switches: Mapping[str, SwitchReader]) -> dict[str, SwitchState]:
    """Ask the nodes side by side, so that those that are away cost no more than one."""
    with ThreadPoolExecutor(max(1, len(switches))) as pool:
        return dict(zip(switches, pool.map(read, switches.values()), strict=True))


def _read(switch: SwitchReader) -> SwitchState:
    status = _maybe(switch, "status")
    if status is None:
        return _foreign(switch)
    bans, trunks = _rows(_maybe(switch, "bans"), "bans"), _rows(_maybe(switch, "trunks"), "trunks")
    return SwitchState(
        kind="embedded",
        figures=figures(status),
        process=_process(_maybe(switch, "signalling")),
        phones=tuple(_phone(row) for row in _maybe(switch, "registrations") or ()),
        legs=tuple(_leg(row) for row in _maybe(switch, "legs") or ()),
        bans=None if bans is None else tuple(_ban(row) for row in bans),
        trunks=None if trunks is None else tuple(_trunk(row) for row in trunks),
        channels=int(status["channels"]),
    )


def _foreign(switch: SwitchReader) -> SwitchState:
    """Asterisk: what plain ARI tells."""
    info = switch.get("asterisk", "info")
    online = [one for one in switch.get("endpoints") if one.get("state") == "online"]
    channels = switch.get("channels")
    return SwitchState(
        kind="asterisk",
        version=str(info.get("system", {}).get("version", "")),
        channels=len(channels),
        legs=tuple(_foreign_leg(switch, one) for one in channels[:_ASKED_LEGS]),
        phones=tuple(
            Phone(one["resource"], "", one.get("technology", ""), False, "", None) for one in online
        ),
    )


def _foreign_leg(switch: SwitchReader, channel: Json) -> LegFigures:
    """A channel of Asterisk with its statistics, which one without sound has not."""
    try:
        told = switch.get("channels", channel["id"], "rtp_statistics")
    except (NoSuchDoor, SwitchRefused):
        told = {}
    jitter = _number(told.get("rxjitter"))
    return LegFigures(
        channel=channel["id"],
        name=channel["name"],
        state=channel["state"],
        created=_moment(channel.get("creationtime")),
        received=int(told.get("rxcount", 0)),
        lost=max(0, int(told.get("rxploss", 0))),
        jitter_ms=None if jitter is None else 1000 * jitter,
        mos=None,
        codec="",
        encrypted=False,
    )


def figures(status: Json) -> Figures:
    """The figures of `/ari/helpline/status`."""
    media = status["media"]
    return Figures(
        channels=int(status["channels"]),
        bridges=int(status["bridges"]),
        recordings=int(status["recordings"]),
        waiting=int(status["waiting_for_application"]),
        accounts=int(status["accounts"]),
        desk_connected=bool(status["applications"]),
        legs=int(media["legs"]),
        ticks=int(media["ticks"]),
        late_ticks=int(media["late_ticks"]),
        skipped_ticks=int(media["skipped_ticks"]),
        worst_late_ms=float(media["worst_late_ms"]),
        concealed=int(media["concealed"]),
        underruns=int(media["underruns"]),
        realtime=str(media["realtime"]),
        cpu_s=float(media["cpu_s"]),
        uptime_s=float(media["uptime_s"]),
    )


def _process(told: Json | None) -> Process | None:
    if told is None:
        return None
    return Process(
        pid=int(told["pid"]),
        since=_moment(told["since"]),
        draining_s=told["draining_ends_in_s"],
        traces=int(told["traces"]["calls"]),
        guesses=int(told["guesses"]),
    )


def _phone(row: Json) -> Phone:
    return Phone(
        account=row["account"],
        where=row["source"],
        transport=row["transport"],
        browser=bool(row["browser"]),
        program=row["user_agent"],
        since=_moment(row["since"]),
    )


def _leg(row: Json) -> LegFigures:
    rtp = row["rtp"] or {}
    jitter = _number(rtp.get("jitter"))
    return LegFigures(
        channel=row["channel"],
        name=row["name"],
        state=row["state"],
        created=_moment(row["created"]),
        received=int(rtp.get("received", 0)),
        lost=int(rtp.get("lost", 0)),
        jitter_ms=None if jitter is None else 1000 * jitter,
        mos=_number(rtp.get("mos_estimate")),
        codec=str(rtp.get("codec") or ""),
        encrypted=bool(rtp.get("encrypted")),
    )


def _ban(row: Json) -> Banned:
    return Banned(
        address=str(row["address"]),
        since=_moment(row.get("since")),
        until=_moment(row.get("until")),
        tried=str(row.get("tried") or ""),
        times=int(row.get("times") or 1),
    )


def _trunk(row: Json) -> Trunk:
    told = (row.get("reason"), row.get("server"))
    detail = ", ".join(str(one) for one in told if one)
    return Trunk(str(row.get("name") or ""), str(row.get("condition") or ""), detail)


def _rows(answer: Any, name: str) -> list[Json] | None:
    """A list, or an object with the list under its own name."""
    if answer is None:
        return None
    return list(answer) if isinstance(answer, list) else list(answer.get(name, ()))


def _maybe(switch: SwitchReader, door: str) -> Any:
    try:
        return switch.get("helpline", door)
    except NoSuchDoor:
        return None


def _moment(text: Any) -> datetime | None:
    """ARI's `2026-11-22T15:47:31.123+0000`, or ISO 8601; None when there is none or it is something else."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
