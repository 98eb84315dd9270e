"""What this room adds to the shell and to the pages of rooms below."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from helpline.core import placeholders, registry
from helpline.core.access import Actor, Role
from helpline.core.clock import Clock
from helpline.core.errors import Conflict
from helpline.core.ties import Tie
from helpline.customers.events import (
    HOOK_CONTACT_CHANGED,
    HOOK_CONTACT_MADE_FOR,
    HOOK_ORGANISATION_LEAVES,
    HOOK_ORGANISATION_RENAMED,
)
from helpline.customers.models import Contact, Organisation
from helpline.people import access as people_access
from helpline.people.desk_actions import HOOK_STOCK
from helpline.people.models import Desk
from helpline.tickets import access, actions, bulk_jobs, queries, reminding, setup_actions, telling
from helpline.tickets.models import IncidentJoin, Item, Ticket
from helpline.tickets.search import rebuilding

_INDEX_EVERY_S = 60.0
#: past tickets in the customer sidebar
_PAST = 5


def contact_tickets(request: HttpRequest, contact: Contact) -> str:
    """The contact's tickets, on the contact's page."""
    found = {"tickets": queries.tickets_of(contact), "contact": contact}
    return render_to_string("tickets/of_contact.html", found, request=request)


def organisation_tickets(request: HttpRequest, organisation: Organisation) -> str:
    """The tickets of an organisation's people, on its page."""
    found = {"tickets": queries.tickets_of_organisation(organisation), "organisation": organisation}
    return render_to_string("tickets/of_organisation.html", found, request=request)


def past_tickets(request: HttpRequest, contact: Contact) -> str:
    """What the contact had before, in the customer sidebar; without the ticket (`ticket`) that is open."""
    open_one = request.GET.get("ticket", "")
    rows = queries.past_tickets_of(contact)
    if open_one.isdecimal() and len(open_one) < 19:
        rows = rows.exclude(number=int(open_one))
    found = list(rows[: _PAST + 1])
    return render_to_string(
        "tickets/past.html",
        {"tickets": found[:_PAST], "more": len(found) > _PAST, "contact": contact},
        request,
    )


def desk_categories(request: HttpRequest, desk: Desk) -> str:
    """The categories of a desk with the form of a new one, on the desk's page."""
    found = {
        "desk": desk,
        "categories": queries.categories(desk),
        "may_sort": people_access.actor(request).may(desk.pk, Role.DESK_ADMIN),
    }
    return render_to_string("tickets/of_desk.html", found, request=request)


def set_requester(*, actor: Actor, contact: Contact, purpose: str, clock: Clock) -> None:
    """A contact was made for a ticket ("ticket:1042"): they are its requester."""
    kind, _colon, number = purpose.partition(":")
    if kind == "ticket" and number.isdigit():
        actions.change(actor, access.ticket(actor, int(number)), requester=contact, clock=clock)


def mine(actor: Actor) -> int | None:
    """How many live tickets the actor has."""
    return queries.mine(actor).count() or None


def my_mentions(request: HttpRequest, _subject: object) -> str:
    """Notes that name the person and that they did not read yet, on the page of one's own work."""
    found = {"mentions": telling.unread(people_access.actor(request))}
    return render_to_string("tickets/mentions.html", found, request=request) if found["mentions"] else ""


def _ticket_number(facts: placeholders.Facts) -> str:
    ticket = facts.get("ticket")
    return str(ticket.number) if ticket else ""


def _subject(facts: placeholders.Facts) -> str:
    ticket = facts.get("ticket")
    return str(ticket.subject) if ticket else ""


def _contact(facts: placeholders.Facts) -> str:
    ticket = facts.get("ticket")
    return str(ticket.requester.name) if ticket and ticket.requester else ""


def _contact_first_name(facts: placeholders.Facts) -> str:
    return _contact(facts).partition(" ")[0]


def _register_placeholders() -> None:
    known = (
        ("ticket", _("ticket number"), _ticket_number, "1042"),
        ("subject", _("subject of the ticket"), _subject, _("VPN drops every hour")),
        ("contact", _("name of the customer"), _contact, "Carl Jansen"),
        ("contact_first_name", _("first name of the customer"), _contact_first_name, "Carl"),
    )
    for name, label, value, example in known:
        placeholders.register(name, placeholders.Placeholder(label, value, example))


def _register_ties() -> None:
    known = {
        "tickets": Tie(Ticket, "requester", lambda count: ngettext("%d ticket", "%d tickets", count) % count),
        "items": Tie(
            Item,
            "contact",
            lambda count: ngettext("%d message in tickets", "%d messages in tickets", count) % count,
        ),
        "incidents": Tie(
            IncidentJoin,
            "contact",
            lambda count: ngettext("%d incident to be told of", "%d incidents to be told of", count) % count,
        ),
    }
    for order, (key, tie) in enumerate(known.items(), 10):
        registry.ties.register(key, tie, order)


def _stays_with_tickets(*, organisation: Organisation) -> None:
    if Ticket.objects.filter(organisation=organisation).exists():
        raise Conflict(_("Tickets belong to this organisation."), code="needed")


def register() -> None:
    """Called once when the program starts."""
    _register_ties()
    _register_placeholders()
    telling.register()
    registry.panels("home.side").register("mentions", my_mentions, order=10)
    roles = frozenset(access.READERS)
    registry.navigation.register(
        "tickets",
        registry.NavItem(_("Tickets"), "tickets:list", "ticket", roles, badge=mine),
        order=20,
    )
    registry.navigation.register(
        "incidents",
        registry.NavItem(
            _("Incidents"), "tickets:incidents", "alert-triangle", frozenset(access.INCIDENT_READERS)
        ),
        order=30,
    )
    registry.panels("desk.main").register("categories", desk_categories, order=10)
    registry.panels("contact.main").register("tickets", contact_tickets, order=10)
    registry.panels("organisation.main").register("tickets", organisation_tickets, order=10)
    registry.panels("contact.history").register("tickets", past_tickets, order=10)
    registry.on(HOOK_CONTACT_MADE_FOR, set_requester)
    registry.on(HOOK_CONTACT_CHANGED, rebuilding.follow_contact)
    registry.on(HOOK_ORGANISATION_RENAMED, rebuilding.follow_organisation)
    registry.on(HOOK_ORGANISATION_LEAVES, _stays_with_tickets)
    duty = registry.Periodic("index tickets", _INDEX_EVERY_S, rebuilding.fill_gaps)
    registry.periodic.register("index_tickets", duty)
    left_over = registry.Periodic("bulk changes", bulk_jobs.SWEEP_EVERY_S, bulk_jobs.sweep)
    registry.periodic.register("bulk_changes", left_over)
    reminder = registry.Periodic("remind of tasks", reminding.EVERY_S, reminding.duty)
    registry.periodic.register("remind_of_tasks", reminder)
    registry.on(HOOK_STOCK, setup_actions.stock)
