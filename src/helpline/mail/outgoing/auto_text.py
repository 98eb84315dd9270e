"""The words of the automatic reply: the desk's own or the usual ones, in the language of who wrote."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.template.defaultfilters import filesizeformat
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpline.core.clock import Clock
from helpline.mail.models import AutoReplyText, Mailbox
from helpline.people.models import Desk
from helpline.tickets.models import Ticket

#: what a text may name in braces
PLACEHOLDERS: Final = ("name", "desk", "subject", "number", "time")
#: of so few first answers nothing can be said
ENOUGH: Final = 30
_LATEST: Final = 300
#: tickets so young may still get an answer in good time; and older ones than that say little of today
_SETTLED: Final = timedelta(days=2)
_OF_TODAY: Final = timedelta(days=60)
#: a fifth are answered sooner, a fifth later
_LOW, _HIGH = 0.2, 0.8
_NAMED: Final = re.compile(r"\{([a-z]+)\}")
_BLANKS: Final = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and text, its placeholders filled in."""

    subject: str
    text: str


def words(mailbox: Mailbox, ticket: Ticket, language: str, clock: Clock) -> Words:
    """What the mailbox answers about this ticket."""
    with translation.override(language):
        chosen = _chosen(mailbox, language)
        return filled(chosen, _facts(mailbox, ticket, clock))


def usual() -> Words:
    """The words of a mailbox that has none of its own, in the language that is active."""
    return Words(
        _("We have your message: {subject}"),
        _(
            "Hello {name},\n\nthank you, your message has reached {desk}. Somebody will read it and answer you.\n\n"
            "{time}\n\nTo add something, just answer this mail. You need no number.\n\n{desk}"
        ),
    )


def too_large(mailbox: Mailbox, subject: str) -> Words:
    """What a mailbox says of a message larger than it takes."""
    return Words(
        _("Too large: %(subject)s") % {"subject": subject},
        _(
            "Hello,\n\nyour message is larger than %(desk)s takes (%(most)s), so nobody read it. Please send it once more "
            "with fewer or smaller files, or with a link to them.\n\n%(desk)s"
        )
        % {"desk": mailbox.desk.name, "most": filesizeformat(mailbox.max_size)},
    )


def filled(said: Words, facts: Mapping[str, str]) -> Words:
    """The words with the facts in place; a name that is none stays as it was written, an empty paragraph goes."""

    def fact(found: re.Match[str]) -> str:
        return facts.get(found[1], found[0])

    text = _NAMED.sub(fact, said.text).replace(" ,", ",")
    return Words(_NAMED.sub(fact, said.subject), _BLANKS.sub("\n\n", text).strip())


def _chosen(mailbox: Mailbox, language: str) -> Words:
    own = AutoReplyText.objects.filter(mailbox=mailbox, language=language).first()
    return Words(own.subject, own.text) if own else usual()


def _facts(mailbox: Mailbox, ticket: Ticket, clock: Clock) -> dict[str, str]:
    return {
        "name": ticket.requester.name if ticket.requester else "",
        "desk": mailbox.desk.name,
        "subject": ticket.subject,
        "number": str(ticket.number),
        "time": expected(mailbox.desk, clock),
    }


def example(mailbox: Mailbox, clock: Clock) -> dict[str, str]:
    """Facts for showing what the words would be."""
    return {
        "name": "Carl Jansen",
        "desk": mailbox.desk.name,
        "subject": _("The printer does not print"),
        "number": "1042",
        "time": expected(mailbox.desk, clock),
    }


def expected(desk: Desk, clock: Clock) -> str:
    """How long a first answer takes, told from what happened; "" when too little is known or too much unanswered."""
    found = first_answers(desk, clock)
    if found is None:
        return ""
    low, high = _span(found[0], up=False), _span(found[1], up=True)
    if low == high or found[0] < timedelta(minutes=1):
        return _("Most messages get a first answer within %(time)s.") % {"time": high}
    return _("Most messages get a first answer after %(low)s to %(high)s.") % {"low": low, "high": high}


def first_answers(desk: Desk, clock: Clock) -> tuple[timedelta, timedelta] | None:
    """The time within which a fifth, and four fifths, of the desk's mails got a first answer; None when unsure.

    A ticket nobody answered counts as one that waits for ever: left out, it would make us look fast.
    """
    now = clock.now()
    recent = Ticket.objects.filter(
        desk=desk, channel="mail", created_at__gt=now - _OF_TODAY, created_at__lt=now - _SETTLED
    ).order_by("-created_at")
    pairs = recent.values_list("created_at", "first_response_at")[:_LATEST]
    waits = sorted(((told - came) if told else timedelta.max) for came, told in pairs)
    if len(waits) < ENOUGH:
        return None
    low, high = waits[int(len(waits) * _LOW)], waits[int(len(waits) * _HIGH)]
    return None if high == timedelta.max else (low, high)


def _span(time: timedelta, *, up: bool) -> str:
    """A time in round words, down or up to what a person would say."""
    minutes = time.total_seconds() / 60
    if minutes <= 60:
        count = _round(minutes, 5, up=up)
        return ngettext("%d minute", "%d minutes", count) % count
    if minutes <= 60 * 24:
        count = _round(minutes / 60, 1, up=up)
        return ngettext("%d hour", "%d hours", count) % count
    count = _round(minutes / 60 / 24, 1, up=up)
    return ngettext("%d day", "%d days", count) % count


def _round(value: float, step: int, *, up: bool) -> int:
    whole = -int(-value // step) if up else int(value // step)
    return max(whole, 1) * step
