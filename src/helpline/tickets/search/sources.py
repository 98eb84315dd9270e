"""All that is said in a ticket, to be found by: its own fields, its people, its items, and what rooms above add."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpline.core import registry
from helpline.customers.models import Contact, EmailAddress, PhoneNumber
from helpline.people.models import Desk
from helpline.tickets.models import Item, ItemKind, Ticket

#: what a change or a call says is a field of the ticket or a row of another room
_SPOKEN = (ItemKind.NOTE, ItemKind.MAIL, ItemKind.PROMISE)


@dataclass(slots=True)
class Source:
    """The texts of one ticket; names of people are found with a slip too."""

    desk_id: int
    country: str
    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def countries(desk_ids: Sequence[int]) -> dict[int, str]:
    """Desk -> the country its callers dial from."""
    return dict(Desk.objects.filter(pk__in=desk_ids).values_list("pk", "country"))


def said_in(ticket_ids: Sequence[int], without: int = 0) -> dict[int, Source]:
    """Ticket -> what is said in it, for those of the ids that are tickets. A known number of queries.

    The contact `without` is being erased: its name is left out although its row may still have it.
    """
    tickets = list(
        Ticket.objects.filter(pk__in=ticket_ids).select_related("desk", "requester", "organisation")
    )
    found = {one.pk: Source(one.desk_id, one.desk.country, own_texts(one)) for one in tickets}
    people = names_of([one.requester for one in tickets if one.requester and one.requester_id != without])
    for one in tickets:
        found[one.pk].names += people.get(one.requester_id or 0, [])
        if one.organisation:
            found[one.pk].names.append(one.organisation.name)
    for ticket_id, path in Ticket.tags.through.objects.filter(ticket__in=list(found)).values_list(
        "ticket_id", "tag__path"
    ):
        found[ticket_id].texts.append(path)
    items = Item.objects.filter(ticket__in=list(found), kind__in=_SPOKEN)
    for ticket_id, body in items.values_list("ticket_id", "body"):
        found[ticket_id].texts.append(body)
    for source in registry.searchable:
        for ticket_id, texts, names in source(list(found)):
            found[ticket_id].texts += texts
            found[ticket_id].names += names
    return found


def own_texts(ticket: Ticket) -> list[str]:
    """The ticket's own fields."""
    return [str(ticket.number), ticket.subject, ticket.asset_tag, ticket.location]


def names_of(contacts: Sequence[Contact]) -> dict[int, list[str]]:
    """Contact -> name, id, addresses and numbers; two queries."""
    found = {one.pk: [one.name, one.user_id] for one in contacts}
    if not found:
        return {}
    for rows in (
        EmailAddress.objects.filter(contact__in=found).values_list("contact_id", "address"),
        PhoneNumber.objects.filter(contact__in=found).values_list("contact_id", "e164"),
    ):
        for contact_id, value in rows:
            found[contact_id].append(value)
    return found
