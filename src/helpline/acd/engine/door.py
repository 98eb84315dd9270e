"""From the first ring to the queue: answer, greeting, front-end message, and the way out when it is closed."""

from __future__ import annotations

from . import line
from .config import EntryPoint, Target, TargetKind
from .decisions import Answer, Collect, CountAbandoned, CountServed, Fact, Hangup, JoinIncident
from .events import CallArrived, CallEnded, CallerGone, DigitPressed, PlaybackDone, Stage
from .leaving import farewell, forget, hang_up, play, release_agents
from .menus import choose, on_menu_heard, on_menu_key, on_menu_timeout, open_menu
from .reasons import Code
from .state import Caller
from .turn import Turn
from .waiting import go_to, on_exit_key, on_sound_over, send_to_queue

IN_LINE = frozenset({Stage.QUEUED, Stage.OFFERED})
BEFORE_QUEUE = frozenset({Stage.GREETING, Stage.FRONT_END, Stage.MENU})


def on_arrived(turn: Turn, event: CallArrived) -> None:
    """A new call: answer and greet, or say that it is closed; an unknown number is turned away."""
    state = turn.state
    if event.call in state.callers or event.call in state.ended:
        return
    entry = state.config.entries.get(event.number)
    if entry is None:
        params = {"number": event.number}
        turn.remember("entry", Code.UNKNOWN_NUMBER, call=event.call, params=params)
        turn.out.append(Hangup(event.call, Code.UNKNOWN_NUMBER))
        turn.bury(event.call)
        return
    state.arrivals += 1
    caller = Caller(
        event.call, event.number, event.language or entry.language, event.facts, seq=state.arrivals
    )
    caller.node = event.node
    caller.skills = dict(event.facts.skills)
    state.callers[event.call] = caller
    turn.out.append(Answer(event.call))
    begin(turn, caller, entry)


def begin(turn: Turn, caller: Caller, entry: EntryPoint) -> None:
    """The first thing the caller hears."""
    if not entry.open:
        _closed(turn, caller, entry)
        return
    caller.stage = Stage.GREETING
    if not play(turn, caller, entry.flow.greeting):
        after_greeting(turn, caller)


def _closed(turn: Turn, caller: Caller, entry: EntryPoint) -> None:
    turn.remember("entry", Code.CLOSED, call=caller.call, params={"number": entry.number})
    if not farewell(turn, caller, entry.closed_prompt, entry.closed_target, Code.CLOSED):
        go_to(turn, caller, entry.closed_target, Code.CLOSED)


def after_greeting(turn: Turn, caller: Caller) -> None:
    """The front-end message, if one is on at this moment."""
    entry = turn.state.entry(caller.number)
    message = entry.flow.front_end if entry is not None else None
    if message is None:
        to_menu(turn, caller)
        return
    caller.stage, caller.message, caller.message_at = Stage.FRONT_END, message, turn.now
    spoken = play(turn, caller, message.prompt)
    if message.incident:
        turn.out.append(Collect(caller.call, (message.join_key,), message.join_wait_s))
    if not spoken:
        _front_end_heard(turn, caller)


def _front_end_heard(turn: Turn, caller: Caller) -> None:
    """After the message a moment to join the incident; after joining, or without one, the menu."""
    message = caller.message
    caller.play = None
    if message is None or caller.joined or not message.incident or caller.heard_front_end:
        caller.heard_front_end = True
        to_menu(turn, caller)
        return
    caller.heard_front_end = True
    turn.stage_deadline(caller, message.join_wait_s)


def _on_front_end_key(turn: Turn, caller: Caller, digit: str) -> None:
    message = caller.message
    if message is None or not message.incident or digit != message.join_key or caller.joined:
        return
    caller.joined = caller.heard_front_end = True
    turn.out.append(JoinIncident(caller.call, message.incident, message.key))
    turn.remember("front_end", Code.JOINED, call=caller.call, params={"incident": message.incident})
    if not play(turn, caller, message.joined_prompt):
        to_menu(turn, caller)


def to_menu(turn: Turn, caller: Caller) -> None:
    """The menu of the entry point, or straight to its queue."""
    entry = turn.state.entry(caller.number)
    if entry is None:
        hang_up(turn, caller, Code.UNKNOWN_NUMBER)
    elif entry.flow.menu is not None:
        open_menu(turn, caller, entry.flow.menu)
    else:
        send_to_queue(turn, caller, entry.flow.queue, Code.NO_MENU)


def on_playback_done(turn: Turn, event: PlaybackDone) -> None:
    """Go on after a prompt; a playback that is not the awaited one changes nothing."""
    caller = turn.state.callers.get(event.call)
    if caller is not None and caller.play == event.play:
        sound_over(turn, caller)


def sound_over(turn: Turn, caller: Caller) -> None:
    """What the caller heard has ended, or has lasted longer than any prompt may."""
    caller.play = None
    if caller.stage is Stage.GREETING:
        after_greeting(turn, caller)
    elif caller.stage is Stage.FRONT_END:
        _front_end_heard(turn, caller)
    elif caller.stage is Stage.MENU:
        on_menu_heard(turn, caller)
    elif caller.stage in IN_LINE:
        on_sound_over(turn, caller)
    elif caller.stage is Stage.LEAVING:
        then = caller.then or Target(TargetKind.HANGUP)
        go_to(turn, caller, then, caller.then_why or Code.ENDED)


def on_stage_over(turn: Turn, caller: Caller) -> None:
    """The stage's own deadline passed."""
    caller.deadline = None
    if caller.stage is Stage.VOICEMAIL:
        hang_up(turn, caller, Code.VOICEMAIL_FULL)
    elif caller.stage is Stage.MENU and caller.asking:
        caller.play = None
        on_menu_timeout(turn, caller)
    else:
        sound_over(turn, caller)


def on_digit(turn: Turn, event: DigitPressed) -> None:
    """A key means what the caller's stage makes of it, and nothing where none is asked for."""
    caller = turn.state.callers.get(event.call)
    if caller is None:
        return
    if caller.stage is Stage.MENU:
        on_menu_key(turn, caller, event.digit)
    elif caller.stage is Stage.FRONT_END:
        _on_front_end_key(turn, caller, event.digit)
    elif caller.stage is Stage.GREETING:
        _skip_greeting(turn, caller, event.digit)
    elif caller.stage in IN_LINE:
        on_exit_key(turn, caller, event.digit)


def _skip_greeting(turn: Turn, caller: Caller, digit: str) -> None:
    """Those who know the menu need not hear the greeting; a front-end message is never skipped."""
    entry = turn.state.entry(caller.number)
    if entry is None or entry.flow.menu is None or not entry.flow.greeting_skippable:
        return
    choice = entry.flow.menu.choices.get(digit)
    if choice is None:
        return
    if entry.flow.front_end is not None:
        after_greeting(turn, caller)
        return
    caller.stage, caller.play, caller.deadline = Stage.MENU, None, None
    choose(turn, caller, choice, digit)


def on_gone(turn: Turn, event: CallerGone | CallEnded) -> None:
    """The call is over: count how it ended and free everyone, whether or not the engine knew the call."""
    caller = turn.state.callers.get(event.call)
    if caller is None:
        release_agents(turn, event.call, Code.CALLER_GONE)
        turn.bury(event.call)
        return
    if caller.stage in IN_LINE or caller.stage is Stage.AWAY:
        _count_abandoned(turn, caller)
    elif caller.stage in BEFORE_QUEUE and _was_served(turn, caller):
        key = caller.message.key if caller.message else ""
        turn.out.append(CountServed(caller.call, key))
        turn.remember("front_end", Code.SERVED, call=caller.call, params={"message": key})
    forget(turn, caller, Code.CALLER_GONE)


def _count_abandoned(turn: Turn, caller: Caller) -> None:
    waited_s = round(line.waited(turn, caller), 3)
    line.counts_of(turn, caller.queue).abandoned += 1
    turn.out.append(CountAbandoned(caller.call, caller.queue, waited_s))
    params: dict[str, Fact] = {"queue": caller.queue, "waited_s": waited_s}
    turn.remember("end", Code.ABANDONED, call=caller.call, params=params)


def _was_served(turn: Turn, caller: Caller) -> bool:
    message = caller.message
    if message is None:
        return False
    return caller.heard_front_end or turn.now - caller.message_at >= message.served_after_s
