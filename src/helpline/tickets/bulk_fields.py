"""What can be changed of many tickets at once: how a value is kept in rows, chosen on pages and said to people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor
from helpline.core.conditions import Option
from helpline.core.errors import Invalid
from helpline.people import queries as people
from helpline.people.models import RoleGrant, Team, User
from helpline.tickets import access, statuses
from helpline.tickets.change_fields import LABELS
from helpline.tickets.models import Category, Priority, Tag, Ticket

#: as JSON keeps it: a key or an id, None for nothing
Raw = str | int | None
#: posted for "nothing" and for who posts
NOTHING, ME = "none", "me"
#: a tag given, one taken
TAG, UNTAG = "tag_added", "tag_removed"


@dataclass(frozen=True, slots=True)
class BulkField:
    """A field of tickets.actions.change.

    attribute: where a ticket holds the raw value. model: of what the raw value is the id; None for plain ones.
    optional: it may become nothing.
    """

    key: str
    attribute: str
    choices: Callable[[Actor], list[Option]]
    model: type[Model] | None = None
    optional: bool = False

    @property
    def label(self) -> str:
        return str(LABELS[self.key])

    def raw(self, ticket: Ticket, wanted: Raw = None) -> Raw:
        """What the ticket has now; `wanted` is what it shall have."""
        if self.key == "status":
            return statuses.status_key(ticket)
        found: Raw = getattr(ticket, self.attribute)
        return found

    def value(self, raw: Raw) -> Any:
        """What `actions.change` takes. Raises Invalid when the row is gone."""
        if self.model is None or raw is None:
            return raw
        found = self.model._default_manager.filter(pk=raw).first()
        if found is None:
            raise Invalid(f"{self.label}: {_('There is no such choice any more.')}", code="choice")
        return found

    def read(self, actor: Actor, given: str) -> Raw:
        """A posted choice as raw value. Raises Invalid for one that is not among the choices."""
        if self.optional and given == NOTHING:
            return None
        if given == ME and self.key == "assignee":
            return actor.user_id
        if given not in dict(self.choices(actor)):
            raise Invalid(f"{self.label}: {_('Choose from the list.')}", code="choice")
        return int(given) if self.model else given


@dataclass(frozen=True, slots=True)
class TagField(BulkField):
    """A tag that a ticket shall have, or not; tickets.actions.tag_ticket writes it.

    The raw value is the tag when the ticket is as wanted, None when it is not yet.
    """

    gives: bool = True

    def raw(self, ticket: Ticket, wanted: Raw = None) -> Raw:
        has = any(tag.pk == wanted for tag in ticket.tags.all())
        return wanted if has == self.gives else None


def _desk_name(one: Any, desks: list[int]) -> str:
    return f" · {one.desk.name}" if len(desks) > 1 else ""


def worked(actor: Actor) -> list[int]:
    """Desks where the actor works on tickets."""
    return sorted(pk for pk in actor.desk_ids if actor.may(pk, *access.WRITERS))


def _teams(actor: Actor) -> list[Option]:
    desks = worked(actor)
    found = people.teams(desks).select_related("desk")
    return [(str(one.pk), one.name + _desk_name(one, desks)) for one in found]


def _people(actor: Actor) -> list[Option]:
    return [(str(one.pk), one.display_name) for one in people.members_of_desk(worked(actor))]


def _categories(actor: Actor) -> list[Option]:
    desks = worked(actor)
    found = Category.objects.filter(desk__in=desks).select_related("desk").order_by("path", "desk_id")
    return [(str(one.pk), one.path + _desk_name(one, desks)) for one in found]


def _tags(actor: Actor) -> list[Option]:
    desks = worked(actor)
    found = Tag.objects.filter(desk__in=desks, archived_at=None).select_related("desk")
    return [(str(one.pk), one.path + _desk_name(one, desks)) for one in found.order_by("path", "desk_id")]


def _priorities(_actor: Actor) -> list[Option]:
    return [(str(one.pk), one.label) for one in Priority.objects.order_by("-rank")]


def _statuses(_actor: Actor) -> list[Option]:
    return list(statuses.options(statuses.status_rows()))


FIELDS: Mapping[str, BulkField] = {
    one.key: one
    for one in (
        BulkField("status", "status", _statuses),
        BulkField("assignee", "assignee_id", _people, User, optional=True),
        BulkField("team", "team_id", _teams, Team, optional=True),
        BulkField("priority", "priority_id", _priorities, Priority),
        BulkField("category", "category_id", _categories, Category, optional=True),
        TagField(TAG, "", _tags, Tag),
        TagField(UNTAG, "", _tags, Tag, gives=False),
    )
}


def read(actor: Actor, given: Mapping[str, str]) -> dict[str, Raw]:
    """The changes a form asks for, {field: raw}; what is empty stays. Raises Invalid."""
    return {key: field.read(actor, given[key]) for key, field in FIELDS.items() if given.get(key)}


def about_tags(fields: Mapping[str, Raw]) -> bool:
    """Whether tags of tickets are asked for."""
    return not fields.keys().isdisjoint((TAG, UNTAG))


def values(fields: Mapping[str, Raw]) -> dict[str, Any]:
    """The same as `actions.change` takes it. Raises Invalid when something is gone."""
    return {key: FIELDS[key].value(raw) for key, raw in fields.items()}


def desks_of(fields: Mapping[str, Any]) -> dict[str, frozenset[int]]:
    """Fields (values as of `values`) that fit tickets of certain desks only -> those desks."""
    found = {}
    for key, value in fields.items():
        if isinstance(value, User):
            grants = RoleGrant.objects.filter(user=value).values_list("desk_id", flat=True)
            found[key] = frozenset(grants)
        elif isinstance(value, Team | Category | Tag):
            found[key] = frozenset({value.desk_id})
    return found
