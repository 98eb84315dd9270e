"""A plausible desk to look at and to play with: people, numbers, customers, and sixty days of calls and tickets.

Rows of the past are written in bulk, past the actions of the rooms: nobody did these things, so there is no
audit of them and no event that would wake somebody.
"""

from datetime import timedelta
from pathlib import Path
from random import Random

from django.conf import settings
from django.db import transaction

from helpline.acd.models import FrontEndMessage
from helpline.conf.demo import (
    articles,
    callers,
    cast,
    past_calls,
    past_runs,
    past_tickets,
    phone_plan,
    problems,
    sorting,
    sounds,
    spoken,
)
from helpline.conf.demo.plan import SEED, Planner
from helpline.core.access import SYSTEM
from helpline.core.clock import Clock
from helpline.customers.models import Contact
from helpline.mail.actions import SendingFacts, TrustSettings, create_mailbox, set_sending, set_trust
from helpline.mail.models import MailboxKind
from helpline.people.models import Desk
from helpline.tickets.models import LIVE_KINDS, Incident, IncidentJoin, IncidentState, Ticket

MARK = "acme"


def load(clock: Clock) -> str:
    """Load the demo once; a line for the terminal. Doing it again changes nothing."""
    if Desk.objects.filter(key=MARK).exists():
        return "The demo is loaded already."
    folder = Path(settings.MEDIA_ROOT) / "recordings"
    kept = sounds.make(folder)
    with transaction.atomic():
        house = cast.enter(clock)
        priorities, categories = problems.sort_words(house, clock)
        tags = sorting.make(house, priorities, clock)
        phones = phone_plan.lay(house, categories)
        versions = past_runs.publish(house, clock)
        contacts = callers.settle(house, clock)
        _mailbox(house, clock)
        articles.write(house, clock)
        plan = Planner(clock.now(), contacts).plan()
        rng = Random(SEED + 1)  # plausible, not secret
        shelf = past_tickets.Shelf(house, priorities, categories)
        tickets = past_tickets.write(plan, shelf, clock.now(), rng)
        sorting.put_on(tickets, tags)
        past_calls.write(plan, house, phones)
        past_runs.write(plan, tickets, house, versions, rng)
        past_runs.record(plan, kept, clock.now())
        _incidents(house, contacts, tickets, clock)
    return _summary(len(contacts), len(tickets))


def _mailbox(house: cast.House, clock: Clock) -> None:
    """Where people write to the Acme IT Help Desk; it says by itself that their mail is here.

    Its mail comes by our own door. It asks no name server about senders: nothing of the demo leaves this machine.
    """
    acme = house.desks["acme"]
    support = create_mailbox(
        SYSTEM, acme, "support", "support@desk.example", kind=MailboxKind.SMTP, clock=clock
    )
    set_trust(SYSTEM, support, TrustSettings(asks_dns=False, junk_from=support.junk_from), clock=clock)
    set_sending(SYSTEM, support, SendingFacts(plus=True, auto_reply=True), clock=clock)


def _incidents(house: cast.House, contacts: list[Contact], tickets: list[Ticket], clock: Clock) -> None:
    """One that was fixed last week, and one open now with its front-end message written but off."""
    acme, now = house.desks["acme"], clock.now()
    Incident.objects.create(
        desk=acme,
        title="Mail delayed by up to an hour",
        state=IncidentState.FIXED,
        workaround="Urgent? Call, or use the chat.",
        declared_at=now - timedelta(days=8, hours=3),
        declared_by=house.users["lena"],
        fixed_at=now - timedelta(days=8),
    )
    down = Incident.objects.create(
        desk=acme,
        title="VPN gateway Utrecht",
        workaround="Choose the gateway Berlin in the list of the VPN program.",
        declared_at=now - timedelta(hours=2),
        declared_by=house.users["lena"],
    )
    hit = [
        ticket.pk
        for ticket in tickets
        if ticket.status in LIVE_KINDS and ticket.desk_id == acme.pk and "VPN" in ticket.subject
    ]
    Ticket.objects.filter(pk__in=hit).update(incident=down)
    IncidentJoin.objects.bulk_create(
        IncidentJoin(
            incident=down,
            contact=contact,
            number=contact.numbers.all()[0].e164,
            at=now - timedelta(minutes=20 * place),
        )
        for place, contact in enumerate(contacts[1:4], 1)
    )
    FrontEndMessage.objects.create(desk=acme, incident=down, text=spoken.OUTAGE, on=False)


def _summary(contacts: int, tickets: int) -> str:
    return (
        f"The demo is loaded: 2 desks, {contacts} customers, {tickets} tickets.\n"
        f"Sign in as ada, ben (level 1), sven (level 2) or lena (lead); the password is “{cast.PASSWORD}”.\n"
        "Dial 100 for the Acme IT Help Desk, 200 for Globex Support; telephones use the same names and password."
    )
