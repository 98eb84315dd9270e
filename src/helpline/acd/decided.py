"""Carries the engine's decisions out: rows, and orders for the switch. No rules of its own."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from helpline.acd import actions, duty, engine, entry_numbers, names, offering
from helpline.acd.engine.decisions import Fact
from helpline.acd.models import EntryOutcome, MenuChoice
from helpline.acd.prompts import NOBODY, UNKNOWN_NUMBER, position_words
from helpline.acd.voice import hang_up_all, hush, leg_of, say, say_farewell
from helpline.telephony import actions as calls
from helpline.telephony import orders as o
from helpline.telephony import queries
from helpline.telephony.models import Call
from helpline.tickets import actions as tickets
from helpline.tickets.models import Incident

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)


def apply(conductor: "Conductor", decision: engine.Decision) -> None:
    """Do what was decided."""
    _HANDLERS[type(decision)](conductor, decision)


def _answer(conductor: "Conductor", d: engine.Answer) -> None:
    leg = leg_of(d.call)
    if leg:
        conductor.order(d.call, o.Answer(leg), o.Variable(leg, "HELPLINE_SIDE", "caller"))


def _say_prompt(conductor: "Conductor", call: str, reference: str, play: int, language: str) -> None:
    words = conductor.settings.prompts.words(reference, language)
    say(conductor, call, names.playback(call, conductor.run, play), words, language)


def _play(conductor: "Conductor", d: engine.Play) -> None:
    kind, _, number = d.prompt.partition(":")
    if kind == "message":
        actions.message_heard(UUID(d.call), int(number), conductor.clock)
    _say_prompt(conductor, d.call, d.prompt, d.play, d.language)


def _play_tip(conductor: "Conductor", d: engine.PlayTip) -> None:
    actions.tip_played(UUID(d.call), int(d.tip.partition(":")[2]), conductor.clock)
    _say_prompt(conductor, d.call, d.tip, d.play, d.language)


def _announce(conductor: "Conductor", d: engine.AnnouncePosition) -> None:
    words = position_words(d.position, d.language)
    say(conductor, d.call, names.playback(d.call, conductor.run, d.play), words, d.language)


def _start_music(conductor: "Conductor", d: engine.StartMusic) -> None:
    leg = leg_of(d.call)
    if leg:
        hush(conductor, d.call)
        conductor.order(d.call, o.Music(leg, d.music))


def _enter_queue(conductor: "Conductor", d: engine.EnterQueue) -> None:
    call_id = UUID(d.call)
    for other in queries.live_legs(call_id):
        if names.leg_kind(other.pk) is names.LegKind.RETURN:
            conductor.order(d.call, o.Hangup(other.pk))  # whoever was cut off had their time
    leg = queries.caller_leg(call_id)
    if leg and (bridge := conductor.bridge_of(leg)):
        conductor.order(d.call, o.Leave(bridge, leg.pk))
    choice = MenuChoice.objects.filter(pk=int(d.category)).first() if d.category.isdigit() else None
    standing = actions.Standing(
        queue=d.queue, skills=d.skills, entered_at=conductor.clock.wall(d.queued_at), choice=choice
    )
    actions.enter_queue(call_id, standing, conductor.clock)


def _connect(conductor: "Conductor", d: engine.Connect) -> None:
    offering.connect(conductor, UUID(d.call), d.agent, d.leg)


def _answered_elsewhere(conductor: "Conductor", d: engine.AnsweredElsewhere) -> None:
    conductor.order(d.call, o.Hangup(d.leg, 26))
    offering.tell_elsewhere(conductor, d.agent, d.call)


def _denied(conductor: "Conductor", d: engine.Denied) -> None:
    conductor.denied = d


def _overflow(conductor: "Conductor", d: engine.Overflow) -> None:
    actions.leave_queue(UUID(d.call), EntryOutcome.FLOWED_OUT, clock=conductor.clock)


def _voicemail(conductor: "Conductor", d: engine.Voicemail) -> None:
    """No settings lead here before voicemail is built; a caller who comes anyway is told and let go."""
    say_farewell(conductor, d.call, NOBODY)


def _misdialled(conductor: "Conductor", call: str) -> None:
    dialled = Call.objects.get(pk=UUID(call))
    log.warning("unknown_number", call=call, number=dialled.to_number)
    desk = entry_numbers.desk_of_misdial(dialled.from_number)
    calls.note_facts(dialled.pk, conductor.clock, ended_by="desk", outcome="refused", desk_id=desk)
    leg = leg_of(call)
    if leg:
        conductor.order(call, o.Answer(leg))
    say_farewell(conductor, call, UNKNOWN_NUMBER)


def _hangup(conductor: "Conductor", d: engine.Hangup) -> None:
    call_id = UUID(d.call)
    if d.why == engine.Code.UNKNOWN_NUMBER:
        _misdialled(conductor, d.call)
        return
    by = "agent" if d.why == engine.Code.HUNG_UP else "desk"
    if not Call.objects.filter(pk=call_id).exclude(ended_by="").exists():
        calls.note_facts(call_id, conductor.clock, ended_by=by)
    hang_up_all(conductor, call_id)


def _count_served(conductor: "Conductor", d: engine.CountServed) -> None:
    calls.note_facts(UUID(d.call), conductor.clock, outcome="served")
    if d.message.isdigit():
        actions.message_served(int(d.message))


def _count_abandoned(conductor: "Conductor", d: engine.CountAbandoned) -> None:
    call_id = UUID(d.call)
    actions.leave_queue(call_id, EntryOutcome.ABANDONED, clock=conductor.clock)
    actions.left_after_tip(call_id, conductor.clock)
    if Call.objects.filter(pk=call_id, answered_at=None).exists():
        calls.note_facts(call_id, conductor.clock, outcome="abandoned")


def _join_incident(conductor: "Conductor", d: engine.JoinIncident) -> None:
    call = Call.objects.select_related("contact").get(pk=UUID(d.call))
    incident = Incident.objects.filter(pk=int(d.incident)).first()
    if incident is None:
        log.warning("incident_gone", incident=d.incident, call=d.call)
        return
    tickets.join_incident(incident, contact=call.contact, number=call.from_number, call_id=call.pk)
    actions.message_joined(int(d.message))


def _remember(conductor: "Conductor", d: engine.Remember) -> None:
    why: dict[str, Any] = {"code": str(d.why.code), "params": _facts(conductor, d.why.params)}
    if d.candidates:
        why["candidates"] = [
            {"agent": one.agent, "code": str(one.why.code), "params": _facts(conductor, one.why.params)}
            for one in d.candidates
        ]
    call_id = UUID(d.call) if d.call and Call.objects.filter(pk=UUID(d.call)).exists() else None
    user_id = conductor.settings.users.get(d.agent)
    actions.remember(d.kind, why, call_id=call_id, user_id=user_id, clock=conductor.clock)


def _facts(conductor: "Conductor", params: Mapping[str, Fact]) -> dict[str, Any]:
    """Desk clock times mean nothing later: `until` becomes the seconds that were left."""
    facts = dict(params)
    until = facts.pop("until", None)
    if isinstance(until, int | float):
        facts["left_s"] = max(0, math.ceil(until - conductor.clock.monotonic()))
    return facts


def _nothing(conductor: "Conductor", d: engine.Collect) -> None:
    """Every key is passed to the engine anyway."""


_HANDLERS: dict[type, Callable[["Conductor", Any], None]] = {
    engine.Answer: _answer,
    engine.Play: _play,
    engine.Collect: _nothing,
    engine.EnterQueue: _enter_queue,
    engine.StartMusic: _start_music,
    engine.PlayTip: _play_tip,
    engine.AnnouncePosition: _announce,
    engine.Offer: offering.offer,
    engine.StopOffer: offering.stop,
    engine.Connect: _connect,
    engine.AnsweredElsewhere: _answered_elsewhere,
    engine.Denied: _denied,
    engine.Overflow: _overflow,
    engine.Voicemail: _voicemail,
    engine.Hangup: _hangup,
    engine.SetAgent: duty.set_agent,
    engine.CountServed: _count_served,
    engine.CountAbandoned: _count_abandoned,
    engine.JoinIncident: _join_incident,
    engine.Remember: _remember,
}
