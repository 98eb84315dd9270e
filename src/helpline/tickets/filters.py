"""What a list of tickets may be narrowed by."""

from dataclasses import dataclass, fields
from typing import Self

from django.db.models import Q, QuerySet
from django.http import QueryDict

from helpline.core import conditions, registry
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.conditions import Asking, Tree
from helpline.tickets.condition_fields import ABOUT, LIVE, read_id
from helpline.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Filters:
    """Each empty field narrows nothing. Ids as text, as a query string has them.

    status: a kind, the key of an own one, "live" (all that still need somebody) or "any"; assignee: "me", "none" or a user id.
    """

    status: str = "live"
    desk: str = ""
    team: str = ""
    assignee: str = ""
    priority: str = ""
    category: str = ""
    incident: str = ""
    tag: str = ""
    text: str = ""
    #: who asked, and for whom; lists of one of them are reached from their page, and are no views
    contact: str = ""
    organisation: str = ""

    @classmethod
    def read(cls, query: QueryDict, status: str = "live") -> Self:
        """From a query string; unknown names are ignored, long values cut. `status` when none is given."""
        given = {one.name: query.get(one.name, one.default) for one in fields(cls)}
        given["status"] = query.get("status") or status
        return cls(**{name: str(value)[:120].strip() for name, value in given.items()})

    def narrowed_from(self, status: str) -> bool:
        """True when anything but the usual, with this status, is asked for."""
        return self != type(self)(status=status)

    @property
    def narrowed(self) -> bool:
        """True when anything but the usual is asked for."""
        return self.narrowed_from("live")

    @property
    def of_somebody(self) -> bool:
        """True for the list of one person or organisation."""
        return bool(self.contact or self.organisation)

    def tree(self) -> Tree:
        """The same as conditions, fit to be saved as a view, but for whom it is of."""
        found: list[Tree] = []
        if self.status != "any":
            found.append(_is("status", self.status or LIVE))
        if self.assignee == "none":
            found.append({"field": "assignee", "operator": "is_empty"})
        elif self.assignee:
            found.append(_is("assignee", self.assignee))
        found += [_is(name, getattr(self, name)) for name in _CHOSEN if getattr(self, name)]
        if text := self.text.strip():
            found.append({"field": "words", "operator": "contains", "value": text})
        return {"all": found}


_CHOSEN = ("desk", "team", "priority", "category", "incident", "tag")


def _is(field: str, value: str) -> Tree:
    return {"field": field, "operator": "is", "value": [value]}


def fitting(actor: Actor, tree: Tree, clock: Clock = SYSTEM_CLOCK) -> Q:
    """The tickets that conditions mean for who asks. Raises Invalid for what cannot be asked."""
    return conditions.as_q(tree, registry.conditions(ABOUT), Asking(actor, clock.now()))


def apply(tickets: QuerySet[Ticket], filters: Filters, actor: Actor) -> QuerySet[Ticket]:
    """The tickets that fit. Raises Invalid for a value that cannot be one."""
    found = tickets.filter(fitting(actor, filters.tree()))
    if filters.contact:
        found = found.filter(requester_id=read_id(filters.contact))
    if filters.organisation:
        found = found.filter(organisation_id=read_id(filters.organisation))
    return found
