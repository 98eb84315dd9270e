"""Template words of phone bar and live page."""

import json
from collections.abc import Container
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpline.telephony import guests
from helpline.tickets.models import StatusKind

register = template.Library()


@register.inclusion_tag("acd/verb_button.html")
def verb(
    subject: Any,
    verb: str,
    label: str,
    icon: str,
    key: str = "",
    style: str = "",
    include: str = "",
    small: bool = False,
    **args: object,
) -> dict[str, object]:
    """A button that asks the phone for `verb`; nothing when it is not in `subject.may`. `args` go along."""
    may: Container[str] = subject.may
    call = getattr(subject, "call_id", None)
    values = {name: str(value) for name, value in args.items()}
    if call:
        values.setdefault("call", str(call))
    return {
        "allowed": verb in may,
        "verb": verb,
        "label": label,
        "picture": icon,
        "key": key,
        "style": style,
        "include": include,
        "small": small,
        "values": json.dumps(values),
    }


BUSY_ICONS = {
    "offline": "phone-off",
    "available": "circle-check",
    "talking": "phone",
    "holding": "player-pause",
    "ringing": "phone-incoming",
    "wrap_up": "edit",
    "busy": "coffee",
    "lost": "plug-connected-x",
    "reserved": "phone-incoming",
}

STORY_ICONS = {
    "why": "route",
    "arrived": "phone-incoming",
    "greeting": "message",
    "digit": "keyboard",
    "queued": "hourglass",
    "offered": "phone-ringing",
    "answered": "phone-check",
    "hold": "player-pause",
    "unhold": "player-play",
    "consult": "users",
    "transfer": "arrows-exchange",
    "ended": "phone-off",
    "recording": "microphone",
    "ringing": "phone-ringing",
    "left": "door-exit",
    "leg": "phone",
    "mute": "microphone-off",
    "listen": "ear",
    "state": "point",
    "front": "speakerphone",
    "tip": "bulb",
    "play": "volume",
}


@register.filter
def presence_icon(state: str) -> str:
    """The icon that goes with an agent's state, so that colour is not the only sign."""
    return BUSY_ICONS.get(state, "user")


@register.filter
def story_icon(kind: str) -> str:
    """The icon of a line of a call's story; a small mark for kinds without one of their own."""
    exact = STORY_ICONS.get(kind)
    if exact:
        return exact
    return next((found for key, found in STORY_ICONS.items() if key in kind), "point")


@register.filter
def language_text(texts: dict[str, str]) -> str:
    """The words of a text kept in several languages, in the first one given."""
    return next(iter(texts.values()), "")


#: outcomes of calls, who ended them, how a caller was known: codes -> words
WORDS = {
    "answered": gettext_lazy("answered"),
    "abandoned": gettext_lazy("hung up waiting"),
    "served": gettext_lazy("served by message"),
    "voicemail": gettext_lazy("voicemail"),
    "flowed_out": gettext_lazy("went elsewhere"),
    "refused": gettext_lazy("refused"),
    "failed": gettext_lazy("failed"),
    "caller": gettext_lazy("the caller"),
    "agent": gettext_lazy("the agent"),
    "desk": gettext_lazy("the desk"),
    "lost": gettext_lazy("a lost connection"),
    "number": gettext_lazy("the number they call from"),
    "user_id": gettext_lazy("their user id"),
    "name": gettext_lazy("their name"),
    "dialling": gettext_lazy("dialling"),
    "ringing": gettext_lazy("ringing"),
    "up": gettext_lazy("connected"),
    "ended": gettext_lazy("ended"),
}


@register.filter
def word(code: str) -> str:
    """A code of a call as a word for people; codes without one are shown as they are."""
    return str(WORDS.get(code, code))


@register.filter
def caller_number(number: str) -> str:
    """The number of a caller; somebody at the web page has none to show."""
    return guests.shown(number)


@register.filter
def own_number(number: str) -> str:
    """The number by which a caller may be known; empty for somebody at the web page."""
    return "" if guests.is_guest(number) else number


@register.filter
def status_label(status: str) -> str:
    """The name of a ticket's status."""
    return str(StatusKind(status).label) if status in StatusKind.values else status


@register.filter
def choice_label(choices: Any, key: str) -> str:
    """The label of a choice by its key; the key itself when it is gone."""
    return next((choice.label for choice in choices if choice.key == key), key or _("none"))
