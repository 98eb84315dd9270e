"""Sentences for the lines of a call's story."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from helpline.telephony import guests
from helpline.telephony.models import LegRole

Data = Mapping[str, Any]
Names = Mapping[int, str]


def sentence(kind: str, data: Data, names: Names) -> str:
    """What happened, in the reader's language; empty for kinds that are not told."""
    made = _SENTENCES.get(kind)
    return made(data, names) if made else ""


def _who(data: Data, names: Names) -> str:
    known = names.get(data.get("user") or 0)
    if known:
        return known
    return {
        LegRole.CALLER: _("Caller"),
        LegRole.OUTSIDE: _("Other side"),
    }.get(data.get("role", ""), _("Phone"))


def _arrived(data: Data, names: Names) -> str:
    number = guests.shown(data.get("from") or "") or _("an unknown number")
    if data.get("trunk"):
        return _("Call from %(number)s to %(to)s by the trunk %(trunk)s") % {
            "number": number,
            "to": data.get("to", ""),
            "trunk": data["trunk"],
        }
    return _("Call from %(number)s to %(to)s") % {"number": number, "to": data.get("to", "")}


def _hung_up(data: Data, names: Names) -> str:
    who = _who(data, names)
    cause = data.get("text") or ""
    if data.get("cause") in {16, None}:
        return _("%(who)s left") % {"who": who}
    return _("%(who)s left (%(cause)s)") % {"who": who, "cause": cause or data.get("cause")}


def _hold(data: Data, names: Names) -> str:
    if data.get("kind") == "lost":
        return _("The agent's phone was lost; the caller hears music")
    if data.get("kind") == "consult":
        return _("On hold while a colleague is asked")
    return _("On hold, the caller was asked") if data.get("asked") else _("On hold, the caller was not asked")


def _digit(data: Data, names: Names) -> str:
    """What was pressed in a talk is not kept: it may have been a secret number."""
    if not data.get("digit"):
        return _("A key was pressed")
    return _("Key %(digit)s pressed") % {"digit": data["digit"]}


def _ended(data: Data, names: Names) -> str:
    return {
        "caller": _("The caller hung up"),
        "agent": _("The agent hung up"),
        "desk": _("The desk ended the call"),
        "lost": _("The call was lost"),
    }.get(data.get("by", ""), _("The call ended"))


def _with_who(text: str) -> Callable[[Data, Names], str]:
    """A sentence about one person. `text` is a message id with %(who)s, marked by the caller of this."""
    return lambda data, names: _(text) % {"who": _who(data, names)}


def _fixed(text: str) -> Callable[[Data, Names], str]:
    return lambda data, names: _(text)


def gettext_noop(text: str) -> str:
    """Lets makemessages find the sentence; it is translated when it is shown."""
    return text


def why_not_reached(cause: int | None) -> str:
    """Why a number outside could not be reached, in words for the person who called it (ITU-T Q.850)."""
    return {
        1: _("This number does not exist."),
        3: _("There is no way to this number."),
        17: _("The number is busy."),
        18: _("Nobody answers."),
        19: _("Nobody answers."),
        21: _("The call was refused."),
        22: _("The number has changed."),
        28: _("The number is not complete."),
    }.get(cause or 0, _("The telephone provider cannot be reached."))


def _outside_refused(data: Data, names: Names) -> str:
    why = why_not_reached(data.get("cause"))
    return _("%(number)s was not reached: %(why)s") % {"number": data.get("number", ""), "why": why}


def _trunk_failed(data: Data, names: Names) -> str:
    return _("The trunk %(trunk)s did not take the call, the next one is tried") % {
        "trunk": data.get("trunk", "")
    }


def _called_again(data: Data, names: Names) -> str:
    if not data.get("to"):
        return _("There was no way to call the caller back")
    return _("The caller is called back, attempt %(attempt)s") % {"attempt": data.get("attempt", 1)}


_SENTENCES: dict[str, Callable[[Data, Names], str]] = {
    "arrived": _arrived,
    "dialled": lambda data, names: _("Outgoing call to %(to)s") % {"to": data.get("to", "")},
    "outside_refused": _outside_refused,
    "trunk_failed": _trunk_failed,
    "node_lost": lambda data, names: _("The switch %(node)s was lost") % {"node": data.get("node", "")},
    "called_again": _called_again,
    "ringing": _with_who(gettext_noop("%(who)s: the phone rings")),
    "answered": _with_who(gettext_noop("%(who)s answered")),
    "hung_up": _hung_up,
    "muted": _with_who(gettext_noop("%(who)s muted")),
    "unmuted": _with_who(gettext_noop("%(who)s can be heard again")),
    "phone_held": _with_who(gettext_noop("%(who)s: the phone was put on hold")),
    "phone_unheld": _with_who(gettext_noop("%(who)s: the phone is back")),
    "hold": _hold,
    "unhold": _fixed(gettext_noop("Back from hold")),
    "digit": _digit,
    "consult": lambda data, names: _("%(who)s is asked in") % {"who": data.get("to", "")},
    "merged": _fixed(gettext_noop("All are talking together")),
    "swapped": _fixed(gettext_noop("Changed between the caller and the colleague")),
    "consult_ended": _fixed(gettext_noop("The colleague is out, back with the caller")),
    "completed": lambda data, names: _("Handed over to %(who)s") % {"who": data.get("to", "")},
    "transfer": lambda data, names: _("Sent on to %(to)s") % {"to": data.get("to", "")},
    "moved": lambda data, names: _("Moved to the queue %(queue)s") % {"queue": data.get("queue", "")},
    "listened": lambda data, names: _("%(who)s listens in") % {"who": data.get("to", "")},
    "front_end_heard": _fixed(gettext_noop("Front-end message heard")),
    "tip": _fixed(gettext_noop("A tip was played")),
    "recording": _fixed(gettext_noop("Recording starts")),
    "recording_paused": _fixed(gettext_noop("Recording paused")),
    "recording_resumed": _fixed(gettext_noop("Recording goes on")),
    "recording_stored": _fixed(gettext_noop("Recording stored")),
    "recording_failed": lambda data, names: (
        _("The recording failed: %(reason)s") % {"reason": data.get("reason", "")}
    ),
    "recording_erased": _fixed(gettext_noop("Recording erased, its time was over")),
    "ended": _ended,
}
