"""The time in the queue: entering, music, position, tips, and flowing out."""

from __future__ import annotations

from collections.abc import Mapping

from . import line
from .config import Menu, Queue, Skills, Target, TargetKind
from .decisions import AnnouncePosition, Fact, Overflow, PlayTip, StartMusic
from .events import Stage
from .leaving import farewell, hang_up, next_play, voicemail
from .offers import withdraw
from .reasons import Code
from .state import Caller
from .turn import Turn


def send_to_queue(
    turn: Turn, caller: Caller, key: str, why: Code | str, skills: Skills | None = None
) -> None:
    """Let the caller wait in the queue, or flow over at once when it is full."""
    queue = turn.state.config.queues.get(key) or _fallback(turn, caller, key)
    if queue is None:
        hang_up(turn, caller, Code.QUEUE_MISSING)
        return
    if skills is not None:
        caller.skills = dict(skills)
    if _is_full(turn, queue) and queue.overflow is not None and not _been_at(caller, queue.overflow):
        caller.queue = queue.key
        caller.visited += (queue.key,)
        books = line.counts_of(turn, queue.key)
        books.offered += 1
        books.flowed_out += 1
        params: dict[str, Fact] = {"queue": queue.key, "size": turn.state.waiting(queue.key)}
        flow_to(turn, caller, queue.overflow, Code.QUEUE_FULL, params)
        return
    line.enter(turn, caller, queue, why)


def _is_full(turn: Turn, queue: Queue) -> bool:
    return queue.max_size is not None and turn.state.waiting(queue.key) >= queue.max_size


def _been_at(caller: Caller, target: Target) -> bool:
    return target.kind is TargetKind.QUEUE and target.queue in caller.visited


def _fallback(turn: Turn, caller: Caller, missing: str) -> Queue | None:
    """A queue of the caller's entry point instead of one that was removed meanwhile."""
    turn.remember("queue", Code.QUEUE_MISSING, call=caller.call, params={"queue": missing})
    entry = turn.state.entry(caller.number)
    if entry is None:
        return None
    key = entry.flow.queue or (_first_queue(entry.flow.menu) if entry.flow.menu else "")
    return turn.state.config.queues.get(key)


def _first_queue(menu: Menu) -> str:
    for choice in (menu.default, *menu.choices.values()):
        if choice is not None:
            found = choice.queue or (_first_queue(choice.menu) if choice.menu else "")
            if found:
                return found
    return ""


def flow_out(turn: Turn, caller: Caller, target: Target, why: Code, params: Mapping[str, Fact]) -> None:
    """Take the caller out of the line to the target. The wait so far still counts for the place in the next."""
    for agent in turn.state.agents_of(caller.call):
        withdraw(turn, agent, Code.OVERFLOW)
    line.leave(turn, caller)
    line.counts_of(turn, caller.queue).flowed_out += 1
    flow_to(turn, caller, target, why, params)


def flow_to(turn: Turn, caller: Caller, target: Target, why: Code, params: Mapping[str, Fact]) -> None:
    turn.remember("overflow", why, call=caller.call, params=params)
    turn.out.append(Overflow(caller.call, caller.queue, target, why))
    go_to(turn, caller, target, why)


def go_to(turn: Turn, caller: Caller, target: Target, why: Code | str) -> None:
    """Queue, voicemail, or a last message and the end."""
    if target.kind is TargetKind.QUEUE:
        send_to_queue(turn, caller, target.queue, why)
    elif target.kind is TargetKind.VOICEMAIL:
        voicemail(turn, caller, target.prompt)
    elif not farewell(turn, caller, target.prompt, Target(TargetKind.HANGUP), Code(why)):
        hang_up(turn, caller, Code(why))


def welcome(turn: Turn) -> None:
    """Tell those who entered a queue in this step their position, unless a phone rings for them already."""
    for call in list(turn.entered):
        caller = turn.state.callers[call]
        if caller.stage is Stage.AWAY:
            continue
        queue = turn.state.queue(caller.queue)
        if caller.stage is Stage.QUEUED and queue.announce_position:
            _announce(turn, caller)
        else:
            start_music(turn, caller, queue)


def start_music(turn: Turn, caller: Caller, queue: Queue) -> None:
    """Music from now on, and the next tip one interval away."""
    turn.out.append(StartMusic(caller.call, queue.music))
    caller.play = caller.deadline = None
    arm_tip(turn, caller, queue)


def arm_tip(turn: Turn, caller: Caller, queue: Queue) -> None:
    """Look again after one interval whether there is something to tell."""
    if queue.tips or queue.announce_position:
        caller.tip_at = turn.now + queue.tip_interval_s
        turn.arm(caller.tip_at, "tip", caller.call, caller.tip_at)


def _announce(turn: Turn, caller: Caller) -> None:
    caller.told = line.position(turn, caller)
    turn.out.append(AnnouncePosition(caller.call, caller.told, next_play(turn, caller), caller.language))


def _play_tip(turn: Turn, caller: Caller, queue: Queue) -> None:
    tip = queue.tips[caller.tip_no % len(queue.tips)]
    caller.tip_no += 1
    turn.out.append(PlayTip(caller.call, tip, next_play(turn, caller), caller.language))


def on_tip_due(turn: Turn, caller: Caller) -> None:
    """Every interval: the position if it changed, then a tip; nothing while an agent's phone rings."""
    queue = turn.state.queue(caller.queue)
    if caller.stage is not Stage.QUEUED or caller.play is not None:
        arm_tip(turn, caller, queue)
    elif queue.announce_position and caller.told != line.position(turn, caller):
        caller.tip_next = bool(queue.tips)
        _announce(turn, caller)
    elif queue.tips:
        _play_tip(turn, caller, queue)
    else:
        arm_tip(turn, caller, queue)


def on_sound_over(turn: Turn, caller: Caller) -> None:
    """A position or tip has been heard: the tip that was due, else music again."""
    queue = turn.state.queue(caller.queue)
    due, caller.tip_next = caller.tip_next, False
    if due and queue.tips and caller.stage is Stage.QUEUED:
        _play_tip(turn, caller, queue)
    else:
        start_music(turn, caller, queue)


def on_max_wait(turn: Turn, caller: Caller) -> None:
    """Waited too long: flow over, unless a phone rings right now or the way leads in a circle."""
    queue = turn.state.queue(caller.queue)
    if queue.overflow is None or queue.max_wait_s is None:
        return
    if turn.now < caller.queued_at + queue.max_wait_s:
        return
    if caller.stage in (Stage.OFFERED, Stage.AWAY):
        caller.overdue = True
        return
    params: dict[str, Fact] = {"queue": queue.key, "waited_s": round(turn.now - caller.queued_at, 3)}
    if _been_at(caller, queue.overflow):
        turn.remember(
            "overflow",
            Code.OVERFLOW_LOOP,
            call=caller.call,
            params={**params, "target": queue.overflow.queue},
        )
    else:
        flow_out(turn, caller, queue.overflow, Code.WAITED_TOO_LONG, params)


def on_relax(turn: Turn, caller: Caller) -> None:
    """The next step of what the queue asks for holds from now on."""
    step = line.step_now(caller, turn.state.queue(caller.queue), turn.now)
    if step == caller.step:
        return
    was_free = caller.bucket is not None
    line.stand_aside(turn, caller)
    caller.step = step
    if was_free:
        line.stand_free(turn, caller)
        turn.relaxed[caller.call] = None


def on_exit_key(turn: Turn, caller: Caller, digit: str) -> None:
    """A key pressed while waiting may lead out of the queue (to voicemail, to another queue)."""
    target = turn.state.queue(caller.queue).exits.get(digit)
    if target is not None and not (target.kind is TargetKind.QUEUE and target.queue == caller.queue):
        flow_out(turn, caller, target, Code.EXIT_KEY, {"key": digit, "queue": caller.queue})
