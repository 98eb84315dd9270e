"""After a restart: the engine's knowledge built again from rows. What changed meanwhile comes by `present.reconcile`."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from helpline.acd import engine, names
from helpline.acd.models import EntryOutcome, MenuChoice, QueueEntry
from helpline.people.models import Presence
from helpline.telephony import queries
from helpline.telephony.models import Call, CallState, Direction, LegState

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

_STAGES = {
    CallState.FLOW: engine.Stage.GREETING,
    CallState.QUEUED: engine.Stage.QUEUED,
    CallState.OFFERED: engine.Stage.OFFERED,
    CallState.TALKING: engine.Stage.CONNECTED,
    CallState.HELD: engine.Stage.CONNECTED,
}
_IN_LINE = frozenset({engine.Stage.QUEUED, engine.Stage.OFFERED})


def restore(conductor: "Conductor") -> None:
    """Feed callers and agents as the rows last knew them."""
    conductor.tell_reach()
    conductor.feed(
        engine.Restored,
        callers=tuple(_callers(conductor)),
        agents=tuple(_agents(conductor)),
    )


def _callers(conductor: "Conductor") -> Iterable[engine.RestoredCaller]:
    """Oldest first, so that the order of arrival stays. A call at no desk was being turned away."""
    live = queries.live_calls().filter(direction=Direction.IN, desk__isnull=False)
    for call in live.order_by("started_at", "pk"):
        yield _caller(call, conductor)


def _caller(call: Call, conductor: "Conductor") -> engine.RestoredCaller:
    clock = conductor.clock
    stays = list(QueueEntry.objects.filter(call=call).select_related("queue").order_by("entered_at", "pk"))
    last = stays[-1] if stays else None
    stage = _STAGES[CallState(call.state)]
    if stage in _IN_LINE and last is None:
        stage = engine.Stage.GREETING
    if conductor.nodes.several and stage in _IN_LINE and _is_away(call):
        stage = engine.Stage.AWAY
    return engine.RestoredCaller(
        call=str(call.pk),
        number=call.to_number,
        stage=stage,
        language=call.language,
        facts=engine.CallerFacts(caller_number=call.from_number),
        queue=last.queue.key if last else call.queue_key,
        skills=last.skills if last else {},
        category=_choice(call, last),
        waiting_since=clock.at(_waiting_since(stays)) if stays else 0.0,
        queued_at=clock.at(last.entered_at) if last else 0.0,
        node=conductor.nodes.tag(call.pk),
        heard_front_end=call.events.filter(kind="front_end_heard").exists(),
    )


def _is_away(call: Call) -> bool:
    """Lost with a node of the switch, and not yet reached again."""
    leg = queries.caller_leg(call.pk)
    return leg is None or (names.leg_kind(leg.pk) is names.LegKind.AGAIN and leg.state != LegState.UP)


def _waiting_since(stays: list[QueueEntry]) -> datetime:
    """The beginning of the present wait: flowing from queue to queue is one wait, an answer ends it."""
    since = stays[-1].entered_at
    for stay in reversed(stays[:-1]):
        if stay.outcome != EntryOutcome.FLOWED_OUT:
            break
        since = stay.entered_at
    return since


def _choice(call: Call, last: QueueEntry | None) -> str:
    if last is None or not last.menu_label:
        return ""
    found = MenuChoice.objects.filter(entry_point__number=call.to_number, label=last.menu_label).first()
    return str(found.pk) if found else ""


def _agents(conductor: "Conductor") -> Iterable[engine.RestoredAgent]:
    clock = conductor.clock
    for row in Presence.objects.select_related("user").exclude(state="offline"):
        if row.user.username not in conductor.settings.users:
            continue
        yield engine.RestoredAgent(
            agent=row.user.username,
            state=engine.AgentState(row.state),
            reason=row.reason,
            idle_since=clock.at(row.since),
            call=_call_of(row),
            until=clock.at(row.until) if row.until else None,
        )


def _call_of(row: Presence) -> str:
    """The call in hand; a wrap-up's call is over."""
    if row.call_id is None or row.state == engine.AgentState.WRAP_UP:
        return ""
    return str(row.call_id)
