"""The codes of every reason the engine gives. The page has one gettext sentence per code.

Facts that go with a code are named beside it; times are seconds of waiting or of the past, never clock times,
except `until` (desk clock).
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Reasons in Remember, Denied, Candidate and the `why` texts of other decisions."""

    # matching, per agent
    CHOSEN = "chosen"  # level, idle_s
    FREE = "free"  # idle_s: could have had it, another came first
    NOT_IN_QUEUE = "not_in_queue"  # queue
    NOT_SKILLED = "not_skilled"  # skill, needs, has
    EXCLUDED = "excluded"  # ago_s, why
    KEPT_FOR = "kept_for"  # agent, for_s
    OFFLINE = "offline"
    BUSY = "busy"  # reason
    RESERVED = "reserved"  # call
    RINGING = "ringing"  # call
    TALKING = "talking"  # call
    HOLDING = "holding"  # call
    WRAP_UP = "wrap_up"  # until
    LOST = "lost"
    OTHER_NODE = "other_node"  # node: no phone of the agent is registered at the switch of the call

    # matching, per caller
    MATCHED = "matched"  # queue, waited_s, step, score
    NOBODY_FREE = "nobody_free"  # queue, waited_s, step
    RELAXED = "relaxed"  # queue, step

    # the way to the queue
    UNKNOWN_NUMBER = "unknown_number"  # number
    CLOSED = "closed"  # number
    CHOICE = "choice"  # key, category, queue
    NO_CHOICE = "no_choice"  # tries
    DEFAULT_CHOICE = "default_choice"  # tries
    NO_MENU = "no_menu"
    JOINED = "joined"  # incident
    SERVED = "served"  # message
    QUEUE_FULL = "queue_full"  # queue, size
    WAITED_TOO_LONG = "waited_too_long"  # queue, waited_s
    EXIT_KEY = "exit_key"  # key, queue
    OVERFLOW = "overflow"  # an offer stopped because the caller flowed out of the queue
    OVERFLOW_LOOP = "overflow_loop"  # queue, target
    TRANSFERRED = "transferred"  # queue
    QUEUE_MISSING = "queue_missing"  # queue
    ABANDONED = "abandoned"  # queue, waited_s
    RESTORED = "restored"
    ENDED = "ended"
    VOICEMAIL_FULL = "voicemail_full"

    # offers
    CALLER_GONE = "caller_gone"
    CALLER_LEFT = "caller_left"
    AGENT_LEFT = "agent_left"
    ANSWERED = "answered"  # waited_s, queue
    REJECT = "reject"
    PHONE_BUSY = "phone_busy"
    NO_ANSWER = "no_answer"  # misses
    UNREGISTERED = "unregistered"
    FAILED = "failed"
    NOT_BRIDGED = "not_bridged"
    UNKNOWN = "unknown"
    NOT_WAITING = "not_waiting"  # stage
    ALREADY_OFFERED = "already_offered"

    # agents
    AFTER_CALL = "after_call"  # state, reason: the wish is kept until the call is over
    AGENT_LOST = "agent_lost"
    LEFT_ON_HOLD = "left_on_hold"
    HUNG_UP = "hung_up"
    NODE_LOST = "node_lost"  # queue, waited_s: the switch the caller was on
    CALLED_BACK = "called_back"  # queue, waited_s
    GAVE_UP_WAITING = "gave_up_waiting"
    RETIRED = "retired"
