"""One sentence for every reason the desk gives: why a caller waits, why this agent, why not that one."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpline.acd.engine import Code
from helpline.acd.models import Decision

Params = Mapping[str, Any]


def text(decision: Decision, queues: Mapping[str, str] | None = None) -> str:
    """The decision in the reader's language, without its candidates. `queues`: their names by key."""
    params, who = _named(decision.why.get("params", {}), queues or {}), _user_name(decision)
    if decision.kind in {"direct", "taken"}:
        return _asked_for(params).format_map(_Facts({"who": who}))
    return sentence(str(decision.why.get("code", "")), params, who)


def _named(params: Params, queues: Mapping[str, str]) -> Params:
    """The facts with the names of queues in place of their keys, where known."""
    keys = {fact: str(params[fact]) for fact in ("queue", "target") if fact in params}
    return {**params, **{fact: queues.get(key, key) for fact, key in keys.items()}}


def _asked_for(params: Params) -> str:
    return {
        "consult": _("{who} is asked in by a colleague"),
        "transfer": _("{who} is sent the caller by a colleague"),
        "outgoing": _("{who} is called"),
        "outbound": _("{who} makes a call"),
    }.get(str(params.get("for", "")), _("{who} is rung"))


def candidates(decision: Decision) -> list[tuple[str, str]]:
    """(user name, sentence) of every agent who was looked at."""
    return [
        (one["agent"], sentence(one["code"], one.get("params", {})))
        for one in decision.why.get("candidates", [])
    ]


def _user_name(decision: Decision) -> str:
    return decision.user.display_name if decision.user else ""


def sentence(code: str, params: Params, who: str = "") -> str:
    """A reason in words. A code that has no words is shown as it is, so that nothing is hidden."""
    facts = _Facts({"who": who or _("The agent"), **_readable(params)})
    template = _of_agent().get(code) or _of_call().get(code)
    return template.format_map(facts) if template else code


class _Facts(dict[str, Any]):
    """A fact that an old row does not have is shown as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"


def _readable(params: Params) -> dict[str, Any]:
    shown: dict[str, Any] = {key: value for key, value in params.items() if not isinstance(value, dict)}
    for key in ("waited_s", "idle_s", "ago_s", "left_s"):
        if key in shown:
            shown[key] = duration(float(shown[key]))
    if "why" in shown:
        shown["why"] = _of_agent().get(str(shown["why"]), str(shown["why"])).format_map(_Facts(shown))
    if "reason" in shown and not shown["reason"]:
        shown["reason"] = _("no reason given")
    return shown


def duration(seconds: float) -> str:
    """`12 seconds`, `2 min 5 s`."""
    whole = round(seconds)
    if whole < 60:
        return ngettext("%(n)d second", "%(n)d seconds", whole) % {"n": whole}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": whole // 60, "seconds": whole % 60}


def _of_agent() -> dict[str, str]:
    return {
        Code.CHOSEN: _("free for {idle_s}, the first to be asked"),
        Code.FREE: _("free for {idle_s}, but somebody else came first"),
        Code.NOT_IN_QUEUE: _("does not serve the queue {queue}"),
        Code.NOT_SKILLED: _("has {skill} at level {has}, {needs} is asked for"),
        Code.EXCLUDED: _("did not take this call {ago_s} ago ({why})"),
        Code.KEPT_FOR: _("the caller is kept for {agent} for a while"),
        Code.OFFLINE: _("offline"),
        Code.BUSY: _("busy: {reason}"),
        Code.RESERVED: _("about to get another call"),
        Code.RINGING: _("the phone rings for another call"),
        Code.TALKING: _("in a call"),
        Code.HOLDING: _("in a call, caller on hold"),
        Code.WRAP_UP: _("finishing the last call, {left_s} left"),
        Code.LOST: _("the phone is lost"),
        Code.OTHER_NODE: _("has no telephone at {node}, where the call is"),
        Code.REJECT: _("rejected the call"),
        Code.PHONE_BUSY: _("the phone was busy"),
        Code.NO_ANSWER: _("did not answer"),
        Code.UNREGISTERED: _("the phone was not there"),
        Code.FAILED: _("the phone could not be reached"),
        Code.NOT_BRIDGED: _("answered, but no connection came about"),
        Code.UNKNOWN: _("not known to the desk"),
        Code.NOT_WAITING: _("the caller is not where they could be offered"),
        Code.ALREADY_OFFERED: _("the call rings at somebody already"),
    }


def _of_call() -> dict[str, str]:
    return {
        Code.MATCHED: _("Offered to {who} after {waited_s} in {queue}"),
        Code.NOBODY_FREE: _("Waits in {queue}: nobody with the skill is free"),
        Code.RELAXED: _("{queue} now asks for less, after {waited_s}"),
        Code.UNKNOWN_NUMBER: _("{number} is no number of this desk"),
        Code.CLOSED: _("{number} is closed now"),
        Code.CHOICE: _("Pressed {key}: on to {queue}"),
        Code.NO_CHOICE: _("Nothing was pressed in {tries} hearings"),
        Code.DEFAULT_CHOICE: _("Nothing was pressed in {tries} hearings: the usual queue"),
        Code.NO_MENU: _("This number has no menu"),
        Code.JOINED: _("Wants to be told when incident {incident} is fixed"),
        Code.SERVED: _("Hung up content after the front-end message"),
        Code.QUEUE_FULL: _("{queue} is full with {size} callers"),
        Code.WAITED_TOO_LONG: _("Waited {waited_s} in {queue}, longer than is allowed there"),
        Code.EXIT_KEY: _("Pressed {key} to leave {queue}"),
        Code.OVERFLOW_LOOP: _("Stays in {queue}: has been in {target} already"),
        Code.OVERFLOW: _("Flowed over"),
        Code.TRANSFERRED: _("Sent to {queue}"),
        Code.QUEUE_MISSING: _("The queue {queue} is gone"),
        Code.ABANDONED: _("Hung up after {waited_s} in {queue}"),
        Code.RESTORED: _("Found again after a restart"),
        Code.ENDED: _("The call ended"),
        Code.VOICEMAIL_FULL: _("The message was as long as it may be"),
        Code.CALLER_GONE: _("The caller hung up"),
        Code.CALLER_LEFT: _("The caller went elsewhere"),
        Code.AGENT_LEFT: _("{who} went away"),
        Code.ANSWERED: _("{who} answered after {waited_s} in {queue}"),
        Code.AFTER_CALL: _("{who} goes to {state} after this call"),
        Code.AGENT_LOST: _("The agent's phone was lost: next in line"),
        Code.LEFT_ON_HOLD: _("Both colleagues left with the caller on hold: next in line"),
        Code.HUNG_UP: _("The agent hung up"),
        Code.NODE_LOST: _(
            "The switch was lost after {waited_s}: the caller keeps the place and is called back"
        ),
        Code.CALLED_BACK: _("Called back: in {queue} again, with {waited_s} of waiting"),
        Code.GAVE_UP_WAITING: _("{who} did not come back: off duty"),
        Code.RETIRED: _("{who} takes no calls any more"),
    }
