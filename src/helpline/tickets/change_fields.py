"""The fields of a ticket a person or rule may change, and what a value of each must satisfy."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from helpline.core.errors import Invalid
from helpline.customers.models import Contact
from helpline.people.models import Team, User
from helpline.tickets.matrix import suggested
from helpline.tickets.models import Category, Impact, Incident, Priority, Status, StatusKind, Ticket, Urgency

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


def _own_status(ticket: Ticket, value: Any) -> Status | None:
    if value is None:
        return None
    if not isinstance(value, Status) or value.key in StatusKind.values:
        raise Invalid(_("There is no such status."), code="status")
    if not value.active and value.pk != ticket.own_status_id:
        raise Invalid(_("This status is not in use any more."), code="status", help=_("Choose another one."))
    return value


def _one_of(choices: type[Impact | Urgency], name: str) -> Check:
    def check(ticket: Ticket, value: Any) -> str:
        if value and value not in choices.values:
            raise Invalid(f"{name}: {value}?", code=name, help=", ".join(choices.values))
        return str(value or "")

    return check


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
    "impact": _one_of(Impact, "impact"),
    "urgency": _one_of(Urgency, "urgency"),
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
    "own_status": _("Status"),
    "impact": _("Impact"),
    "urgency": _("Urgency"),
    # what tickets.tag_actions tells
    "tag_added": _("Tag added"),
    "tag_removed": _("Tag removed"),
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
    """The fields with values fit to be written, and those that follow from them: the own status from the status, the
    priority from impact and urgency. Raises Invalid for an unknown field or a value that is not.

    A status is a kind, which means the kind's usual status, or an own one: its row or its key.
    """
    unknown = set(fields) - set(CHECKS)
    if unknown:
        raise Invalid(f"{', '.join(sorted(unknown))}: cannot be changed.", code="unknown_field")
    own = _own_status(ticket, _own_row(fields["status"])) if "status" in fields else None
    plain = dict(fields) | ({"status": own.kind} if own else {})
    found = {name: CHECKS[name](ticket, value) for name, value in plain.items()}
    if "status" in found:
        found["own_status"] = own
    if "priority" not in found and not {"impact", "urgency"}.isdisjoint(found):
        by_matrix = suggested(found.get("impact", ticket.impact), found.get("urgency", ticket.urgency))
        found |= {"priority": by_matrix} if by_matrix else {}
    return found


def _own_row(value: Any) -> Status | None:
    if isinstance(value, Status) or not isinstance(value, str) or value in StatusKind.values:
        return value if isinstance(value, Status) else None
    return Status.objects.filter(key=value).first()


def told(before: Ticket, wanted: Mapping[str, Any]) -> dict[str, list[str]]:
    """What differs, as the thread keeps it: {field: [before, after]}. Beside a priority stands what it comes from:
    `matrix`, or `person` when the matrix says something else."""
    changes = {
        name: [_word(before, name, getattr(before, name)), _word(before, name, value, wanted)]
        for name, value in wanted.items()
        if getattr(before, name) != value
    }
    if "priority" in changes:
        impact, urgency = (wanted.get(name, getattr(before, name)) for name in ("impact", "urgency"))
        by_matrix = suggested(impact, urgency)
        if by_matrix is not None:
            changes["priority_by"] = ["", "matrix" if by_matrix == wanted["priority"] else "person"]
    return changes


def _word(ticket: Ticket, name: str, value: Any, wanted: Mapping[str, Any] | None = None) -> str:
    # the usual status of a kind has no row: its kind stands for it
    if name == "own_status" and value is None:
        return str((wanted or {}).get("status", ticket.status))
    return said(value)


def said(value: Any) -> str:
    """A value as the thread keeps it: names, not ids; a status by its key."""
    if value is None:
        return ""
    return value.display_name if isinstance(value, User) else str(value)
