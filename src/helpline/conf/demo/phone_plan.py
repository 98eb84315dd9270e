"""How callers of the demo come in: numbers, menus, queues, what they ask of agents."""

from dataclasses import dataclass

from helpline.acd import actions
from helpline.acd.models import Disposition, EntryPoint, MenuChoice, Queue, QueueRequirement, Tip
from helpline.conf.demo import spoken
from helpline.conf.demo.cast import House
from helpline.people.models import Desk, Skill
from helpline.tickets.models import Category

#: key -> (desk, name, ((after seconds, skill, level), ...))
QUEUES: dict[str, tuple[str, str, tuple[tuple[int, str, int], ...]]] = {
    "acme-network": (
        "acme",
        "Acme: network and VPN",
        ((0, "first-line", 1), (0, "vpn", 30), (45, "vpn", 0), (90, "first-line", 0)),
    ),
    "acme-hardware": (
        "acme",
        "Acme: hardware",
        ((0, "first-line", 1), (0, "hardware", 30), (45, "hardware", 0), (90, "first-line", 0)),
    ),
    "acme-accounts": ("acme", "Acme: passwords and accounts", ((0, "first-line", 1), (60, "first-line", 0))),
    "acme-general": ("acme", "Acme: anything else", ((0, "first-line", 1), (90, "first-line", 0))),
    "globex-portal": (
        "globex",
        "Globex: order portal",
        ((0, "first-line", 1), (0, "applications", 30), (45, "applications", 0), (90, "first-line", 0)),
    ),
    "globex-general": ("globex", "Globex: anything else", ((0, "first-line", 1), (90, "first-line", 0))),
}

#: entry point -> key -> (label, queue, category path)
MENUS = {
    "100": {
        "1": ("Network or VPN", "acme-network", "Network > VPN"),
        "2": ("Hardware", "acme-hardware", "Hardware"),
        "3": ("Passwords and accounts", "acme-accounts", "Accounts > Password"),
        "0": ("Anything else", "acme-general", ""),
    },
    "200": {
        "1": ("Order portal", "globex-portal", "Order portal"),
        "0": ("Anything else", "globex-general", ""),
    },
}


@dataclass(frozen=True, slots=True)
class Phones:
    """What was made, by key or number."""

    queues: dict[str, Queue]
    entry_points: dict[str, EntryPoint]
    #: (entry point number, key)
    choices: dict[tuple[str, str], MenuChoice]
    #: (desk key, disposition key)
    dispositions: dict[tuple[str, str], Disposition]


def lay(house: House, categories: dict[tuple[str, str], Category]) -> Phones:
    """Make queues, entry points, menus, tips and dispositions. `categories`: (desk key, path) -> row."""
    queues = {key: _queue(key, house) for key in QUEUES}
    entry_points = {
        "100": _entry("100", house.desks["acme"], queues["acme-general"], spoken.ACME_MENU),
        "200": _entry("200", house.desks["globex"], queues["globex-general"], spoken.GLOBEX_MENU),
    }
    choices = {
        (number, key): MenuChoice.objects.create(
            entry_point=entry_points[number],
            key=key,
            label=label,
            queue=queues[queue],
            category=categories.get((entry_points[number].desk.key, path)),
        )
        for number, menu in MENUS.items()
        for key, (label, queue, path) in menu.items()
    }
    dispositions = {
        (desk.key, row.key): row for desk in house.desks.values() for row in actions.give_dispositions(desk)
    }
    return Phones(queues, entry_points, choices, dispositions)


def _queue(key: str, house: House) -> Queue:
    desk, name, requirements = QUEUES[key]
    queue = Queue.objects.create(desk=house.desks[desk], key=key, name=name)
    QueueRequirement.objects.bulk_create(_requirement(queue, house.skills, *one) for one in requirements)
    tips = (spoken.TIP_PASSWORD, spoken.TIP_RESTART, spoken.TIP_TAG)
    Tip.objects.bulk_create(Tip(queue=queue, order=order, text=text) for order, text in enumerate(tips, 1))
    return queue


def _requirement(
    queue: Queue, skills: dict[str, Skill], after_s: int, skill: str, level: int
) -> QueueRequirement:
    return QueueRequirement(queue=queue, after_s=after_s, skill=skills[skill], min_level=level)


def _entry(number: str, desk: Desk, queue: Queue, menu: spoken.Texts) -> EntryPoint:
    return EntryPoint.objects.create(
        desk=desk, number=number, name=desk.name, greeting=spoken.GREETING, menu_prompt=menu, queue=queue
    )
