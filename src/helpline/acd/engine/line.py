"""The waiting lines: who stands where, and the books of each queue.

A caller's rank is `waiting_since - credit`. Since every score grows by one a second, the order by rank is the
order by score at any time, and a caller never has to be moved.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from .config import Queue, Skills
from .decisions import EnterQueue
from .events import Stage
from .state import Bucket, BucketKey, Caller, Counts, Place
from .turn import Turn


def counts_of(turn: Turn, queue: str) -> Counts:
    """The books of `queue`, opened on first use."""
    return turn.state.counts.setdefault(queue, Counts())


def enter(turn: Turn, caller: Caller, queue: Queue, why: str) -> None:
    """Stand in `queue` from now on; `waiting_since` is kept when the caller has waited before."""
    if caller.waiting_since is None:
        caller.waiting_since = turn.now
    caller.queue, caller.queued_at = queue.key, turn.now
    caller.visited += (queue.key,)
    caller.deadline, caller.play, caller.overdue = None, None, False
    caller.visit += 1
    take_place(turn, caller, queue)
    counts_of(turn, queue.key).offered += 1
    turn.entered[caller.call] = None
    needs = needs_of(queue, caller.step, caller.skills)
    turn.out.append(
        EnterQueue(
            caller.call, queue.key, needs, caller.category, caller.waiting_since, caller.queued_at, why
        )
    )


def take_place(turn: Turn, caller: Caller, queue: Queue) -> None:
    """Put the caller in line by rank and set the timers of this visit, counted from `queued_at`."""
    state = turn.state
    caller.place = _place(caller, queue)
    insort(state.lines.setdefault(queue.key, []), caller.place)
    if caller.facts.preferred_agent:
        state.preferring.setdefault(caller.facts.preferred_agent, {})[caller.call] = None
    caller.step = step_now(caller, queue, turn.now)
    stand_free(turn, caller)
    _arm_visit(turn, caller, queue)


def _arm_visit(turn: Turn, caller: Caller, queue: Queue) -> None:
    visit = float(caller.visit)
    for later in queue.steps[caller.step + 1 :]:
        turn.arm(caller.queued_at + later.after_s, "relax", caller.call, visit)
    if queue.max_wait_s is not None and queue.overflow is not None:
        turn.arm(caller.queued_at + queue.max_wait_s, "max_wait", caller.call, visit)
    if caller.facts.preferred_agent and queue.preferred_patience_s > 0:
        turn.arm(caller.queued_at + queue.preferred_patience_s, "recheck", caller.call, visit)


def _place(caller: Caller, queue: Queue) -> Place:
    since = caller.waiting_since if caller.waiting_since is not None else caller.queued_at
    return (since - queue.credit_s - caller.facts.credit_s, caller.seq, caller.call)


def step_now(caller: Caller, queue: Queue, now: float) -> int:
    """Which relaxation step of the queue holds for the caller at `now`."""
    last = 0
    for number, step in enumerate(queue.steps):
        if caller.queued_at + step.after_s <= now:
            last = number
    return last


def needs_of(queue: Queue, step: int, added: Skills) -> dict[str, int]:
    """The least level per skill. At first the higher of queue's and caller's; a later step overrides by name."""
    needs = dict(added)
    for skill, level in queue.steps[step].skills.items():
        needs[skill] = max(level, needs.get(skill, 0)) if step == 0 else level
    return {skill: level for skill, level in needs.items() if level > 0}


def _bucket_key(caller: Caller) -> BucketKey:
    return (caller.queue, caller.step, tuple(sorted(caller.skills.items())))


def stand_free(turn: Turn, caller: Caller) -> None:
    """The caller may be matched: stands among those who ask for the same. Who is away goes on being away."""
    assert caller.place is not None, "a caller outside the line cannot stand free"
    if caller.stage is Stage.AWAY:
        return
    caller.stage = Stage.QUEUED
    key = caller.bucket = _bucket_key(caller)
    bucket = turn.state.buckets.get(key)
    if bucket is None:
        queue = turn.state.queue(caller.queue)
        bucket = Bucket(queue.key, needs_of(queue, caller.step, caller.skills))
        turn.state.buckets[key] = bucket
    insort(bucket.line, caller.place)
    turn.callers[caller.call] = None


def stand_aside(turn: Turn, caller: Caller) -> None:
    """The caller keeps the place in line but is not to be matched (an offer is out, or all is over)."""
    if caller.bucket is None or caller.place is None:
        return
    bucket = turn.state.buckets[caller.bucket]
    del bucket.line[bisect_left(bucket.line, caller.place)]
    if not bucket.line:
        del turn.state.buckets[caller.bucket]
    caller.bucket = None
    turn.callers.pop(caller.call, None)


def leave(turn: Turn, caller: Caller) -> None:
    """Give up the place in line."""
    if caller.place is None:
        return
    state = turn.state
    stand_aside(turn, caller)
    line = state.lines[caller.queue]
    del line[bisect_left(line, caller.place)]
    caller.place = None
    caller.tip_at, caller.tip_next, caller.told = None, False, None
    kept = state.preferring.get(caller.facts.preferred_agent)
    if kept is not None:
        kept.pop(caller.call, None)
        if not kept:
            del state.preferring[caller.facts.preferred_agent]
    caller.excluded.clear()
    state.wary.pop(caller.call, None)
    turn.entered.pop(caller.call, None)
    if not line and caller.queue in state.drained:
        del state.drained[caller.queue]


def position(turn: Turn, caller: Caller) -> int:
    """1 for the next in line of the caller's queue."""
    assert caller.place is not None, "a caller outside the line has no position"
    return bisect_left(turn.state.lines[caller.queue], caller.place) + 1


def waited(turn: Turn, caller: Caller) -> float:
    """Seconds since the caller began to wait, over all queues of this wait."""
    return turn.now - (caller.waiting_since if caller.waiting_since is not None else turn.now)
