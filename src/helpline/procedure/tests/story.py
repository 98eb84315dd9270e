"""The desk of the stories: Ada, Ben, Sven and Lena at Acme, Greta at Globex, Carl who calls."""

from dataclasses import dataclass
from typing import Any

from helpline.acd.models import Queue, QueueEntry
from helpline.core.access import Actor, Role
from helpline.core.clock import SetClock
from helpline.customers.models import Asset, Contact, Organisation
from helpline.people.access import actor_for
from helpline.people.models import Desk, Presence, PresenceState, RoleGrant, Team, User
from helpline.procedure import actions
from helpline.procedure.models import CallRun
from helpline.telephony.models import Call, CallState, Leg, LegRole, LegState
from helpline.tickets.models import Category, Priority, Ticket


@dataclass
class Story:
    """Two desks and their people; `clock` stands still until told to go on."""

    clock: SetClock
    acme: Desk
    globex: Desk
    vpn: Queue
    ada: User
    ben: User
    sven: User
    lena: User
    greta: User
    carl: Contact
    network: Category
    specialists: Team

    def actor(self, user: User) -> Actor:
        return actor_for(user)

    def call(self, agent: User | None = None, **fields: Any) -> Call:
        """Carl calls Acme and talks with the agent, if one is given."""
        usual = {
            "desk": self.acme,
            "from_number": "+31305550199",
            "to_number": "100",
            "contact": self.carl,
            "queue_key": self.vpn.key,
            "language": "en",
            "agent": agent,
            "state": CallState.TALKING if agent else CallState.QUEUED,
            "started_at": self.clock.now(),
        }
        call = Call.objects.create(**(usual | fields))
        if agent is not None:
            self.leg(call, agent)
        return call

    def leg(self, call: Call, user: User, role: LegRole = LegRole.AGENT) -> Leg:
        """The user is on the line."""
        return Leg.objects.create(
            id=f"{call.pk}-{user.username}",
            call=call,
            role=role,
            user=user,
            state=LegState.UP,
            created_at=self.clock.now(),
            answered_at=self.clock.now(),
        )

    def run(self, agent: User | None = None, **fields: Any) -> CallRun:
        """A call that Ada (or the agent) has answered, with its procedure."""
        agent = agent or self.ada
        call = self.call(agent, **fields)
        QueueEntry.objects.create(
            call=call,
            queue=self.vpn,
            entered_at=self.clock.now(),
            left_at=self.clock.now(),
            category=self.network if call.desk == self.acme else None,
        )
        Presence.objects.filter(user=agent).update(state=PresenceState.TALKING, call_id=call.pk)
        run = actions.begin(call, agent, clock=self.clock)
        assert run is not None
        return run

    def ticket(self, subject: str = "VPN drops every hour", **fields: Any) -> Ticket:
        """A ticket of Carl's."""
        number = 2000 + Ticket.objects.count()
        usual = {
            "number": number,
            "desk": self.acme,
            "subject": subject,
            "requester": self.carl,
            "priority": Priority.objects.get(key="regular"),
            "category": self.network,
            "created_at": self.clock.now(),
            "updated_at": self.clock.now(),
        }
        return Ticket.objects.create(**(usual | fields))

    def asset(self, **fields: Any) -> Asset:
        """Carl's laptop with a licence."""
        usual = {"contact": self.carl, "tag": "A-2231", "kind": "laptop", "licence": "OFFICE-4711"}
        return Asset.objects.create(**(usual | fields))


def tell() -> Story:
    """Put everybody in place; needs the database."""
    clock = SetClock()
    acme = Desk.objects.create(key="acme", name="Acme IT Help Desk")
    globex = Desk.objects.create(key="globex", name="Globex Support", language="nl")
    people = {
        name: _person(name, desk, role, clock)
        for name, desk, role in (
            ("ada", acme, Role.AGENT),
            ("ben", acme, Role.AGENT),
            ("sven", acme, Role.SPECIALIST),
            ("lena", acme, Role.LEAD),
            ("greta", globex, Role.LEAD),
        )
    }
    specialists = Team.objects.create(desk=acme, key="network", name="Network specialists", tier=2)
    organisation = Organisation.objects.create(desk=acme, name="Acme, Utrecht")
    carl = Contact.objects.create(
        desk=acme, organisation=organisation, name="Carl Jansen", user_id="E1001", created_at=clock.now()
    )
    for rank, key in enumerate(("regular", "critical", "outage"), 1):
        Priority.objects.create(key=key, label=key.capitalize(), rank=rank * 10)
    return Story(
        clock=clock,
        acme=acme,
        globex=globex,
        vpn=Queue.objects.create(desk=acme, key="vpn", name="VPN"),
        carl=carl,
        network=Category.objects.create(desk=acme, name="Network", path="Network", team=specialists),
        specialists=specialists,
        **people,
    )


def _person(name: str, desk: Desk, role: Role, clock: SetClock) -> User:
    user = User.objects.create(username=name, first_name=name.capitalize())
    Presence.objects.create(user=user, since=clock.now())
    RoleGrant.objects.create(user=user, desk=desk, role=role)
    return user
