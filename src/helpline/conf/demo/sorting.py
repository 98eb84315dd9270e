"""What the demo desks sort tickets by besides categories: tags with colours, statuses of their own."""

from collections.abc import Sequence

from helpline.conf.demo.cast import House
from helpline.core.access import SYSTEM
from helpline.core.clock import Clock
from helpline.tickets import actions
from helpline.tickets.models import Colour, Impact, Priority, Status, StatusKind, Tag, Ticket, Urgency

#: desk -> (path, colour, when to use it)
TAGS = {
    "acme": (
        ("Cause", Colour.GREY, "What it turned out to be; one of those below"),
        ("Cause > Update", Colour.ORANGE, "It began with an update of a program or system"),
        ("Cause > Broken device", Colour.RED, "Something had to be repaired or replaced"),
        ("Cause > How-to", Colour.TEAL, "Nothing was broken: an article would have helped"),
        ("Working from home", Colour.BLUE, "The caller was not in an office of ours"),
        ("New colleague", Colour.GREEN, "First two weeks in the house"),
        ("Ask again on Friday", Colour.PURPLE, "The team looks at these together"),
    ),
    "globex": (
        ("Order", Colour.BLUE, ""),
        ("Order > Delivery late", Colour.ORANGE, "Later than the date we confirmed"),
        ("Praise", Colour.GREEN, "To be read out on Monday"),
    ),
}
#: part of the subject -> tag of the desk
_FITTING = {
    "VPN": "Working from home",
    "update": "Cause > Update",
    "Printer": "Cause > Broken device",
    "Battery": "Cause > Broken device",
    "assword": "Cause > How-to",
    "new colleague": "New colleague",
    "Order": "Order",
    "eliver": "Order > Delivery late",
}
#: of the priorities that the matrix gives for one person
_URGENCY = {"critical": Urgency.STOPS, "regular": Urgency.HINDERS}
_SUPPLIER = "With the supplier"
_FRIDAY_EVERY, _SUPPLIER_EVERY = 9, 5


def make(house: House, priorities: dict[str, Priority], clock: Clock) -> dict[tuple[str, str], Tag]:
    """The tags by (desk key, path), two own statuses, and the usual matrix."""
    actions.give_matrix(priorities, clock)
    actions.create_status(SYSTEM, _SUPPLIER, StatusKind.WAITING_THIRD, order=45, clock=clock)
    actions.create_status(
        SYSTEM, "Being tested by the caller", StatusKind.WAITING_CUSTOMER, order=35, clock=clock
    )
    found: dict[tuple[str, str], Tag] = {}
    for desk, tags in TAGS.items():
        for path, colour, use in tags:
            above, _sign, name = path.rpartition(" > ")
            parent = found.get((desk, above))
            found[desk, path] = actions.create_tag(
                SYSTEM, house.desks[desk], name, parent=parent, colour=colour, description=use, clock=clock
            )
    return found


def put_on(tickets: Sequence[Ticket], tags: dict[tuple[str, str], Tag]) -> None:
    """Give the tickets of the past their tags, impact and urgency; some open ones wait for a delivery."""
    tagging = Ticket.tags.through
    rows = [
        tagging(ticket=ticket, tag=tags[ticket.desk.key, path])
        for at, ticket in enumerate(tickets)
        for path in _paths(ticket, at)
        if (ticket.desk.key, path) in tags
    ]
    tagging.objects.bulk_create(rows)
    supplier = Status.objects.get(label=_SUPPLIER)
    for at, ticket in enumerate(tickets):
        if ticket.priority.key in _URGENCY:
            ticket.impact, ticket.urgency = Impact.PERSON, _URGENCY[ticket.priority.key]
        if at % _SUPPLIER_EVERY == 0 and ticket.status == StatusKind.OPEN:
            ticket.status, ticket.own_status = StatusKind.WAITING_THIRD, supplier
    Ticket.objects.bulk_update(tickets, ["impact", "urgency", "status", "own_status"])


def _paths(ticket: Ticket, at: int) -> set[str]:
    found = {path for word, path in _FITTING.items() if word in ticket.subject}
    return found | {"Ask again on Friday"} if at % _FRIDAY_EVERY == 0 else found
