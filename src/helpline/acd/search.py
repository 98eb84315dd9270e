"""Where the search box looks: tickets, people, calls."""

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from helpline.acd import queries
from helpline.core.access import Actor
from helpline.customers import queries as customers
from helpline.telephony import guests
from helpline.tickets import queries as tickets
from helpline.tickets.models import Ticket
from helpline.web.search import Hit, Source


def find_tickets(actor: Actor, text: str, limit: int) -> list[Hit]:
    """A ticket by its number, or tickets in which the words occur, latest moved first."""
    found = tickets.search(actor, text, limit)
    number = text.strip().lstrip("#")
    return [_ticket_hit(ticket, exact=str(ticket.number) == number) for ticket in found]


def _ticket_hit(ticket: Ticket, exact: bool = False) -> Hit:
    requester = ticket.requester.name if ticket.requester else ""
    return Hit(
        title=f"{ticket.number} {ticket.subject}",
        url=f"/tickets/{ticket.number}/",
        detail=requester,
        icon="ticket",
        pill=ticket.get_status_display(),
        pill_kind=ticket.status,
        exact=exact,
    )


def find_people(actor: Actor, text: str, limit: int) -> list[Hit]:
    """Contacts by name, number however written, user id, address, organisation or asset."""
    return [
        Hit(
            title=contact.name,
            url=f"/contacts/{contact.pk}/",
            detail=" · ".join(
                part for part in (str(contact.organisation or ""), contact.user_id, contact.location) if part
            ),
            icon="user",
        )
        for contact in customers.search_contacts(actor, text, limit)
    ]


def find_calls(actor: Actor, text: str, limit: int) -> list[Hit]:
    """Latest calls from or with what was typed."""
    return [
        Hit(
            title=(call.contact.name if call.contact else "")
            or call.from_name
            or guests.shown(call.from_number),
            url=f"/calls/{call.id}/",
            detail=f"{guests.shown(call.from_number)} · {date_format(localtime(call.started_at), 'SHORT_DATETIME_FORMAT')}",
            icon="phone",
            pill=call.state_label,
            pill_kind=call.state,
        )
        for call in queries.call_list(actor, text=text, limit=limit).calls
    ]


SOURCES = {
    "tickets": Source(_("Tickets"), find_tickets),
    "people": Source(_("People"), find_people),
    "calls": Source(_("Calls"), find_calls),
}
