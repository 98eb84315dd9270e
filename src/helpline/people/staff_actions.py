"""Who does what where: roles, teams, skills."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox
from helpline.core.access import Actor, Role, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.core.keys import free_key
from helpline.people import events
from helpline.people.models import AgentSkill, Desk, RoleGrant, Skill, Team, User


@transaction.atomic
def grant(actor: Actor, user: User, desk: Desk, role: Role, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Give a person a role at a desk; giving it twice changes nothing."""
    require(actor, desk.pk, Role.DESK_ADMIN)
    _row, made = RoleGrant.objects.get_or_create(user=user, desk=desk, role=role)
    if made:
        audit.record(
            actor, "grant", "user", user.pk, desk_id=desk.pk, changes={"role": str(role)}, clock=clock
        )
        _changed(user, desk, clock)


@transaction.atomic
def revoke(actor: Actor, user: User, desk: Desk, role: Role, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a role away. Raises Conflict for the last administrator of a desk."""
    require(actor, desk.pk, Role.DESK_ADMIN)
    if role == Role.DESK_ADMIN and not _other_admins(user, desk):
        raise Conflict(_("A desk needs an administrator."), help=_("Make somebody else administrator first."))
    gone, _rows = RoleGrant.objects.filter(user=user, desk=desk, role=role).delete()
    if gone:
        audit.record(
            actor, "revoke", "user", user.pk, desk_id=desk.pk, changes={"role": str(role)}, clock=clock
        )
        _changed(user, desk, clock)


def _other_admins(user: User, desk: Desk) -> bool:
    admins = RoleGrant.objects.filter(desk=desk, role=Role.DESK_ADMIN, user__is_active=True)
    return admins.exclude(user=user).exists()


@transaction.atomic
def set_roles(
    actor: Actor, user: User, desk: Desk, roles: Iterable[Role], *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Make `roles` exactly what the person holds at the desk."""
    wanted = set(roles)
    held = {Role(role) for role in user.grants.filter(desk=desk).values_list("role", flat=True)}
    for role in sorted(wanted - held):
        grant(actor, user, desk, role, clock=clock)
    for role in sorted(held - wanted):
        revoke(actor, user, desk, role, clock=clock)


@transaction.atomic
def set_skill(actor: Actor, user: User, skill: Skill, level: int, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Set how well a person masters a skill, 1 to 100; 0 takes it away."""
    require(actor, None, Role.DESK_ADMIN, Role.PHONE_ADMIN, Role.LEAD)
    if not 0 <= level <= 100:
        raise Invalid(_("A skill level is a number from 0 to 100."), code="level")
    if level:
        AgentSkill.objects.update_or_create(user=user, skill=skill, defaults={"level": level})
    else:
        AgentSkill.objects.filter(user=user, skill=skill).delete()
    audit.record(actor, "set_skill", "user", user.pk, changes={skill.key: level}, clock=clock)
    _changed(user, None, clock)


@transaction.atomic
def create_skill(actor: Actor, name: str, *, clock: Clock = SYSTEM_CLOCK) -> Skill:
    """The skill of this name, made when nobody has asked for it before. Raises Invalid without a name."""
    require(actor, None, Role.DESK_ADMIN, Role.PHONE_ADMIN)
    words = name.strip()
    if not words:
        raise Invalid(_("A skill needs a name."), code="skill")
    known = Skill.objects.filter(name__iexact=words).first() or Skill.objects.filter(key=words).first()
    if known:
        return known
    key = free_key(words, "skill", set(Skill.objects.values_list("key", flat=True)))
    skill = Skill.objects.create(key=key, name=words[:80])
    audit.record(actor, "create", "skill", skill.pk, changes={"name": skill.name}, clock=clock)
    return skill


@transaction.atomic
def create_team(
    actor: Actor,
    desk: Desk,
    name: str,
    *,
    tier: int = 1,
    members: Iterable[User] = (),
    clock: Clock = SYSTEM_CLOCK,
) -> Team:
    """Make a team at a desk. Raises Conflict when the desk has one of that name."""
    require(actor, desk.pk, Role.DESK_ADMIN)
    if Team.objects.filter(desk=desk, name__iexact=name).exists():
        raise Conflict(_("The desk has a team of this name."))
    key = free_key(name, "team", set(desk.teams.values_list("key", flat=True)))
    team = Team.objects.create(desk=desk, key=key, name=name, tier=tier)
    team.members.set(members)
    audit.record(actor, "create_team", "team", team.pk, desk_id=desk.pk, changes={"name": name}, clock=clock)
    return team


def _changed(user: User, desk: Desk | None, clock: Clock) -> None:
    outbox.emit(
        events.USER_CHANGED,
        desk_id=desk.pk if desk else None,
        topics=events.user_topics(user.pk),
        data={"user_id": user.pk},
        clock=clock,
    )
