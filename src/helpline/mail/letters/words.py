"""Words for what a letter's facts are codes for."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.mail.parsing import charsets, mime, parse

#: kinds of machine mail (mail.machine.Machine)
MACHINES: Final[Mapping[str, Promise]] = {
    "own": _("our own mail, come back"),
    "bounce": _("not delivered"),
    "delayed": _("delivery is delayed"),
    "delivered": _("delivered"),
    "feedback": _("complaint about our mail"),
    "receipt": _("read receipt"),
    "challenge": _("asks to confirm the sender"),
    "auto_reply": _("automatic reply"),
    "auto_generated": _("written by a machine"),
    "list": _("mailing list"),
}

#: what was odd while reading (mail.parse.ODDITIES)
_ODDITIES: Final[Mapping[str, Promise]] = {
    charsets.UNKNOWN: _("names a character set nobody knows"),
    charsets.WRONG: _("is not in the character set it names"),
    charsets.MISSING: _("names no character set"),
    charsets.NUL: _("held zero bytes"),
    mime.TOO_DEEP: _("parts too deep within one another were left out"),
    mime.TOO_MANY_PARTS: _("had too many parts; the last were left out"),
    mime.NO_BOUNDARY: _("does not say where its parts begin"),
    mime.UNCLOSED: _("ends in the middle of a part"),
    mime.HEADER_CUT: _("a header was too long and was cut"),
    parse.TEXT_CUT: _("the text was too long and was cut; the raw mail has all of it"),
    parse.TNEF_BROKEN: _("its winmail.dat cannot be read"),
    parse.NO_SENDER: _("names no sender"),
    parse.SENDER_GUESSED: _("the sender had to be guessed"),
    parse.MANY_SENDERS: _("names several senders"),
    parse.HEADER_DOUBLED: _("says the same header twice"),
    parse.NO_DATE: _("has no date"),
    parse.NO_MESSAGE_ID: _("has no id"),
    parse.EMPTY: _("is empty"),
}

#: methods of an invitation (RFC 5546, 1.4)
METHODS: Final[Mapping[str, Promise]] = {
    "request": pgettext_lazy("calendar", "Invitation"),
    "cancel": pgettext_lazy("calendar", "Called off"),
    "reply": pgettext_lazy("calendar", "Answer to an invitation"),
    "counter": pgettext_lazy("calendar", "Another time is proposed"),
}
APPOINTMENT: Final = pgettext_lazy("calendar", "Appointment")

#: types of parts that sign or hide a mail (RFC 3156, RFC 8551)
_SEALED: Final[Mapping[str, Promise]] = {
    "application/pgp-signature": _("PGP signature"),
    "application/pgp-encrypted": _("PGP encrypted"),
    "application/pkcs7-signature": _("S/MIME signature"),
    "application/x-pkcs7-signature": _("S/MIME signature"),
    "application/pkcs7-mime": _("S/MIME"),
    "application/x-pkcs7-mime": _("S/MIME"),
    "message/rfc822": _("mail"),
    "text/calendar": _("calendar"),
}


def oddities(codes: Iterable[str]) -> tuple[str, ...]:
    """What was odd about a mail, in words."""
    return tuple(str(_ODDITIES.get(code, code)) for code in codes)


def type_of(content_type: str) -> str:
    """A content type for people: a word for the few that have one, else the type as it is."""
    return str(_SEALED.get(content_type, content_type))
