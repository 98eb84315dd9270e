"""The fields of a ticket a person or rule may change, and what a value of each must satisfy."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from helpline.core.errors import Invalid
from helpline.customers.models import Contact
from helpline.people.models import Team, User
from helpline.tickets.models import Category, Incident, Priority, StatusKind, Ticket

Check = Callable[[Ticket, Any], Any]


def _subject(ticket: Ticket, value: Any) -> str:
    text = str(value).strip()
    if not text:
        raise Invalid(_("A ticket needs a subject."), code="subject")
    return text[:250]


def _status(ticket: Ticket, value: Any) -> str:
    if value not in StatusKind.values:
        raise Invalid(_("There is no such status."), code="status")
    return str(value)


def _priority(ticket: Ticket, value: Any) -> Priority:
    if not isinstance(value, Priority):
        raise Invalid(_("There is no such priority."), code="priority")
    return value


def _of_desk(kind: type[Category | Team | Contact | Incident]) -> Check:
    def check(ticket: Ticket, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, kind) or value.desk_id != ticket.desk_id:
            raise Invalid(_("This belongs to another desk."), code="other_desk")
        return value

    return check


def _assignee(ticket: Ticket, value: Any) -> User | None:
    if value is None:
        return None
    if not isinstance(value, User) or not value.grants.filter(desk_id=ticket.desk_id).exists():
        raise Invalid(_("This person does not work at the ticket's desk."), code="other_desk")
    return value


def _tier(ticket: Ticket, value: Any) -> int:
    if not str(value).isdigit() or not 1 <= int(value) <= 9:
        raise Invalid(_("A tier is a number from 1 to 9."), code="tier")
    return int(value)


def _text(ticket: Ticket, value: Any) -> str:
    return str(value or "").strip()[:150]


CHECKS: Mapping[str, Check] = {
    "subject": _subject,
    "category": _of_desk(Category),
    "priority": _priority,
    "status": _status,
    "team": _of_desk(Team),
    "assignee": _assignee,
    "tier": _tier,
    "requester": _of_desk(Contact),
    "asset_tag": lambda ticket, value: _text(ticket, value)[:40],
    "location": _text,
    "incident": _of_desk(Incident),
}

LABELS = {
    "subject": _("Subject"),
    "category": _("Category"),
    "priority": _("Priority"),
    "status": _("Status"),
    "team": _("Team"),
    "assignee": _("Assignee"),
    "tier": _("Tier"),
    "requester": _("Requester"),
    "asset_tag": _("Asset"),
    "location": _("Location"),
    "incident": _("Incident"),
    # what tickets.merge_actions and tickets.task_actions tell
    "merged": _("Merged in"),
    "merged_into": _("Merged into"),
    "split_off": _("Split off"),
    "split_from": _("Split from"),
    "related": _("Related"),
    "child": _("Has as a part"),
    "parent": _("Is part of"),
    "task": _("Task"),
    "task_done": _("Task done"),
}


def checked(ticket: Ticket, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with values fit to be written. Raises Invalid for an unknown field or a value that is not."""
    unknown = set(fields) - set(CHECKS)
    if unknown:
        raise Invalid(f"{', '.join(sorted(unknown))}: cannot be changed.", code="unknown_field")
    return {name: CHECKS[name](ticket, value) for name, value in fields.items()}


def said(value: Any) -> str:
    """A value as the thread keeps it: names, not ids; a status by its key."""
    if value is None:
        return ""
    return value.display_name if isinstance(value, User) else str(value)
