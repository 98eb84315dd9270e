"""The people of the demo: who works where, in which team, and what they know."""

from dataclasses import dataclass

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import Clock
from helpline.people import actions
from helpline.people.models import Desk, Skill, Team, User

PASSWORD = "helpline"

DESKS = (
    ("acme", "Acme IT Help Desk", "Europe/Amsterdam", "NL"),
    ("globex", "Globex Support", "Europe/Berlin", "DE"),
)

SKILLS = {
    "first-line": "First line",
    "english": "English",
    "dutch": "Dutch",
    "german": "German",
    "vpn": "VPN and network",
    "hardware": "Hardware",
    "accounts": "Passwords and accounts",
    "applications": "Applications",
}

TEAMS = (("Service Desk", 1), ("Network", 2), ("Applications", 2))


@dataclass(frozen=True, slots=True)
class Part:
    """One person of the cast. `skills`: key -> level."""

    username: str
    first_name: str
    last_name: str
    roles: tuple[Role, ...]
    teams: tuple[str, ...]
    skills: dict[str, int]


CAST = (
    Part(
        "ada",
        "Ada",
        "Vermeer",
        (Role.AGENT,),
        ("Service Desk",),
        {
            "first-line": 80,
            "english": 90,
            "dutch": 95,
            "vpn": 60,
            "hardware": 40,
            "accounts": 70,
            "applications": 40,
        },
    ),
    Part(
        "ben",
        "Ben",
        "Hartmann",
        (Role.AGENT,),
        ("Service Desk",),
        {
            "first-line": 80,
            "english": 80,
            "german": 95,
            "vpn": 40,
            "hardware": 80,
            "accounts": 60,
            "applications": 50,
        },
    ),
    Part(
        "sven",
        "Sven",
        "Lindqvist",
        (Role.SPECIALIST,),
        ("Network", "Applications"),
        {"english": 90, "german": 40, "vpn": 95, "hardware": 70, "applications": 75},
    ),
    Part(
        "lena",
        "Lena",
        "de Wit",
        (Role.LEAD, Role.DESK_ADMIN, Role.PHONE_ADMIN),
        ("Service Desk",),
        {"english": 90, "dutch": 95, "accounts": 80},
    ),
)


@dataclass(frozen=True, slots=True)
class House:
    """Desks, people and teams of the demo by key."""

    desks: dict[str, Desk]
    users: dict[str, User]
    #: (desk key, team name) -> team
    teams: dict[tuple[str, str], Team]
    skills: dict[str, Skill]


def enter(clock: Clock) -> House:
    """Make the desks and everybody who works at them."""
    desks = {
        key: Desk.objects.create(key=key, name=name, timezone=zone, country=country)
        for key, name, zone, country in DESKS
    }
    skills = {key: Skill.objects.create(key=key, name=name) for key, name in SKILLS.items()}
    users = {part.username: _person(part, desks, skills, clock) for part in CAST}
    teams = {
        (desk.key, name): actions.create_team(
            SYSTEM,
            desk,
            name,
            tier=tier,
            members=[users[part.username] for part in CAST if name in part.teams],
            clock=clock,
        )
        for desk in desks.values()
        for name, tier in TEAMS
    }
    for desk in desks.values():
        actions.give_busy_reasons(desk)
    return House(desks, users, teams, skills)


def _person(part: Part, desks: dict[str, Desk], skills: dict[str, Skill], clock: Clock) -> User:
    user = actions.create_user(
        SYSTEM,
        part.username,
        password=PASSWORD,
        first_name=part.first_name,
        last_name=part.last_name,
        phone_password=PASSWORD,
        clock=clock,
    )
    for desk in desks.values():
        for role in part.roles:
            actions.grant(SYSTEM, user, desk, role, clock=clock)
    for key, level in part.skills.items():
        actions.set_skill(SYSTEM, user, skills[key], level, clock=clock)
    return user
