"""What is done to tickets: the only writers of this room, one verb each, one transaction each."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, registry
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.customers.models import Contact
from helpline.people.models import Team
from helpline.tickets import events, telling
from helpline.tickets.access import require_work
from helpline.tickets.change_fields import checked, told
from helpline.tickets.incident_actions import (
    declare_incident,
    edit_incident,
    fix_incident,
    join_incident,
)
from helpline.tickets.models import (
    Item,
    ItemKind,
    Mention,
    StatusKind,
    Ticket,
)
from helpline.tickets.open_actions import open_ticket
from helpline.tickets.promise_actions import keep_promise, make_promise
from helpline.tickets.search import index
from helpline.tickets.search.rebuilding import rebuild as rebuild_search
from helpline.tickets.setup_actions import create_category, create_priority, give_matrix, give_priorities
from helpline.tickets.status_actions import create_status, edit_status, set_matrix
from helpline.tickets.tag_actions import (
    archive_tag,
    create_tag,
    edit_tag,
    merge_tags,
    tag_ticket,
)
from helpline.tickets.thread_items import add_item, tell
from helpline.tickets.withdrawing import withdraw_mail

__all__ = [
    "add_mail",
    "add_note",
    "another_ticket",
    "archive_tag",
    "attach_call",
    "change",
    "create_category",
    "create_priority",
    "create_status",
    "create_tag",
    "declare_incident",
    "edit_incident",
    "edit_status",
    "edit_tag",
    "escalate",
    "fix_incident",
    "give_matrix",
    "give_priorities",
    "index_text",
    "join_incident",
    "keep_promise",
    "make_promise",
    "mention_read",
    "merge_tags",
    "open_ticket",
    "rebuild_search",
    "set_matrix",
    "tag_ticket",
    "withdraw_mail",
]


@transaction.atomic
def index_text(actor: Actor, ticket: Ticket, texts: Iterable[str] = (), names: Iterable[str] = ()) -> None:
    """Have the ticket found by texts (names of files, a letter's subject) and by names of people a room above knows.

    Such a room registers with `registry.searchable` too, so that a rebuild finds the same.
    """
    require_work(actor, ticket.desk_id)
    # one that is not written yet is nobody else's; SQLite has one writer at a time anyway
    if connection.features.has_select_for_update and not ticket._state.adding:
        Ticket.objects.select_for_update().values_list("pk").get(pk=ticket.pk)
    index.add(ticket, texts, names)


@transaction.atomic
def attach_call(
    actor: Actor, ticket: Ticket, call_id: UUID, contact: Contact | None, *, clock: Clock = SYSTEM_CLOCK
) -> Item:
    """Put a call into the thread of a ticket, once; a person who does it has given the first response."""
    require_work(actor, ticket.desk_id)
    item = Item.objects.filter(ticket=ticket, kind=ItemKind.CALL, call_id=call_id).first()
    if item is None:
        item = add_item(
            ticket, clock, kind=ItemKind.CALL, author_id=actor.user_id, contact=contact, call_id=call_id
        )
        audit.record(
            actor,
            "attach_call",
            "ticket",
            ticket.number,
            desk_id=ticket.desk_id,
            changes={"call": str(call_id)},
            clock=clock,
        )
        registry.announce(events.HOOK_CALL_IN_TICKET, call_id=call_id, clock=clock)
    if not actor.is_system:
        _responded(ticket, clock)
    return item


def _responded(ticket: Ticket, clock: Clock) -> None:
    now = clock.now()
    if Ticket.objects.filter(pk=ticket.pk, first_response_at=None).update(first_response_at=now):
        ticket.first_response_at = now


@transaction.atomic
def another_ticket(
    actor: Actor, call_id: UUID, after: Ticket, *, subject: str = "", clock: Clock = SYSTEM_CLOCK
) -> Ticket:
    """Open the next ticket of the same call and caller: one problem, one ticket."""
    ticket = open_ticket(
        actor, after.desk, subject or str(_("Another problem")), requester=after.requester, clock=clock
    )
    attach_call(actor, ticket, call_id, after.requester, clock=clock)
    registry.announce(events.HOOK_TICKET_OF_CALL, actor=actor, call_id=call_id, ticket=ticket, clock=clock)
    return ticket


@transaction.atomic
def add_note(actor: Actor, ticket: Ticket, body: str, *, clock: Clock = SYSTEM_CLOCK) -> Item:
    """Write a note for colleagues. Raises Invalid when it is empty."""
    require_work(actor, ticket.desk_id)
    text = body.strip()
    if not text:
        raise Invalid(_("The note is empty."), code="empty", help=_("Write what you did or found out."))
    item = add_item(ticket, clock, kind=ItemKind.NOTE, author_id=actor.user_id, body=text)
    audit.record(
        actor, "note", "ticket", ticket.number, desk_id=ticket.desk_id, changes={"item": item.pk}, clock=clock
    )
    if not actor.is_system:
        telling.mention(actor, ticket, item, clock)
        registry.announce(events.HOOK_NOTE_WRITTEN, actor=actor, ticket=ticket, item=item, clock=clock)
    return item


@transaction.atomic
def mention_read(actor: Actor, mention: Mention, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The actor read the note that names them, and all earlier ones of the ticket."""
    mine = Mention.objects.filter(user=actor.user_id, seen_at=None, item__ticket=mention.item.ticket_id)
    mine.filter(at__lte=mention.at).update(seen_at=clock.now())


#: a mail of the customer takes a ticket back to work from these
_REOPENED_FROM = (StatusKind.WAITING_CUSTOMER, StatusKind.SOLVED, StatusKind.CLOSED)


@transaction.atomic
def add_mail(
    actor: Actor,
    ticket: Ticket,
    body: str,
    *,
    contact: Contact | None = None,
    data: Mapping[str, Any] | None = None,
    reopen: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> Item:
    """Put a mail into the thread: of a contact, or of the actor. `data`: plain JSON facts of the room that knows mail.

    With `reopen` a ticket that waits for the customer, or is done, is open again; that is a change of its own. A
    mail of a person at the desk is a first response.
    """
    require_work(actor, ticket.desk_id)
    item = add_item(
        ticket,
        clock,
        kind=ItemKind.MAIL,
        author_id=actor.user_id,
        contact=contact,
        body=body,
        data=dict(data or {}),
    )
    if reopen and ticket.status in _REOPENED_FROM:
        change(actor, ticket, status=StatusKind.OPEN, clock=clock)
    if not actor.is_system:
        _responded(ticket, clock)
    elif contact is not None:
        telling.answered(actor, ticket, clock)
    return item


@transaction.atomic
def change(actor: Actor, ticket: Ticket, *, clock: Clock = SYSTEM_CLOCK, **fields: Any) -> Item | None:
    """Change fields of a ticket; what differs becomes one `change` item {field: [before, after]}.

    Fields: subject, category, priority, status (a kind, or an own status or its key), impact, urgency, team, assignee,
    tier, requester, asset_tag, location, incident. Impact and urgency set the priority by the matrix unless one is
    given. None when nothing differs. `ticket` carries the new values afterwards. Raises Invalid.
    """
    require_work(actor, ticket.desk_id)
    wanted = checked(ticket, fields)
    registry.announce("ticket_changing", actor=actor, ticket=ticket, changes=wanted)
    now_there = Ticket.objects.select_for_update().get(pk=ticket.pk)
    changes = told(now_there, wanted)
    for name, value in wanted.items():
        setattr(ticket, name, value)
    if not changes:
        return None
    written = [*wanted, *_follow_status(ticket, changes, clock), *_follow_requester(ticket, changes)]
    ticket.updated_at = clock.now()
    ticket.save(update_fields=[*written, "updated_at"])
    return _keep_change(actor, ticket, changes, now_there.assignee_id, clock)


def _follow_status(ticket: Ticket, changes: dict[str, list[str]], clock: Clock) -> list[str]:
    if "status" not in changes:
        return []
    now = clock.now()
    done = ticket.status in (StatusKind.SOLVED, StatusKind.CLOSED)
    ticket.solved_at = (ticket.solved_at or now) if done else None
    ticket.closed_at = now if ticket.status == StatusKind.CLOSED else None
    return ["solved_at", "closed_at"]


def _follow_requester(ticket: Ticket, changes: dict[str, list[str]]) -> list[str]:
    if "requester" not in changes:
        return []
    ticket.organisation = ticket.requester.organisation if ticket.requester else None
    return ["organisation"]


#: a ticket is found by these
_FOUND_BY = {"subject", "requester", "asset_tag", "location"}


def _keep_change(
    actor: Actor, ticket: Ticket, changes: dict[str, list[str]], was_assigned: int | None, clock: Clock
) -> Item:
    if not _FOUND_BY.isdisjoint(changes):
        index.refresh([ticket.pk])
    item = Item.objects.create(
        ticket=ticket, kind=ItemKind.CHANGE, at=clock.now(), author_id=actor.user_id, data=changes
    )
    audit.record(
        actor, "change", "ticket", ticket.number, desk_id=ticket.desk_id, changes=changes, clock=clock
    )
    tell(events.TICKET_CHANGED, ticket, clock, was_assigned, fields=changes)
    telling.assigned(actor, ticket, was_assigned, clock)
    return item


@transaction.atomic
def escalate(
    actor: Actor, ticket: Ticket, team: Team, note: str, *, clock: Clock = SYSTEM_CLOCK
) -> Item | None:
    """Hand the ticket to a team of the same desk, with a note on why; nobody has it until one takes it."""
    if not note.strip():
        raise Invalid(
            _("Say why the ticket moves on."),
            code="empty",
            help=_("The next person should not have to ask the caller again."),
        )
    add_note(actor, ticket, note, clock=clock)
    fields: dict[str, Any] = {"team": team, "tier": team.tier, "assignee": None}
    if ticket.status == StatusKind.NEW:
        fields["status"] = StatusKind.OPEN
    item = change(actor, ticket, clock=clock, **fields)
    tell(events.TICKET_ESCALATED, ticket, clock, team=team.key, tier=team.tier)
    return item
