"""To whom an answer goes, from which mailbox, and to which letter it belongs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from helpline.core.errors import Invalid
from helpline.customers.models import EmailAddress
from helpline.mail.incoming.reading import own_addresses
from helpline.mail.models import Direction, Letter, Mailbox
from helpline.mail.outgoing.compose import address_of, one_line
from helpline.mail.parsing import headers
from helpline.mail.parsing.machine import Machine
from helpline.mail.parsing.message import Address
from helpline.tickets.models import Ticket

#: whom a letter may name: "Carl <carl@acme.example>", or an address with its name
Named = str | Address
MOST_RECIPIENTS = 50
#: programs whose mail opens a ticket and waits for no answer to it
_MAY_BE_ANSWERED = ("", Machine.LIST.value, Machine.AUTO_GENERATED.value)


@dataclass(frozen=True, slots=True)
class Addressed:
    """The people of a letter, each once and none of them ourselves."""

    to: tuple[Address, ...]
    cc: tuple[Address, ...]

    @property
    def everybody(self) -> tuple[str, ...]:
        """All addresses, lower case."""
        return tuple(one.key for one in (*self.to, *self.cc))


def last_letter(ticket: Ticket) -> Letter | None:
    """The letter an answer belongs to: the last of a person who wrote to us, else the last of ours."""
    letters = Letter.objects.filter(item__ticket=ticket).select_related(
        "item", "inbound__mailbox", "outbound"
    )
    latest = letters.order_by("-item__at", "-item_id")
    theirs = latest.filter(direction=Direction.IN, inbound__machine__in=_MAY_BE_ANSWERED).first()
    return theirs or latest.filter(direction=Direction.OUT).exclude(message_id="").first()


def mailbox_of(ticket: Ticket) -> Mailbox:
    """The mailbox that speaks for the ticket: the one that got its last mail, else the first of the desk.

    Raises Invalid when the desk has none.
    """
    latest = Letter.objects.filter(item__ticket=ticket).order_by("-item__at", "-item_id")
    inbox = latest.exclude(inbound=None).values_list("inbound__mailbox", flat=True).first()
    known = Mailbox.objects.filter(desk=ticket.desk_id).select_related("desk")
    found = known.filter(pk=inbox).first() if inbox is not None else None
    found = found or _first_of_desk(ticket)
    if found is None:
        raise Invalid(
            _("The desk has no mailbox to write from."),
            code="no_mailbox",
            help=_("Have a desk administrator make one."),
        )
    return found


def _first_of_desk(ticket: Ticket) -> Mailbox | None:
    known = Mailbox.objects.filter(desk=ticket.desk_id, active=True).select_related("desk").order_by("pk")
    # one that was written from before stays the voice of the ticket
    return known.filter(outbound__ticket=ticket).first() or known.first()


def addressed(
    ticket: Ticket, to: Named | Iterable[Named] | None, cc: Named | Iterable[Named], parent: Letter | None
) -> Addressed:
    """Who gets the letter; without `to` who wrote last, else the requester. Raises Invalid when nobody does."""
    own = own_addresses(ticket.desk_id)
    first = people(to) if to is not None else _usual(ticket, parent)
    seen = set(own)
    kept = tuple(one for one in first if _fresh(one, own, seen))
    copies = tuple(one for one in people(cc) if _fresh(one, own, seen))
    if not kept:
        raise Invalid(
            _("Nobody would get this mail."),
            code="no_recipient",
            help=_("Name an address, or give the requester one. The desk's own addresses do not count."),
        )
    if len(kept) + len(copies) > MOST_RECIPIENTS:
        raise Invalid(
            _("A mail goes to %(count)s people at most.") % {"count": MOST_RECIPIENTS}, code="too_many"
        )
    return Addressed(kept, copies)


def _fresh(one: Address, own: frozenset[str], seen: set[str]) -> bool:
    """True the first time somebody is named who is not us."""
    local, _at, host = one.key.rpartition("@")
    if one.key in seen or f"{local.partition('+')[0]}@{host}" in own:
        return False
    seen.add(one.key)
    return True


def people(named: Named | Iterable[Named]) -> list[Address]:
    each = [named] if isinstance(named, str | Address) else list(named)
    return [found for one in each for found in _read(one)]


def _read(named: Named) -> Sequence[Address]:
    if isinstance(named, Address):
        return [_checked(named)]
    told = headers.addresses([named])
    if (not told and named.strip()) or not named.isprintable():
        raise _no_address(named)
    return [_checked(one) for one in told]


def _checked(one: Address) -> Address:
    sendable = address_of(one.address)
    if sendable is None:
        raise _no_address(str(one))
    return Address(one_line(one.name, 200), sendable)


def _no_address(said: str) -> Invalid:
    return Invalid(
        _("“%(said)s” is no mail address.") % {"said": one_line(said, 100)},
        code="address",
        help=_("Write it like carl@example.org."),
    )


def _usual(ticket: Ticket, parent: Letter | None) -> list[Address]:
    """Where an answer to the parent goes; to our own letter: to whom that went."""
    told = _of_letter(parent) if parent is not None else []
    usable = [Address(one.name, good) for one in told if (good := address_of(one.address))]
    return usable or _requester(ticket)


def _of_letter(letter: Letter) -> list[Address]:
    if letter.direction == Direction.OUT:
        return [Address(name, address) for name, address in letter.to]
    within = letter.item.data.get("forwarded_from") if letter.item else None
    if within:
        return [Address("", str(within))]
    wanted = [Address(name, address) for name, address in letter.reply_to]
    return wanted or [Address(letter.sender_name, letter.sender)]


def _requester(ticket: Ticket) -> list[Address]:
    who = ticket.requester
    if who is None:
        return []
    known = EmailAddress.objects.filter(contact=who).order_by("pk").values_list("address", flat=True)
    return [Address(who.name, known[0])] if known else []
