"""A node of the switch is lost: its callers keep their places and are called back on another.

What was tried is in the rows, as lines of the call's story; so a restart of this process changes nothing.
"""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from helpline.acd import engine, leaving, names, outside
from helpline.customers.numbers import e164
from helpline.telephony import actions as calls
from helpline.telephony import orders as o
from helpline.telephony import queries, recordings, trunks
from helpline.telephony.models import Call, CallEvent, CallState, Direction, Leg, LegRole

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

#: how often a lost caller is rung, for how long, and how long after the beginning of the attempt before
ATTEMPTS, RING_S, PAUSE_S = 3, 25, 35.0
#: Q.850: network out of order
OUT_OF_ORDER = 38
#: why the recording of a call ended with its node; the sound is taken after all if the node brings it back
SWITCH_LOST = "the switch was lost"
LOST, TRIED = "node_lost", "called_again"


def lose(conductor: "Conductor", call: Call, node: str) -> None:
    """All legs of the call are gone with the node. Who waited or talked is called back, everything else is over."""
    caller = conductor.state.callers.get(str(call.pk))
    for leg in queries.live_legs(call.pk):
        calls.leg_ended(leg.pk, OUT_OF_ORDER, "Switch lost", conductor.clock)
        conductor.cut.discard(leg.pk)
        conductor.places.pop(leg.pk, None)
    conductor.sounding.pop(str(call.pk), None)
    if row := queries.live_recording(call.pk):
        recordings.failed(row.name, SWITCH_LOST, conductor.clock)
    calls.note(call.pk, LOST, data={"node": node}, clock=conductor.clock)
    if caller is None or call.direction != Direction.IN or not _is_kept(caller):
        leaving.over(conductor, call.pk, by="lost", outcome="failed")
        return
    log.warning("caller_lost_with_node", call=str(call.pk), node=node)
    _move(conductor, call, conductor.nodes.choose(but=node))
    calls.end_hold(call.pk, conductor.clock)
    conductor.feed(engine.CallerAway, call=str(call.pk))
    if str(call.pk) in conductor.state.callers:
        calls.set_state(call.pk, CallState.QUEUED, conductor.clock)
        _ring(conductor, call, but=node)


def _is_kept(caller: engine.Caller) -> bool:
    return caller.in_line or caller.stage is engine.Stage.CONNECTED


def _move(conductor: "Conductor", call: Call, node: str) -> None:
    call.node = node
    conductor.nodes.put(call.pk, node)
    calls.note_facts(call.pk, conductor.clock, node=node)


def look(conductor: "Conductor") -> None:
    """Ring those again who have not answered, or let them go after the last attempt. Once a second."""
    away = [one.call for one in conductor.state.callers.values() if one.stage is engine.Stage.AWAY]
    for call in Call.objects.filter(pk__in=away).select_related("desk") if away else ():
        tried = _attempts(call.pk)
        due = conductor.clock.now() - timedelta(seconds=PAUSE_S)
        if queries.live_legs(call.pk) or (tried and tried[-1].at > due):
            continue
        if len(tried) < ATTEMPTS:
            _ring(conductor, call, len(tried))
        else:
            conductor.feed(engine.CallerGone, call=str(call.pk))
            leaving.finish(conductor, call.pk, by="lost", outcome="abandoned")


def _attempts(call_id: UUID) -> list[CallEvent]:
    """Those since the last loss, oldest first."""
    story = CallEvent.objects.filter(call_id=call_id, kind__in=[LOST, TRIED]).order_by("at", "id")
    found: list[CallEvent] = []
    for line in story:
        found = [] if line.kind == LOST else [*found, line]
    return found


def _ring(conductor: "Conductor", call: Call, tried: int = 0, *, but: str = "") -> None:
    """Ring the caller on the node that suits best, any `but` this one.

    An attempt without any way counts too, for a phone may register yet.
    """
    endpoint, shown, node = _way(conductor, call, tried, but)
    to = endpoint.removeprefix("PJSIP/")
    calls.note(call.pk, TRIED, data={"to": to, "attempt": tried + 1, "node": node}, clock=conductor.clock)
    if not endpoint:
        log.warning("no_way_back", call=str(call.pk))
        return
    if node != call.node:
        _move(conductor, call, node)
    leg = names.new_leg(names.LegKind.AGAIN)
    calls.add_leg(call.pk, leg, LegRole.CALLER, endpoint, None, conductor.clock)
    side = {"HELPLINE_SIDE": "caller"}
    conductor.order(call.pk, o.Originate(leg, endpoint, shown, RING_S, str(call.pk), side))


def _way(conductor: "Conductor", call: Call, tried: int, but: str) -> tuple[str, str, str]:
    """(endpoint, caller id, node): the caller's own telephone where it is registered, else a trunk; a later attempt
    takes the next one. All empty but the node when there is none."""
    account = _account_of(call)
    there = conductor.nodes_of(account) - conductor.nodes.lost if account else frozenset[str]()
    desk_id = call.desk_id
    ways = trunks.ways_out(desk_id)
    if there:
        shown = outside.caller_id(call, ways[0]) if ways else f"<{call.to_number}>"
        return f"PJSIP/{account}", shown, conductor.nodes.choose(there, but=but)
    number = e164(call.from_number, call.desk.country if call.desk else outside.COUNTRY)
    if not ways or not number.lstrip("+").isdigit():
        return "", "", call.node
    way = ways[tried % len(ways)]
    endpoint = f"PJSIP/{number}@{trunks.endpoint_of(way.name)}"
    return endpoint, outside.caller_id(call, way), conductor.nodes.choose(but=but)


def _account_of(call: Call) -> str:
    """The telephone account the caller first came from, as the switch proved it; empty for strangers."""
    first = Leg.objects.filter(call=call, role=LegRole.CALLER).order_by("created_at", "id").first()
    owner = trunks.owner_of_channel(first.endpoint) if first else ""
    return "" if trunks.is_trunk(owner) else owner


def answered(conductor: "Conductor", call_id: UUID, leg_id: str) -> None:
    """We have the caller again."""
    if str(call_id) not in conductor.state.callers:
        conductor.order(call_id, o.Hangup(leg_id))
        return
    conductor.order(call_id, o.Variable(leg_id, "HELPLINE_SIDE", "caller"))
    conductor.feed(engine.CallerBack, call=str(call_id), node=conductor.nodes.tag(call_id))
