"""Readers of this room."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from helpline.core.access import WORKERS, Actor
from helpline.core.together import together
from helpline.people import accounts
from helpline.people.models import (
    AgentSkill,
    ApiToken,
    BusyReason,
    Desk,
    PhoneAccount,
    Presence,
    PresenceState,
    RoleGrant,
    Skill,
    Team,
    User,
)


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who answers calls, as lists and boards show them. Times UTC."""

    user_id: int
    username: str
    name: str
    state: str
    reason: str
    since: datetime | None
    until: datetime | None
    #: what the agent asked for while on a call, taken afterwards
    next_state: str
    call_id: UUID | None
    phone_ready_at: datetime | None
    #: names of the teams
    teams: tuple[str, ...]
    #: the lowest tier of the teams; 1 without a team
    tier: int
    #: skill key -> level
    skills: dict[str, int]


@dataclass(frozen=True, slots=True)
class AgentRows:
    """The rows that tell of agents, not read yet; `core.together` may read them with others in one question."""

    users: QuerySet[User]
    teams: QuerySet[Any]
    skills: QuerySet[AgentSkill]

    @property
    def asked(self) -> tuple[QuerySet[Any], ...]:
        return self.users, self.teams, self.skills

    def agents(self) -> list[Agent]:
        """The agents by name, after the rows were read."""
        teams: dict[int, list[Team]] = defaultdict(list)
        for place in self.teams:
            teams[place.user_id].append(place.team)
        skills: dict[int, dict[str, int]] = defaultdict(dict)
        for row in self.skills:
            skills[row.user_id][row.skill.key] = row.level
        return [_agent(user, teams[user.pk], skills[user.pk]) for user in self.users]


def agent_rows(desk_ids: Iterable[int]) -> AgentRows:
    """Active agents, specialists and leads of the desks."""
    at_work = members_of_desk(desk_ids)
    people = at_work.order_by().values("pk")
    return AgentRows(
        users=at_work.select_related("presence"),
        teams=Team.members.through.objects.filter(user__in=people).select_related("team").order_by("pk"),
        skills=AgentSkill.objects.filter(user__in=people).select_related("skill").order_by("pk"),
    )


def agents(desk_ids: Iterable[int]) -> list[Agent]:
    """Active agents, specialists and leads of the desks, by name; one query."""
    rows = agent_rows(desk_ids)
    together(*rows.asked)
    return rows.agents()


def _agent(user: User, teams: Sequence[Team], skills: dict[str, int]) -> Agent:
    here = getattr(user, "presence", None)
    return Agent(
        user_id=user.pk,
        username=user.username,
        name=user.display_name,
        state=here.state if here else PresenceState.OFFLINE,
        reason=here.reason if here else "",
        since=here.since if here else None,
        until=here.until if here else None,
        next_state=here.next_state if here else "",
        call_id=here.call_id if here else None,
        phone_ready_at=here.phone_ready_at if here else None,
        teams=tuple(team.name for team in teams),
        tier=min((team.tier for team in teams), default=1),
        skills=skills,
    )


def agent(username: str) -> User | None:
    """An active user by name."""
    return User.objects.filter(username=username, is_active=True).first()


def user_by_token(text: str) -> User | None:
    """Whose token this is; None when it is wrong, revoked, or its owner is locked out."""
    token = (
        ApiToken.objects.filter(digest=accounts.digest(text), revoked_at=None, user__is_active=True)
        .select_related("user")
        .first()
    )
    return token.user if token else None


def in_hand(user_id: int | None) -> QuerySet[Presence]:
    """Where an agent is, when they talk in a call, hold it or wrap it up now; no row otherwise."""
    return Presence.objects.filter(user_id=user_id or 0, call_id__isnull=False)


def phone_account(user: User) -> PhoneAccount | None:
    """The user's SIP account, if any."""
    return PhoneAccount.objects.filter(user=user).first()


def phone_accounts() -> QuerySet[PhoneAccount]:
    """SIP accounts of all active users, by name."""
    return PhoneAccount.objects.filter(user__is_active=True).select_related("user").order_by("username")


def needs_setup() -> bool:
    """True while there is no user at all."""
    return not User.objects.exists()


def teams(desk_ids: Iterable[int]) -> QuerySet[Team]:
    """Teams of the desks, tier first."""
    return Team.objects.filter(desk__in=list(desk_ids)).order_by("tier", "name")


def members_of_desk(desk_ids: Iterable[int]) -> QuerySet[User]:
    """Active workers of the desks, to assign tickets to."""
    return (
        User.objects.filter(is_active=True, grants__desk__in=list(desk_ids), grants__role__in=sorted(WORKERS))
        .distinct()
        .order_by("first_name", "username")
    )


def reason_rows(actor: Actor) -> QuerySet[BusyReason]:
    """Busy reasons of the actor's desks; a key may come once a desk."""
    return BusyReason.objects.filter(desk__in=actor.desk_ids).order_by("id")


def busy_reasons(rows: Iterable[BusyReason]) -> list[BusyReason]:
    """The reasons an agent may give, each key once, of those of their desks."""
    return list({row.key: row for row in reversed(list(rows))}.values())[::-1]


@dataclass(frozen=True, slots=True)
class SkillRow:
    """A line of the skills matrix: a person and a level (0: none) per skill, in the order of the skills."""

    user: User
    levels: tuple[tuple[Skill, int], ...]


def skills_matrix(users: Sequence[User]) -> tuple[list[Skill], list[SkillRow]]:
    """All skills by name, and a row per user; two queries."""
    skills = list(Skill.objects.order_by("name"))
    held = {
        (user_id, skill_id): level
        for user_id, skill_id, level in AgentSkill.objects.filter(user__in=users).values_list(
            "user_id", "skill_id", "level"
        )
    }
    rows = [
        SkillRow(user, tuple((skill, held.get((user.pk, skill.pk), 0)) for skill in skills)) for user in users
    ]
    return skills, rows


def first_desk(actor: Actor) -> Desk | None:
    """The desk a form starts with: the first by name of the actor's."""
    return Desk.objects.filter(pk__in=actor.desk_ids).order_by("name").first()


def desk_ids() -> list[int]:
    """All desks, the oldest first."""
    return list(Desk.objects.order_by("pk").values_list("pk", flat=True))


def desk_of_phone(username: str) -> int | None:
    """The first desk of whoever has this phone account; None when it is nobody's."""
    grants = RoleGrant.objects.filter(user__phone_account__username=username)
    return grants.order_by("desk_id").values_list("desk_id", flat=True).first()
