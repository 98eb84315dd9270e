"""One step of the desk: the event, then the timers that are due, then the matching."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappop
from typing import Any

from . import away, door, events, offers, presence, restore, settings, talks, waiting
from .decisions import Decision
from .matching import match_all
from .state import State, Timer
from .turn import Turn


def _nothing(turn: Turn, event: events.Tick) -> None:
    """A Tick carries only the time."""


HANDLERS: Mapping[type[Any], Callable[[Turn, Any], None]] = {
    events.CallArrived: door.on_arrived,
    events.PlaybackDone: door.on_playback_done,
    events.DigitPressed: door.on_digit,
    events.CallerGone: door.on_gone,
    events.CallEnded: door.on_gone,
    events.CallerAway: away.on_away,
    events.CallerBack: away.on_back,
    events.OfferRinging: offers.on_ringing,
    events.OfferAnswered: offers.on_answered,
    events.OfferRefused: offers.on_refused,
    events.Bridged: talks.on_bridged,
    events.HoldChanged: talks.on_hold,
    events.TalkEnded: talks.on_talk_ended,
    events.AgentStateWanted: presence.on_wanted,
    events.AgentPhoneLost: presence.on_phone_lost,
    events.AgentPhoneBack: presence.on_phone_back,
    events.AgentReached: presence.on_reached,
    events.WrapUpDone: presence.on_wrap_up_done,
    events.TransferToQueue: talks.on_transfer,
    events.DirectOffer: talks.on_direct_offer,
    events.AgentTaken: talks.on_taken,
    events.FrontEndChanged: settings.on_front_end,
    events.ConfigChanged: settings.on_config,
    events.Tick: _nothing,
    events.Restored: restore.on_restored,
}


def step(state: State, event: events.Event) -> tuple[State, list[Decision]]:
    """Take in one event and say what to do, in order.

    The event comes before the timers: an answer that arrives with a late clock still counts. An `event.at`
    earlier than the last one is read as now. The given state is used up; go on with the returned one.
    """
    state.now = max(state.now, event.at)
    turn = Turn(state)
    HANDLERS[type(event)](turn, event)
    _fire_due(turn)
    if turn.callers or turn.agents:
        match_all(turn)
    if turn.entered:
        waiting.welcome(turn)
    _drop_stale(state)
    return state, turn.out


def _recheck(turn: Turn, call: str) -> None:
    turn.callers[call] = None


_OF_CALLER: Mapping[str, Callable[[Turn, Any], None]] = {
    "stage": door.on_stage_over,
    "tip": waiting.on_tip_due,
    "relax": waiting.on_relax,
    "max_wait": waiting.on_max_wait,
    "recheck": lambda turn, caller: _recheck(turn, caller.call),
}


def _fire_due(turn: Turn) -> None:
    timers = turn.state.timers
    while timers and timers[0][0] <= turn.now:
        timer = heappop(timers)
        if not _counts(turn.state, timer):
            continue
        _at, _number, kind, owner, _token = timer
        if kind == "agent":
            presence.on_agent_over(turn, turn.state.agents[owner])
        else:
            _OF_CALLER[kind](turn, turn.state.callers[owner])


def _counts(state: State, timer: Timer) -> bool:
    """Whether what the timer was set for is still going on."""
    _at, _number, kind, owner, token = timer
    if kind == "agent":
        agent = state.agents.get(owner)
        return agent is not None and agent.until == token
    caller = state.callers.get(owner)
    if caller is None:
        return False
    if kind == "stage":
        return caller.deadline == token
    if kind == "tip":
        return caller.tip_at == token
    return caller.in_line and caller.visit == token


def _drop_stale(state: State) -> None:
    timers = state.timers
    while timers and not _counts(state, timers[0]):
        heappop(timers)
