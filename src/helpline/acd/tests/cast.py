"""The desk of the call stories: Ada and Ben answer, Sven knows more, Lena leads; Carl calls 100 about his VPN."""

from dataclasses import dataclass

from helpline.acd.models import (
    Disposition,
    EntryPoint,
    MenuChoice,
    Queue,
    QueueRequirement,
    Tip,
)
from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SYSTEM as NOW
from helpline.customers.models import Contact, PhoneNumber
from helpline.people import actions as people
from helpline.people.models import AgentSkill, BusyReason, Desk, RoleGrant, Skill, User
from helpline.tickets.models import Priority

PASSWORD = "pine-apple"


@dataclass
class Cast:
    """Acme's desk with one menu and two queues, and a second desk that must stay a stranger."""

    acme: Desk
    globex: Desk
    vpn: Queue
    general: Queue
    entry: EntryPoint
    ada: User
    ben: User
    sven: User
    lena: User
    greta: User
    carl: Contact


def person(username: str, desk: Desk, *roles: Role, **skills: int) -> User:
    """Somebody with a phone account and the skills."""
    user = people.create_user(
        SYSTEM, username, password=PASSWORD, first_name=username.title(), phone_password=PASSWORD
    )
    for role in roles:
        RoleGrant.objects.create(user=user, desk=desk, role=role)
    for key, level in skills.items():
        skill, _ = Skill.objects.get_or_create(key=key, defaults={"name": key})
        AgentSkill.objects.create(user=user, skill=skill, level=level)
    return user


def queue(desk: Desk, key: str, skill: str, **fields: object) -> Queue:
    """A queue that asks for a skill at level 50, after ten minutes for level 1."""
    row = Queue.objects.create(desk=desk, key=key, name=key.title(), **fields)
    needed, _ = Skill.objects.get_or_create(key=skill, defaults={"name": skill})
    QueueRequirement.objects.create(queue=row, after_s=0, skill=needed, min_level=50)
    QueueRequirement.objects.create(queue=row, after_s=600, skill=needed, min_level=1)
    return row


def make_cast(*, wrap_up_s: int = 3, ring_timeout_s: int = 4, greeting: str = "") -> Cast:
    """Everybody offline, nobody calling."""
    acme = Desk.objects.create(key="acme", name="Acme IT Help Desk")
    globex = Desk.objects.create(key="globex", name="Globex Support")
    Priority.objects.get_or_create(key="regular", defaults={"label": "Regular", "rank": 1})
    BusyReason.objects.create(desk=acme, key="break", label="Break")
    Disposition.objects.create(desk=acme, key="solved", label="Solved")
    times = {"wrap_up_s": wrap_up_s, "ring_timeout_s": ring_timeout_s}
    vpn = queue(acme, "vpn", "network", **times)
    general = queue(acme, "general", "desktop", **times)
    Tip.objects.create(queue=vpn, text={"en": "Most connections return after a restart."})
    entry = EntryPoint.objects.create(
        desk=acme,
        number="100",
        name="Help desk",
        greeting={"en": greeting} if greeting else {},
        menu_prompt={"en": "For the network press 1."},
        menu_timeout_s=2,
        menu_retries=0,
        queue=general,
    )
    MenuChoice.objects.create(entry_point=entry, key="1", label="VPN", queue=vpn, skills={})
    carl = Contact.objects.create(desk=acme, name="Carl Jansen", user_id="c-17", created_at=NOW.now())
    PhoneNumber.objects.create(contact=carl, e164="+31305550199")
    return Cast(
        acme=acme,
        globex=globex,
        vpn=vpn,
        general=general,
        entry=entry,
        ada=person("ada", acme, Role.AGENT, network=60, desktop=60),
        ben=person("ben", acme, Role.AGENT, desktop=60),
        sven=person("sven", acme, Role.SPECIALIST, network=90),
        lena=person("lena", acme, Role.LEAD),
        greta=person("greta", globex, Role.AGENT, network=90),
        carl=carl,
    )
