"""What callers hear in words: the desk's own text in their language, or ours.

The engine knows prompts by reference only (`greeting:2`, `menu:2`, `message:5`, `tip:7`, `wrong_key`, ...);
numbers are those of rows, so that a caller in an entry point hears it out although its number was changed.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from django.utils import translation
from django.utils.translation import gettext as _

Texts = Mapping[str, str]

WRONG_KEY, JOINED, UNKNOWN_NUMBER, NOBODY, UNREACHABLE, CUT_OFF = (
    "wrong_key",
    "joined",
    "unknown_number",
    "nobody",
    "unreachable",
    "cut_off",
)


class Speaker(Protocol):
    """How a switch is made to say a text."""

    def media(self, text: str, language: str) -> tuple[str, ...]:
        """ARI media URIs that say it."""


class SpeechUri:
    """The embedded switch speaks typed text itself: `speech:LANGUAGE:base64url(UTF-8)`."""

    def media(self, text: str, language: str) -> tuple[str, ...]:
        encoded = base64.urlsafe_b64encode(text.encode()).decode()
        return (f"speech:{language}:{encoded}",)


@dataclass(frozen=True, slots=True)
class PromptBook:
    """The desk's own texts by reference, and the desk name that goes into them."""

    texts: Mapping[str, Texts] = field(default_factory=dict)
    desks: Mapping[str, str] = field(default_factory=dict)

    def words(self, reference: str, language: str) -> str:
        """What to say. A text that is missing in the language is said in English, else in whatever there is."""
        own = _best(self.texts.get(reference, {}), language)
        desk = self.desks.get(reference, "")
        if own:
            return own.replace("{desk}", desk)
        with translation.override(language):
            return _house_words(reference, desk)


def _best(texts: Texts, language: str) -> str:
    for wanted in (language, language.partition("-")[0], "en"):
        if texts.get(wanted):
            return texts[wanted]
    return next((text for text in texts.values() if text), "")


def _house_words(reference: str, desk: str) -> str:
    kind = reference.partition(":")[0]
    if kind == "greeting":
        return _("Welcome to %(desk)s.") % {"desk": desk}
    if kind == "closed":
        return _("You have reached %(desk)s. We are closed now.") % {"desk": desk}
    return {
        WRONG_KEY: _("Sorry, this key has no meaning here."),
        JOINED: _("Thank you. We will tell you when it is fixed."),
        UNKNOWN_NUMBER: _("This number is not in use. Please check the number and call again."),
        NOBODY: _("Nobody can take your call now. Please call again later."),
        UNREACHABLE: _("The person you were sent to cannot be reached. Please call again later."),
        CUT_OFF: _("We were cut off. You have kept your place in line; please stay on the line."),
    }.get(kind, "")


def position_words(number: int, language: str) -> str:
    """Where the caller stands in line; 1 is next."""
    with translation.override(language):
        if number == 1:
            return _("You are the next in line.")
        return _("You are number %(number)d in line.") % {"number": number}
