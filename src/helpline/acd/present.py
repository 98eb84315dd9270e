"""What the switch says is there: read over ARI, and compared with rows at start, after a lost stream, and now and then."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from helpline.acd import engine, heard, leaving, names
from helpline.acd.voice import hang_up_all
from helpline.core.clock import Clock
from helpline.telephony import events as facts
from helpline.telephony import listener, queries, recordings
from helpline.telephony import orders as o
from helpline.telephony.ari import APP, AriClient
from helpline.telephony.asterisk import tape
from helpline.telephony.models import CallState, Leg, LegState, Recording, RecordingState

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

#: a leg or call younger than this may simply not have reached the list yet (seconds)
GRACE_S = 6.0


@dataclass(frozen=True, slots=True)
class Present:
    """Channels by id, bridges by id with their channels, user names with a phone, names of stored recordings."""

    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    bridges: dict[str, list[str]] = field(default_factory=dict)
    phones: dict[str, bool] = field(default_factory=dict)
    stored: frozenset[str] = frozenset()
    #: when the first question was put, monotonic seconds; what was heard later than this is newer
    asked_at: float = 0.0


async def ask(ari: AriClient, clock: Clock) -> Present:
    """List what is there. Raises AriError."""
    asked_at = clock.monotonic()
    channels = await ari.get("/channels")
    bridges = await ari.get("/bridges")
    endpoints = await ari.get("/endpoints")
    stored = await ari.get("/recordings/stored")
    return Present(
        channels={one["id"]: one for one in channels},
        bridges={one["id"]: list(one["channels"]) for one in bridges},
        phones=_phones_of(endpoints),
        stored=frozenset(tape.whole(one["name"]) for one in stored),
        asked_at=asked_at,
    )


def _phones_of(endpoints: list[dict[str, Any]]) -> dict[str, bool]:
    """An account is there when one of its endpoints is."""
    found: dict[str, bool] = {}
    for one in endpoints:
        name = listener.account_of(str(one["resource"]))
        found[name] = found.get(name, False) or one.get("state") == "online"
    return found


def reconcile(conductor: "Conductor", present: Present, grace_s: float = GRACE_S) -> None:
    """Make rows and engine agree with the switch; what is young is left alone for `grace_s` seconds."""
    _phones(conductor, present)
    _legs_gone(conductor, present, grace_s)
    _legs_moved(conductor, present)
    _newcomers(conductor, present)
    _calls_without_legs(conductor, grace_s)
    _orphans(conductor, present)
    _recordings_left(conductor, present)
    heard.forget_before(conductor, present.asked_at)


def come_back(conductor: "Conductor", there: Present) -> None:
    """The event stream was away: what ended unheard meanwhile counts at once, and nobody waits for a lost prompt."""
    reconcile(conductor, there, grace_s=0.0)
    for playback in list(conductor.sounding.values()):
        heard.tell(conductor, facts.PlaybackEnded(playback, failed=False))


def _phones(conductor: "Conductor", present: Present) -> None:
    """Phones that came or went; one that went during a talk is missed as soon as its agent is free."""
    for name in conductor.settings.users:
        if heard.told_since(conductor, name, present.asked_at):
            continue
        online, agent = present.phones.get(name, False), conductor.state.agents.get(name)
        is_missed = not online and agent is not None and agent.state is engine.AgentState.AVAILABLE
        if is_missed or online != (name in conductor.online):
            heard.tell(conductor, facts.PhoneChanged(name, online))


def _legs_gone(conductor: "Conductor", present: Present, grace_s: float) -> None:
    before = conductor.clock.now() - timedelta(seconds=grace_s)
    for leg in Leg.objects.exclude(state=LegState.ENDED).filter(created_at__lte=before):
        if leg.pk in present.channels:
            continue
        log.warning("leg_gone_unheard", leg=leg.pk, call=str(leg.call_id))
        # 41: we do not know why, so an agent counts as cut off and the caller is kept
        for fact in listener.leg_gone(leg.pk, 41, "Temporary failure", conductor.clock):
            heard.tell(conductor, fact)


def _legs_moved(conductor: "Conductor", present: Present) -> None:
    """Answers and bridges that we did not hear of."""
    inside = {leg: bridge for bridge, legs in present.bridges.items() for leg in legs}
    for leg in Leg.objects.exclude(state=LegState.ENDED):
        channel = present.channels.get(leg.pk)
        if channel is None or heard.told_since(conductor, leg.pk, present.asked_at):
            continue
        if channel.get("state") == "Up" and leg.state != LegState.UP:
            heard.hear(conductor, {"type": "ChannelStateChange", "channel": channel})
        bridge = inside.get(leg.pk, "")
        if bridge != leg.bridge_id:
            kind, where = ("ChannelEnteredBridge", bridge) if bridge else ("ChannelLeftBridge", leg.bridge_id)
            heard.hear(conductor, {"type": kind, "channel": channel, "bridge": {"id": where}})


def _newcomers(conductor: "Conductor", present: Present) -> None:
    """Callers who came while we were away; legs of ours that nobody knows any more go."""
    known = set(Leg.objects.filter(pk__in=list(present.channels)).values_list("pk", flat=True))
    for leg, channel in present.channels.items():
        app = (channel.get("dialplan") or {}).get("app_data", "")
        if leg in known or leg.startswith("snoop-") or not str(app).startswith(APP):
            continue
        if names.leg_kind(leg) is not None:
            conductor.order("orphans", o.Hangup(leg))
            continue
        for fact in listener.incoming(channel, conductor.clock):
            heard.tell(conductor, fact)


def _calls_without_legs(conductor: "Conductor", grace_s: float) -> None:
    """A call whose other side is gone is over (P8)."""
    before = conductor.clock.now() - timedelta(seconds=grace_s)
    for call in queries.live_calls().filter(started_at__lte=before):
        legs = queries.live_legs(call.pk)
        if not legs:
            log.warning("call_without_legs", call=str(call.pk))
            leaving.over(conductor, call.pk, by="lost", outcome="failed")


def _orphans(conductor: "Conductor", present: Present) -> None:
    """Bridges and legs of calls that have ended."""
    live = {str(call_id) for call_id in queries.live_calls().values_list("pk", flat=True)}
    for bridge in present.bridges:
        kind, _, call = bridge.partition("-")
        if kind in {"call", "consult"} and call not in live:
            conductor.order("orphans", o.DropBridge(bridge))
    ended = Leg.objects.filter(pk__in=list(present.channels), call__state=CallState.ENDED)
    for call_id in set(ended.exclude(state=LegState.ENDED).values_list("call_id", flat=True)):
        hang_up_all(conductor, call_id)


def _recordings_left(conductor: "Conductor", present: Present) -> None:
    """Sound that was finished while we were away, and rows whose sound will never come."""
    over = Recording.objects.filter(state=RecordingState.LIVE, call__state=CallState.ENDED)
    late = conductor.clock.now() - timedelta(seconds=30)
    for row in over.select_related("call"):
        if row.name in present.stored:
            heard.fetch_recording(conductor, row.name)
        elif row.call.ended_at and row.call.ended_at < late:
            recordings.failed(row.name, "the switch has no such recording", conductor.clock)
