"""What the switch made known, told to the engine; and the moves on the bridges that follow from it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from helpline.acd import (
    actions,
    calling_back,
    dialling,
    engine,
    hooks,
    leaving,
    names,
    offering,
    outside,
    phones,
    referred,
)
from helpline.acd.models import EntryOutcome
from helpline.acd.ordered import FetchRecording
from helpline.acd.talk import Talk, talk_of
from helpline.customers.queries import find_contact
from helpline.telephony import actions as calls
from helpline.telephony import events, listener, recordings
from helpline.telephony import orders as o
from helpline.telephony.models import Call, CallState, Leg, LegRole, Recording

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)


def hear(conductor: "Conductor", event: listener.Event) -> None:
    """One event of the switch, with all that it means."""
    conductor.told_at[listener.subject(event)] = conductor.clock.monotonic()
    for fact in listener.hear(event, conductor.clock):
        tell(conductor, fact)


def told_since(conductor: "Conductor", subject: str, moment: float) -> bool:
    """Events of the leg or phone were heard after this moment (monotonic): lists made then may be behind them."""
    at = conductor.told_at.get(subject)
    return at is not None and at >= moment


def forget_before(conductor: "Conductor", moment: float) -> None:
    """No list older than this moment is coming."""
    conductor.told_at = {subject: at for subject, at in conductor.told_at.items() if at >= moment}


def tell(conductor: "Conductor", fact: events.Heard) -> None:
    """Let the desk know one fact."""
    _HANDLERS[type(fact)](conductor, fact)


def _came(conductor: "Conductor", fact: events.CallCame) -> None:
    entry = outside.entry_point(fact.number, fact.trunk)
    if entry is None and dialling.by_telephone(conductor, fact):
        return
    language = ""
    if entry:
        match = find_contact(entry.desk, number=fact.from_number) if fact.from_number else None
        language = (match.contact.language if match else "") or entry.language
        known = {"contact_id": match.contact.pk, "contact_by": match.how} if match else {}
        calls.note_facts(fact.call, conductor.clock, desk_id=entry.desk_id, language=language, **known)
    conductor.feed(
        engine.CallArrived,
        call=str(fact.call),
        number=entry.number if entry else fact.number,
        language=language,
        facts=engine.CallerFacts(caller_number=fact.from_number),
        node=conductor.nodes.tag(fact.call),
    )


def _ringing(conductor: "Conductor", fact: events.LegRinging) -> None:
    if names.leg_kind(fact.leg) is names.LegKind.OFFER:
        agent = _agent_of(conductor, fact.leg)
        conductor.feed(engine.OfferRinging, call=str(fact.call), agent=agent)


def _agent_of(conductor: "Conductor", leg: str) -> str:
    return conductor.agent(Leg.objects.values_list("user_id", flat=True).get(pk=leg))


def _answered(conductor: "Conductor", fact: events.LegAnswered) -> None:
    kind = names.leg_kind(fact.leg)
    if kind is names.LegKind.OFFER:
        agent = _agent_of(conductor, fact.leg)
        conductor.feed(engine.OfferAnswered, call=str(fact.call), agent=agent, leg=fact.leg)
    elif kind is names.LegKind.AGAIN:
        calling_back.answered(conductor, fact.call, fact.leg)
    elif kind is not None:
        phones.own_leg_answered(conductor, fact.call, fact.leg, kind)


def _joined(conductor: "Conductor", fact: events.LegJoined) -> None:
    talk = talk_of(fact.call)
    if talk is None:
        return
    if fact.bridge == names.main_bridge(fact.call):
        _in_main(conductor, talk)
    elif fact.bridge == names.consult_bridge(fact.call):
        _in_consult(conductor, talk)


def _in_main(conductor: "Conductor", talk: Talk) -> None:
    """Talking begins when the other side and somebody of ours hear each other, not before."""
    bridge = names.main_bridge(talk.id)
    ours = [leg for leg in (*talk.agents, talk.consult) if leg is not None and leg.bridge_id == bridge]
    if not ours or talk.other is None or talk.other.bridge_id != bridge:
        for leg in ours:
            phones.agent_is_back(conductor, leg)
        return
    calls.end_hold(talk.id, conductor.clock)
    calls.set_state(talk.id, CallState.TALKING, conductor.clock)
    for leg in (*ours, talk.other):
        _talks(conductor, talk, leg)
    name, node = names.recording(talk.id, _moves(conductor, talk)), conductor.nodes.of(talk.id)
    if recordings.begin(talk.id, name, conductor.clock, node=node):
        conductor.order(talk.id, o.Record(bridge, name))


def _moves(conductor: "Conductor", talk: Talk) -> int:
    """How often the caller was called back after the loss of a node: each time begins another recording."""
    if not conductor.nodes.several:
        return 0
    again = Leg.objects.filter(call=talk.id, pk__startswith=f"{names.LegKind.AGAIN}-")
    return again.exclude(answered_at=None).count()


def _talks(conductor: "Conductor", talk: Talk, leg: Leg) -> None:
    if leg.user_id is None or leg.pk in conductor.leaving:
        return
    agent, call = conductor.agent(leg.user_id), talk.lane
    actions.close_reservation(leg.user_id, talk.id, "answered", conductor.clock)
    if leg.role == LegRole.AGENT:
        answered = actions.leave_queue(
            talk.id, EntryOutcome.ANSWERED, user_id=leg.user_id, clock=conductor.clock
        )
        offering.takes_over(conductor, talk, leg)
        if answered:
            hooks.tell(
                "call_answered", call=Call.objects.get(pk=talk.id), user=leg.user, clock=conductor.clock
            )
    conductor.feed(engine.Bridged, call=call, agent=agent)
    phones.agent_is_back(conductor, leg)
    conductor.feed(engine.HoldChanged, call=call, agent=agent, held=False)


def _in_consult(conductor: "Conductor", talk: Talk) -> None:
    bridge = names.consult_bridge(talk.id)
    colleague, asker = talk.consult, talk.asker
    if colleague is None or asker is None or not colleague.bridge_id == asker.bridge_id == bridge:
        return
    for leg in (asker, colleague):
        phones.agent_is_back(conductor, leg)
    if colleague.user_id is not None:
        actions.close_reservation(colleague.user_id, talk.id, "answered", conductor.clock)
        conductor.feed(engine.Bridged, call=talk.lane, agent=conductor.agent(colleague.user_id))


def _left(conductor: "Conductor", fact: events.LegLeft) -> None:
    """Where a leg goes next was ordered together with its leaving."""


def _held(conductor: "Conductor", fact: events.LegHeld) -> None:
    """The device's own hold key counts like the button on the page."""
    talk = talk_of(fact.call)
    asker = talk.asker if talk else None
    if talk is None or asker is None or asker.pk != fact.leg or talk.consult is not None:
        return
    if fact.held:
        leaving.hold(conductor, talk, asker, kind="hold", asked=False)
    elif talk.hold and talk.hold.kind == "hold":
        offering.join_main(conductor, talk, asker)


def _connection(conductor: "Conductor", fact: events.ConnectionChanged) -> None:
    """Alone it means nothing; with a page that comes without a call, the call's old page is gone."""
    (conductor.cut.add if fact.lost else conductor.cut.discard)(fact.leg)


def _digit(conductor: "Conductor", fact: events.Digit) -> None:
    if names.leg_kind(fact.leg) in {None, names.LegKind.AGAIN}:
        conductor.feed(engine.DigitPressed, call=str(fact.call), digit=fact.digit)


def _playback(conductor: "Conductor", fact: events.PlaybackEnded) -> None:
    leg = names.farewell_leg(fact.playback)
    if leg is not None:
        call_id = Leg.objects.filter(pk=leg).values_list("call_id", flat=True).first()
        if call_id:
            conductor.order(call_id, o.Hangup(leg))
        return
    mine = names.played(fact.playback, conductor.run)
    if mine is None:
        return
    call, number = mine
    if conductor.sounding.get(call) == fact.playback:
        del conductor.sounding[call]
    if fact.failed:
        log.error("prompt_failed", call=call, playback=fact.playback)
    conductor.feed(engine.PlaybackDone, call=call, play=number)


def _recording(conductor: "Conductor", fact: events.RecordingEnded) -> None:
    if fact.failure:
        recordings.failed(fact.name, fact.failure, conductor.clock)
    fetch_recording(conductor, fact.name, fact.failure)


def fetch_recording(conductor: "Conductor", name: str, failure: str = "") -> None:
    """Bring the sound home; what a full disk left of it as well."""
    node = ""
    if conductor.nodes.several:
        row = Recording.objects.filter(name=name).values_list("node", flat=True).first()
        node = conductor.nodes.known(row or "")
    conductor.order_at(node, f"recordings {node}".strip(), FetchRecording(name, failure))


def _ended(conductor: "Conductor", fact: events.LegEnded) -> None:
    conductor.cut.discard(fact.leg)
    leaving.leg_ended(conductor, fact)
    conductor.leaving.discard(fact.leg)


def _phone(conductor: "Conductor", fact: events.PhoneChanged) -> None:
    there, node = conductor.endpoints.setdefault(fact.username, set()), conductor.nodes.known(fact.node)
    if fact.online:
        there.add((node, fact.endpoint))
    elif fact.endpoint:
        there -= {(node, fact.endpoint), (node, "")}
    else:
        there -= {one for one in there if one[0] == node}
    if conductor.nodes.several:
        conductor.feed(engine.AgentReached, agent=fact.username, nodes=conductor.nodes_of(fact.username))
    phones.changed(conductor, fact.username, bool(there), fresh=fact.fresh)


def _transfer(conductor: "Conductor", fact: events.TransferAsked) -> None:
    referred.asked(conductor, fact)


def _tape(conductor: "Conductor", fact: events.TapeReady) -> None:
    conductor.order(fact.call, o.RecordLeg(fact.leg, fact.name))


def _snoop(conductor: "Conductor", fact: events.SnoopReady) -> None:
    phones.snoop_ready(conductor, fact.call, fact.leg)


_HANDLERS: dict[type, Callable[["Conductor", Any], None]] = {
    events.TapeReady: _tape,
    events.TransferAsked: _transfer,
    events.CallCame: _came,
    events.LegRinging: _ringing,
    events.LegAnswered: _answered,
    events.LegJoined: _joined,
    events.LegLeft: _left,
    events.LegHeld: _held,
    events.LegEnded: _ended,
    events.ConnectionChanged: _connection,
    events.Digit: _digit,
    events.PlaybackEnded: _playback,
    events.RecordingEnded: _recording,
    events.PhoneChanged: _phone,
    events.SnoopReady: _snoop,
}
