"""Tickets that have to do with each other, and what is to be done for one: merged, split, linked, taken back, tasks."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router
from ninja.responses import Status

from helpline.api import shapes, shown
from helpline.api.auth import asking
from helpline.api.interface import REFUSALS
from helpline.core.access import Actor
from helpline.core.errors import NotFound
from helpline.people import access as people_access
from helpline.tickets import access, merge_actions, task_actions
from helpline.tickets.models import LinkKind, Move, Task, Ticket, TicketLink

router = Router(tags=["tickets"])
TIES: Any = {200: shapes.Ties, **REFUSALS}
MADE: Any = {201: shapes.Ties, **REFUSALS}


@router.get("/{number}/ties", response=TIES, summary="Merges, splits, links and tasks of a ticket")
def ticket_ties(request: HttpRequest, number: int) -> Any:
    return _ties(access.ticket(asking(request), number))


@router.post("/{number}/merge", response=TIES, summary="Make another ticket a part of this one")
def merge_ticket(request: HttpRequest, number: int, wanted: shapes.Merge) -> Any:
    actor = asking(request)
    into = access.ticket(actor, number)
    merge_actions.merge(actor, into, access.ticket(actor, wanted.other))
    return _ties(into)


@router.post(
    "/{number}/split",
    response={201: shapes.Ticket, **REFUSALS},
    summary="An item and all later ones become a new ticket",
)
def split_item(request: HttpRequest, number: int, wanted: shapes.Split) -> Any:
    actor = asking(request)
    item = access.ticket(actor, number).items.select_related("contact").filter(pk=wanted.item).first()
    if item is None:
        raise NotFound(_("This is not in the ticket any more."))
    made = merge_actions.split(actor, item, subject=wanted.subject)
    return Status(201, shown.ticket_detail(access.ticket(actor, made.number)))


@router.post("/{number}/moves/{move_id}/undo", response=TIES, summary="Take a merge or a split back")
def undo_move(request: HttpRequest, number: int, move_id: int) -> Any:
    actor = asking(request)
    ticket = access.ticket(actor, number)
    move = _moves(ticket).filter(pk=move_id).first()
    if move is None:
        raise NotFound(_("There is nothing to take back."))
    merge_actions.undo(actor, move)
    return _ties(ticket)


@router.post("/{number}/links", response=MADE, summary="Say that two tickets have to do with each other")
def link_ticket(request: HttpRequest, number: int, wanted: shapes.NewLink) -> Any:
    actor = asking(request)
    ticket, other = access.ticket(actor, number), access.ticket(actor, wanted.other)
    whole, part = (other, ticket) if wanted.kind == "parent" else (ticket, other)
    kind = LinkKind.RELATED if wanted.kind == "related" else LinkKind.CHILD
    merge_actions.link(actor, whole, part, kind)
    return Status(201, _ties(ticket))


@router.delete("/{number}/links/{link_id}", response=TIES, summary="Say that they do not")
def unlink_ticket(request: HttpRequest, number: int, link_id: int) -> Any:
    actor = asking(request)
    ticket = access.ticket(actor, number)
    found = _links(ticket).filter(pk=link_id).first()
    if found is None:
        raise NotFound(_("There is no such link."))
    merge_actions.unlink(actor, found)
    return _ties(ticket)


@router.post("/{number}/tasks", response=MADE, summary="Write down something to do")
def add_task(request: HttpRequest, number: int, new: shapes.NewTask) -> Any:
    actor = asking(request)
    ticket = access.ticket(actor, number)
    assignee = people_access.user(actor, new.assignee) if new.assignee else None
    task_actions.add_task(actor, ticket, new.text, due_at=new.due_at, assignee=assignee)
    return Status(201, _ties(ticket))


@router.post("/{number}/tasks/{task_id}/done", response=TIES, summary="A task is done, or to be done again")
def finish_task(request: HttpRequest, number: int, task_id: int, wanted: shapes.TaskDone) -> Any:
    actor = asking(request)
    ticket = access.ticket(actor, number)
    task_actions.finish_task(actor, _task(actor, ticket, task_id), done=wanted.done)
    return _ties(ticket)


def _task(actor: Actor, ticket: Ticket, task_id: int) -> Task:
    found = ticket.tasks.select_related("ticket").filter(pk=task_id).first()
    if found is None:
        raise NotFound(_("There is no such task."))
    return found


def _moves(ticket: Ticket) -> Any:
    rows = Move.objects.filter(Q(source=ticket) | Q(target=ticket))
    return rows.select_related("source__desk", "target__desk").order_by("at", "pk")


def _links(ticket: Ticket) -> Any:
    rows = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket))
    return rows.select_related("ticket", "other").order_by("at", "pk")


def _ties(ticket: Ticket) -> dict[str, Any]:
    ticket.refresh_from_db(fields=["merged_into"])
    tasks = ticket.tasks.select_related("assignee").order_by("pk")
    return {
        "id": ticket.number,
        "merged_into": ticket.merged_into.number if ticket.merged_into else None,
        "moves": [_move(one) for one in _moves(ticket)],
        "links": [_link(one, ticket) for one in _links(ticket)],
        "tasks": [_task_line(one) for one in tasks],
    }


def _move(move: Move) -> dict[str, Any]:
    return {
        "id": move.pk,
        "kind": move.kind,
        "source": move.source.number,
        "target": move.target.number,
        "at": move.at,
        "undone_at": move.undone_at,
    }


def _link(linked: TicketLink, here: Ticket) -> dict[str, Any]:
    """As seen from here: the other is related, a child or the parent."""
    from_here = linked.ticket_id == here.pk
    other = linked.other if from_here else linked.ticket
    kind = linked.kind if from_here or linked.kind == LinkKind.RELATED else "parent"
    return {"id": linked.pk, "kind": kind, "other": other.number, "at": linked.at}


def _task_line(task: Task) -> dict[str, Any]:
    return {
        "id": task.pk,
        "text": task.text,
        "due_at": task.due_at,
        "assignee": task.assignee.username if task.assignee else None,
        "done_at": task.done_at,
    }
