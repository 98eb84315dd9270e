"""What a caller hears from us, and the end of a call."""

from typing import TYPE_CHECKING
from uuid import UUID

from helpline.acd import names
from helpline.telephony import orders as o
from helpline.telephony import queries
from helpline.telephony.models import Call

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor


def leg_of(call: str) -> str | None:
    """The live leg of the caller."""
    found = queries.caller_leg(UUID(call))
    return found.pk if found else None


def say(conductor: "Conductor", call: str, playback: str, text: str, language: str) -> None:
    """Say it to the caller instead of whatever sounds."""
    leg = leg_of(call)
    if leg is None:
        return
    hush(conductor, call)
    conductor.sounding[call] = playback
    conductor.order(call, o.Music(leg, None), o.Play(leg, playback, conductor.speaker.media(text, language)))


def hush(conductor: "Conductor", call: str) -> None:
    """Stop what is said to the caller."""
    playback = conductor.sounding.pop(call, None)
    if playback:
        conductor.order(call, o.StopPlay(playback))


def say_farewell(conductor: "Conductor", call: str, reference: str) -> None:
    """A last sentence in the caller's language, then the end."""
    leg = leg_of(call)
    if leg is None:
        return
    language = Call.objects.values_list("language", flat=True).get(pk=UUID(call))
    words = conductor.settings.prompts.words(reference, language)
    say(conductor, call, names.farewell(leg), words, language)


def hang_up_all(conductor: "Conductor", call_id: UUID, cause: int = 16) -> None:
    """Every leg of the call goes; its rows follow when the switch says so."""
    for leg in queries.live_legs(call_id):
        conductor.order(call_id, o.Hangup(leg.pk, cause))
