"""What was odd about a message, in words; the codes are those of the parser."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpline.mail.incoming import refusing
from helpline.mail.parsing import charsets, mime, parse

_WORDS: Final[Mapping[str, str | Promise]] = {
    mime.TOO_DEEP: _("Parts within parts too deep to be followed"),
    mime.TOO_MANY_PARTS: _("More parts than are read"),
    mime.NO_BOUNDARY: _("Says it has parts, but not where they end"),
    mime.UNCLOSED: _("Ends in the middle of a part"),
    mime.HEADER_CUT: _("A header was too long and was cut"),
    parse.TEXT_CUT: _("The text was too long and was cut"),
    parse.TNEF_BROKEN: _("Its winmail.dat cannot be opened; it is kept as a file"),
    parse.NO_SENDER: _("Has no sender"),
    parse.SENDER_GUESSED: _("The sender was taken from another header than From"),
    parse.MANY_SENDERS: _("Names several senders; the first is taken"),
    parse.HEADER_DOUBLED: _("Has a header twice that may be there once; the first counts"),
    parse.NO_DATE: _("Has no date"),
    parse.NO_MESSAGE_ID: _("Has no message id"),
    parse.EMPTY: _("Is empty"),
    refusing.REFUSED: _("Was refused at our door (552) and not kept; the sender's server told the sender"),
    charsets.UNKNOWN: _("Its character set is unknown and was guessed"),
    charsets.WRONG: _("Its character set is another one than it says"),
    charsets.MISSING: _("Does not say its character set; it was guessed"),
    charsets.NUL: _("Holds characters that no text holds; they were left out"),
}


def in_words(code: str) -> str:
    """The sentence of a code; the code itself for one without words."""
    return str(_WORDS.get(code, code))
