"""What this room adds to the ticket's page: a mail in its thread."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe

from helpline.core import registry
from helpline.core.access import Actor
from helpline.mail import queries, store
from helpline.mail.letters import words
from helpline.mail.letters.linked_text import linked
from helpline.mail.models import Attachment, Direction, JoinedBy, Letter
from helpline.mail.outgoing.delivery import render_delivery
from helpline.mail.parsing import invitation
from helpline.people.access import actor
from helpline.tickets import access as tickets
from helpline.tickets.models import Item, Ticket
from helpline.tickets.queries import ThreadItem

#: a calendar file larger than this is not looked into
_MOST_OF_A_CALENDAR: Final = 64_000
#: of a mail to a crowd so many are named
_NAMED: Final = 8
#: a mail that took no longer came when it was written
_AT_ONCE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class File:
    """Something a letter carries, with its type in words."""

    row: Attachment
    type: str


@dataclass(frozen=True, slots=True)
class Event:
    """An invitation with its method in words."""

    what: str | Promise
    about: invitation.Invitation


@dataclass(frozen=True, slots=True)
class People:
    """Names and addresses of a header; `more` of a crowd are not named."""

    named: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A letter as the thread shows it."""

    letter: Letter
    text: SafeString
    to: People
    cc: People
    files: tuple[File, ...]
    events: tuple[Event, ...]
    #: what its Date says, when that is another time than it came
    written_at: datetime | None
    #: words for the test that found the ticket
    joined_by: str | Promise
    machine: str | Promise
    oddities: tuple[str, ...]
    #: address from the text of a forwarded mail, which nothing proves
    unproven: str
    #: other tickets whose mails it answers too and that are not part of this one
    also: tuple[int, ...]
    #: the reader always wants this sender's pictures
    trusted: bool

    @property
    def outgoing(self) -> bool:
        return self.letter.direction == Direction.OUT


def letter_in_thread(request: HttpRequest, entry: ThreadItem) -> str:
    """A mail: from whom, to whom, what it says and carries, and how it came here."""
    who, item = actor(request), entry.item
    thread = _thread(request, item.ticket, who)
    letter = thread.letters.get(item.pk)
    if letter is None:
        return ""
    may_work = tickets.may_work(who, item.ticket)
    found = {
        "shown": _shown(letter, thread, item),
        "entry": entry,
        "item": item,
        "ticket": item.ticket,
        "may_work": may_work,
        "delivery": delivery(item, request, may_work) if letter.direction == Direction.OUT else "",
        "trust": letter.inbound.trust if letter.inbound else None,
        "first": item.pk == min(thread.letters),
    }
    return render_to_string("mail/letter.html", found, request)


def delivery(item: Item, request: HttpRequest, may_work: bool) -> SafeString:
    """How a letter of ours stands."""
    return mark_safe(render_delivery(item, request, may_work=may_work))  # a template made it


def _thread(request: HttpRequest, ticket: Ticket, who: Actor) -> queries.Thread:
    """All letters of the thread at once (one query), kept for this request."""
    kept: dict[int, queries.Thread] | None = getattr(request, "thread_letters", None)
    if kept is None:
        kept = {}
        request.thread_letters = kept  # type: ignore[attr-defined]  # kept for this request
    if ticket.pk not in kept:
        kept[ticket.pk] = queries.thread_of(ticket, who.user_id)
    return kept[ticket.pk]


def _shown(letter: Letter, thread: queries.Thread, item: Item) -> ShownLetter:
    inbound, files = letter.inbound, thread.attachments.get(letter.pk, [])
    joined_by, sent_at = inbound.joined_by if inbound else "", letter.sent_at
    machine = inbound.machine if inbound else ""
    in_html = bool(vars(letter)["has_html"])  # queries.thread_of says so
    return ShownLetter(
        letter=letter,
        text=linked(letter.text),
        to=_people(letter.to),
        cc=_people(letter.cc),
        files=tuple(File(one, words.type_of(one.type)) for one in files if not (in_html and _in_place(one))),
        events=tuple(_events(files)),
        written_at=sent_at if sent_at and abs(item.at - sent_at) > _AT_ONCE else None,
        joined_by=JoinedBy(joined_by).label if joined_by else "",
        machine=words.MACHINES.get(machine, machine),
        oddities=words.oddities(inbound.oddities if inbound else ()),
        unproven=str(item.data.get("forwarded_from", "")),
        also=tuple(number for number in (inbound.also if inbound else ()) if number not in thread.merged),
        trusted=letter.sender.casefold() in thread.trusted,
    )


def _in_place(file: Attachment) -> bool:
    """A picture that the HTML shows needs no line of its own."""
    return file.inline and bool(file.content_id) and file.type.startswith("image/")


def _people(pairs: list[list[str]]) -> People:
    named = tuple((name, address) for name, address in pairs[:_NAMED])
    return People(named, max(0, len(pairs) - _NAMED))


def _events(files: Iterable[Attachment]) -> Iterable[Event]:
    for file in files:
        if file.type != "text/calendar" or file.size > _MOST_OF_A_CALENDAR:
            continue
        if not store.path_of(file.sha256).is_file():
            continue  # erased, as somebody asked for
        about = invitation.read(store.read(file.sha256))
        if about is not None:
            yield Event(words.METHODS.get(about.method, words.APPOINTMENT), about)


def register() -> None:
    """Called once when the room is ready."""
    registry.panels("ticket.item.mail").register("letter", letter_in_thread, order=10)
