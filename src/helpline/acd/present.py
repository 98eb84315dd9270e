"""What the switch says is there: read over ARI, and compared with rows at start, after a lost stream, and now and then."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db.models import QuerySet

from helpline.acd import calling_back, engine, heard, leaving, names
from helpline.acd.voice import hang_up_all
from helpline.core.clock import Clock
from helpline.telephony import events as facts
from helpline.telephony import listener, queries, recordings
from helpline.telephony import orders as o
from helpline.telephony.ari import APP, AriClient
from helpline.telephony.asterisk import tape
from helpline.telephony.models import CallState, Leg, LegState, Recording, RecordingState
from helpline.telephony.trunks import is_trunk

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

#: a leg or call younger than this may simply not have reached the list yet (seconds)
GRACE_S = 6.0
#: a list that was asked for earlier may be worked on later than this one, by so much at the most (seconds)
LIST_S = 30.0


@dataclass(frozen=True, slots=True)
class Present:
    """Channels by id, bridges by id with their channels, user names with a phone, names of stored recordings."""

    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    bridges: dict[str, list[str]] = field(default_factory=dict)
    phones: dict[str, bool] = field(default_factory=dict)
    stored: frozenset[str] = frozenset()
    #: when the first question was put, monotonic seconds; what was heard later than this is newer
    asked_at: float = 0.0
    #: the node that lists it, whether it takes no new calls, and when it was started; the latter only of several
    node: str = ""
    draining: bool = False
    started: str = ""


async def ask(ari: AriClient, clock: Clock, node: str = "", *, of_several: bool = False) -> Present:
    """List what is there at a node. Raises AriError."""
    asked_at = clock.monotonic()
    channels = await ari.get("/channels")
    bridges = await ari.get("/bridges")
    endpoints = await ari.get("/endpoints")
    stored = await ari.get("/recordings/stored")
    draining, started = await _condition(ari) if of_several else (False, "")
    return Present(
        channels={one["id"]: one for one in channels},
        bridges={one["id"]: list(one["channels"]) for one in bridges},
        phones=_phones_of(endpoints),
        stored=frozenset(tape.whole(one["name"]) for one in stored),
        asked_at=asked_at,
        node=node,
        draining=draining,
        started=started,
    )


async def _condition(ari: AriClient) -> tuple[bool, str]:
    """Whether it drains, which only the embedded switch says, and when it was started."""
    if await ari.is_asterisk():
        return False, str((await ari.get("/asterisk/info", only="status"))["status"]["startup_time"])
    told = await ari.get("/helpline/signalling")
    return told["draining_ends_in_s"] is not None, str(told["since"])


def _phones_of(endpoints: list[dict[str, Any]]) -> dict[str, bool]:
    """An account is there when one of its endpoints is."""
    found: dict[str, bool] = {}
    for one in endpoints:
        name = listener.account_of(str(one["resource"]))
        found[name] = found.get(name, False) or one.get("state") == "online"
    return found


def reconcile(conductor: "Conductor", present: Present, grace_s: float = GRACE_S) -> None:
    """Make rows and engine agree with a node of the switch; what is young is left alone for `grace_s` seconds."""
    _node(conductor, present)
    _phones(conductor, present)
    _legs_gone(conductor, present, grace_s)
    _legs_moved(conductor, present)
    _newcomers(conductor, present)
    _calls_without_legs(conductor, present, grace_s)
    _orphans(conductor, present)
    _moved_away(conductor, present, grace_s)
    _recordings_left(conductor, present)
    heard.forget_before(conductor, present.asked_at - LIST_S)


def _node(conductor: "Conductor", present: Present) -> None:
    nodes, name = conductor.nodes, conductor.nodes.known(present.node)
    nodes.asked.add(name)
    nodes.lost.discard(name)
    (nodes.draining.add if present.draining else nodes.draining.discard)(name)
    nodes.started[name] = present.started


def node_lost(conductor: "Conductor", node: str) -> None:
    """A node has been silent for too long: what was there is gone, its callers are called back by another."""
    if not conductor.nodes.several or node in conductor.nodes.lost:
        return
    log.critical("node_lost", node=node)
    conductor.nodes.lost.add(node)
    for call in conductor.nodes.calls(node).select_related("desk").order_by("started_at", "pk"):
        calling_back.lose(conductor, call, node)
    for name in list(conductor.endpoints):
        if node in conductor.nodes_of(name):
            heard.tell(conductor, facts.PhoneChanged(name, False, node=node))


def come_back(conductor: "Conductor", there: Present) -> None:
    """The event stream was away: what ended unheard meanwhile counts at once, and nobody waits for a lost prompt.

    A node that was started anew in between has lost its calls, as one that does not come back.
    """
    _restarted(conductor, there)
    reconcile(conductor, there, grace_s=0.0)
    node = conductor.nodes.known(there.node)
    here = [heard_now for call, heard_now in conductor.sounding.items() if conductor.nodes.of(call) == node]
    for playback in here:
        heard.tell(conductor, facts.PlaybackEnded(playback, failed=False))


def _restarted(conductor: "Conductor", there: Present) -> None:
    nodes, node = conductor.nodes, conductor.nodes.known(there.node)
    if not nodes.several or nodes.started.get(node, there.started) == there.started:
        return
    log.critical("node_restarted", node=node)
    for call in nodes.calls(node).select_related("desk").order_by("started_at", "pk"):
        if not any(leg.pk in there.channels for leg in queries.live_legs(call.pk)):
            calling_back.lose(conductor, call, node)


def _phones(conductor: "Conductor", present: Present) -> None:
    """Phones that came or went; one that went during a talk is missed as soon as its agent is free."""
    node = conductor.nodes.known(present.node)
    for name in _accounts(conductor, present):
        if heard.told_since(conductor, name, present.asked_at):
            continue
        online, agent = present.phones.get(name, False), conductor.state.agents.get(name)
        elsewhere = conductor.nodes_of(name) - {node} or not conductor.nodes.all_asked
        is_idle = agent is not None and agent.state is engine.AgentState.AVAILABLE
        is_missed = not online and is_idle and not elsewhere
        if is_missed or online != (node in conductor.nodes_of(name)):
            heard.tell(conductor, facts.PhoneChanged(name, online, node=node))


def _accounts(conductor: "Conductor", present: Present) -> Iterable[str]:
    """Agents; and with several nodes everybody, for a lost caller is called back at their own telephone."""
    if not conductor.nodes.several:
        return conductor.settings.users
    return {*conductor.settings.users, *(name for name in present.phones if not is_trunk(name))}


def _legs_here(conductor: "Conductor", present: Present) -> QuerySet[Leg]:
    """Live legs of the node's calls."""
    here = conductor.nodes.here(conductor.nodes.known(present.node), "call__")
    return Leg.objects.exclude(state=LegState.ENDED).filter(here)


def _legs_gone(conductor: "Conductor", present: Present, grace_s: float) -> None:
    before = conductor.clock.now() - timedelta(seconds=grace_s)
    for leg in _legs_here(conductor, present).filter(created_at__lte=before):
        if leg.pk in present.channels:
            continue
        log.warning("leg_gone_unheard", leg=leg.pk, call=str(leg.call_id))
        # 41: we do not know why, so an agent counts as cut off and the caller is kept
        for fact in listener.leg_gone(leg.pk, 41, "Temporary failure", conductor.clock):
            heard.tell(conductor, fact)


def _legs_moved(conductor: "Conductor", present: Present) -> None:
    """Answers and bridges that we did not hear of."""
    inside = {leg: bridge for bridge, legs in present.bridges.items() for leg in legs}
    for leg in _legs_here(conductor, present):
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
            _order_orphan(conductor, present, o.Hangup(leg))
            continue
        for fact in listener.incoming(channel, conductor.clock, present.node):
            heard.tell(conductor, fact)


def _order_orphan(conductor: "Conductor", present: Present, order: o.Order) -> None:
    node = conductor.nodes.known(present.node)
    conductor.order_at(node, f"orphans {node}", order)


def _calls_without_legs(conductor: "Conductor", present: Present, grace_s: float) -> None:
    """A call whose other side is gone is over (P8)."""
    before = conductor.clock.now() - timedelta(seconds=grace_s)
    here = conductor.nodes.calls(conductor.nodes.known(present.node))
    for call in here.filter(started_at__lte=before):
        legs = queries.live_legs(call.pk)
        caller = conductor.state.callers.get(str(call.pk))
        is_away = caller is not None and caller.stage is engine.Stage.AWAY
        if not legs and not is_away:
            log.warning("call_without_legs", call=str(call.pk))
            leaving.over(conductor, call.pk, by="lost", outcome="failed")


def _orphans(conductor: "Conductor", present: Present) -> None:
    """Bridges and legs of calls that have ended."""
    here = conductor.nodes.calls(conductor.nodes.known(present.node))
    live = {str(call_id) for call_id in here.values_list("pk", flat=True)}
    for bridge in present.bridges:
        kind, _, call = bridge.partition("-")
        if kind in {"call", "consult"} and call not in live:
            _order_orphan(conductor, present, o.DropBridge(bridge))
    ended = Leg.objects.filter(pk__in=list(present.channels), call__state=CallState.ENDED)
    for call_id in set(ended.exclude(state=LegState.ENDED).values_list("call_id", flat=True)):
        hang_up_all(conductor, call_id)


def _moved_away(conductor: "Conductor", present: Present, grace_s: float) -> None:
    """A node that was given up is back with legs that we gave up: their people were called back elsewhere."""
    if not conductor.nodes.several:
        return
    before = conductor.clock.now() - timedelta(seconds=grace_s)
    over = Leg.objects.filter(pk__in=list(present.channels), state=LegState.ENDED, ended_at__lte=before)
    for leg in over:
        _order_orphan(conductor, present, o.Hangup(leg.pk))


def _recordings_left(conductor: "Conductor", present: Present) -> None:
    """Sound that was finished while we were away, and rows whose sound will never come."""
    here = Recording.objects.filter(conductor.nodes.here(conductor.nodes.known(present.node)))
    lost = here.filter(name__in=present.stored, failure=calling_back.SWITCH_LOST, state=RecordingState.FAILED)
    for row in lost if conductor.nodes.several else ():
        heard.fetch_recording(conductor, row.name, calling_back.SWITCH_LOST)
    over = here.filter(state=RecordingState.LIVE, call__state=CallState.ENDED)
    late = conductor.clock.now() - timedelta(seconds=30)
    for row in over.select_related("call"):
        if row.name in present.stored:
            heard.fetch_recording(conductor, row.name)
        elif row.call.ended_at and row.call.ended_at < late:
            recordings.failed(row.name, "the switch has no such recording", conductor.clock)
