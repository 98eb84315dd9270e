"""One offer from reservation to answer or refusal. Nobody is rung without being reserved first."""

from __future__ import annotations

from . import line
from .agents import AgentState
from .decisions import AnsweredElsewhere, Connect, Offer, OfferKind, SetAgent, StartMusic, StopOffer
from .duty import rest
from .events import OfferAnswered, OfferRefused, OfferRinging, Refusal, Stage
from .reasons import Code
from .state import Agent, Caller, Exclusion, Reservation
from .turn import Turn

MISSED = {
    Refusal.BUSY: Code.PHONE_BUSY,
    Refusal.NO_ANSWER: Code.NO_ANSWER,
    Refusal.FAILED: Code.FAILED,
}
"""Refusals nobody chose; several in a row mean that nobody is there."""


def make_offer(turn: Turn, call: str, agent: Agent, kind: OfferKind, timeout_s: float) -> None:
    """Reserve the agent for the call and have the phone rung (for an own call only reserve)."""
    reserve(turn, call, agent, kind, turn.now + timeout_s)
    caller = turn.state.callers.get(call)
    if caller is not None and caller.in_line:
        line.stand_aside(turn, caller)
        caller.stage = Stage.OFFERED
    if kind is not OfferKind.TAKEN:
        turn.out.append(Offer(call, agent.id, turn.now + timeout_s, turn.state.offer_no, kind))


def reserve(turn: Turn, call: str, agent: Agent, kind: OfferKind, deadline: float) -> None:
    """Set the agent aside for the call until the deadline; the agent must be in a state that allows it."""
    turn.state.offer_no += 1
    agent.reservation = Reservation(
        agent.id,
        call,
        kind,
        turn.state.offer_no,
        deadline,
        back_to=AgentState.BUSY if agent.state is AgentState.BUSY else AgentState.AVAILABLE,
        back_reason=agent.reason,
        idle_since=agent.idle_since,
    )
    turn.tie(agent, call)
    agent.direct = kind is OfferKind.DIRECT
    turn.move(agent, AgentState.RESERVED, until=deadline)


def current(turn: Turn, call: str, agent_id: str, offer: int | None = None) -> Reservation | None:
    """The agent's reservation if it is for this call (and this offer, when the number is given)."""
    agent = turn.state.agents.get(agent_id)
    held = agent.reservation if agent is not None else None
    if held is None or held.call != call or (offer is not None and offer != held.offer):
        return None
    return held


def on_ringing(turn: Turn, event: OfferRinging) -> None:
    """The phone rings: reserved becomes ringing, the deadline stays."""
    held = current(turn, event.call, event.agent, event.offer)
    agent = turn.state.agents.get(event.agent)
    if held is None or agent is None or agent.state is not AgentState.RESERVED:
        return
    if held.kind is not OfferKind.TAKEN:
        turn.move(agent, AgentState.RINGING, until=agent.until)


def on_answered(turn: Turn, event: OfferAnswered) -> None:
    """The first leg in time is connected; any other leg hears that someone was faster."""
    agent = turn.state.agents.get(event.agent)
    held = current(turn, event.call, event.agent, event.offer)
    known = held is not None or event.call in turn.state.callers or event.call in turn.state.ended
    if agent is None or not known:
        return
    if held is not None and held.leg is None and held.kind is not OfferKind.TAKEN:
        held.leg = agent.leg = event.leg
        held.deadline = turn.now + turn.state.config.limits.connect_s
        turn.set_until(agent, held.deadline)
        turn.out.append(SetAgent(agent.id, agent.state, agent.reason, held.deadline, event.call))
        turn.out.append(Connect(event.call, agent.id, event.leg, held.offer, held.kind))
        if event.call in turn.state.callers:
            # What still sounds is cut off: its end must not bring music into the talk.
            turn.state.callers[event.call].play = turn.state.callers[event.call].deadline = None
    elif event.leg not in (agent.leg, agent.turned_away):
        agent.turned_away = event.leg
        turn.out.append(AnsweredElsewhere(event.call, agent.id, event.leg))


def on_refused(turn: Turn, event: OfferRefused) -> None:
    """The agent did not take it: the caller stays first, the agent is dealt with by the reason."""
    held = current(turn, event.call, event.agent, event.offer)
    if held is not None:
        refuse(turn, held, event.why)


def on_reservation_over(turn: Turn, agent: Agent, held: Reservation) -> None:
    """The reservation's deadline passed: nobody answered, or the answered leg never reached the caller."""
    if held.kind is OfferKind.TAKEN:
        let_go(turn, agent)
        return
    why = Refusal.NO_ANSWER if held.leg is None else Refusal.FAILED
    code = Code.NO_ANSWER if held.leg is None else Code.NOT_BRIDGED
    turn.out.append(StopOffer(held.call, agent.id, code, held.offer))
    refuse(turn, held, why)


def refuse(turn: Turn, held: Reservation, why: Refusal) -> None:
    """End the offer by the agent's doing or absence. A direct offer leaves no mark on the call."""
    agent = turn.state.agents[held.agent]
    if held.kind is OfferKind.TAKEN:
        let_go(turn, agent)
        return
    code = MISSED.get(why, Code(why.value) if why in (Refusal.REJECT, Refusal.UNREGISTERED) else Code.FAILED)
    missed = why in MISSED and held.leg is None  # who picked up was there, whatever became of the leg
    agent.misses += missed
    turn.remember(
        "refused", code, call=held.call, agent=agent.id, params={"misses": agent.misses, "offer": held.offer}
    )
    _unbind(turn, agent)
    if why is Refusal.UNREGISTERED:
        go_lost(turn, agent)
    elif agent.wish is not None:
        rest(turn, agent)
    elif missed and agent.misses >= turn.state.config.limits.misses:
        turn.move(agent, AgentState.BUSY, code)
    else:
        turn.move(agent, AgentState.AVAILABLE)
    caller = turn.state.callers.get(held.call)
    if caller is not None and caller.in_line:
        if held.kind is OfferKind.QUEUE:
            _exclude(turn, caller, agent, code)
        back_to_front(turn, caller, heard_connect=held.leg is not None)


def _exclude(turn: Turn, caller: Caller, agent: Agent, why: str) -> None:
    limits = turn.state.config.limits
    until = turn.now + limits.exclude_s
    soon = min(until, turn.now + limits.exclude_alone_s)
    caller.excluded[agent.id] = Exclusion(turn.now, soon, until, why)
    turn.state.wary[caller.call] = None
    for at in (soon, until):
        turn.arm(at, "recheck", caller.call, float(caller.visit))


def go_lost(turn: Turn, agent: Agent) -> None:
    """The agent's phone is gone; for a while the place on duty is kept."""
    turn.move(agent, AgentState.LOST, until=turn.now + turn.state.config.limits.lost_s)


def withdraw(turn: Turn, agent: Agent, why: Code) -> None:
    """Stop an offer that is no fault of the agent: same place among the idle as before, no penalty."""
    held = agent.reservation
    if held is None:
        return
    if held.kind is not OfferKind.TAKEN:
        turn.out.append(StopOffer(held.call, agent.id, why, held.offer))
    let_go(turn, agent)


def let_go(turn: Turn, agent: Agent) -> None:
    """End the reservation and put the agent back to where the reservation began."""
    held = agent.reservation
    _unbind(turn, agent)
    if agent.wish is not None:
        rest(turn, agent)
    elif held is not None and held.back_to is AgentState.BUSY:
        turn.move(agent, AgentState.BUSY, held.back_reason)
    else:
        turn.move(agent, AgentState.AVAILABLE, idle_since=held.idle_since if held else None)


def _unbind(turn: Turn, agent: Agent) -> None:
    agent.reservation = None
    turn.untie(agent)


def take_back(turn: Turn, agent: Agent, why: Code) -> None:
    """Free the agent of an offer, leaving the agent's next state to the caller of this; the caller is first again."""
    held = agent.reservation
    if held is None:
        return
    if held.kind is not OfferKind.TAKEN:
        turn.out.append(StopOffer(held.call, agent.id, why, held.offer))
    _unbind(turn, agent)
    caller = turn.state.callers.get(held.call)
    if caller is not None and caller.in_line:
        back_to_front(turn, caller, heard_connect=held.leg is not None)


def back_to_front(turn: Turn, caller: Caller, *, heard_connect: bool) -> None:
    """The caller is waiting again, at the same place as ever."""
    line.stand_free(turn, caller)
    if heard_connect:
        turn.out.append(StartMusic(caller.call, turn.state.queue(caller.queue).music))
    if caller.overdue:
        turn.arm(turn.now, "max_wait", caller.call, float(caller.visit))
