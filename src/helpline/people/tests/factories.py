"""People for tests: desks and the cast that works at them."""

from datetime import UTC, datetime

import factory

from helpline.core.access import Actor, Role
from helpline.people.access import actor_for
from helpline.people.models import Desk, Presence, RoleGrant, Skill, Team, User

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class DeskFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Desk
        django_get_or_create = ("key",)

    key = "acme"
    name = "Acme IT Help Desk"


class UserFactory(factory.django.DjangoModelFactory):
    """A person who is offline. `roles=[(desk, Role.AGENT), ...]` gives them work."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"agent{number}")
    first_name = factory.LazyAttribute(lambda user: user.username.capitalize())

    @factory.post_generation
    def roles(self, create, extracted, **kwargs):
        Presence.objects.create(user=self, since=NOW)
        for desk, role in extracted or ():
            RoleGrant.objects.create(user=self, desk=desk, role=role)


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team

    desk = factory.SubFactory(DeskFactory)
    key = factory.Sequence(lambda number: f"team-{number}")
    name = factory.LazyAttribute(lambda team: team.key.capitalize())


class SkillFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Skill

    key = factory.Sequence(lambda number: f"skill-{number}")
    name = factory.LazyAttribute(lambda skill: skill.key)


def person(username: str, *roles: Role, desk: Desk | None = None) -> User:
    """Somebody who holds the roles at a desk (Acme by default)."""
    at = desk or DeskFactory()
    return UserFactory(username=username, roles=[(at, role) for role in roles])


def actor(username: str, *roles: Role, desk: Desk | None = None) -> Actor:
    """The same as an actor."""
    return actor_for(person(username, *roles, desk=desk))
