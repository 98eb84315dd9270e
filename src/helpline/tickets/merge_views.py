"""Merge, split, link, tasks: what is done from the ticket's page about tickets as wholes."""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from helpline.core.access import Actor
from helpline.core.errors import NotFound
from helpline.people import access as people
from helpline.tickets import access, forms, merge_actions, task_actions
from helpline.tickets.models import LinkKind, Move, Task, Ticket, TicketLink

working = people.page(*access.WRITERS)


@require_POST
@working
def connect(request: HttpRequest, number: int) -> HttpResponse:
    """Merge the ticket with another, or link the two; `how` says which: merge, related, child or parent."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    given = forms.values(forms.ConnectForm(request.POST))
    other, how = access.ticket(actor, given["other"]), given["how"]
    if how == "merge":
        merge_actions.merge(actor, ticket, other)
        messages.success(request, _("Ticket %(number)s is part of this one now.") % {"number": other.number})
    elif how == "parent":
        merge_actions.link(actor, other, ticket, LinkKind.CHILD)
    else:
        merge_actions.link(actor, ticket, other, LinkKind(how))
    return redirect("tickets:ticket", number=number)


@require_POST
@working
def split(request: HttpRequest, number: int, item_id: int) -> HttpResponse:
    """This item and what follows become a ticket of their own, which opens."""
    actor = people.actor(request)
    item = access.ticket(actor, number).items.select_related("contact").filter(pk=item_id).first()
    if item is None:
        raise NotFound(_("This is not in the ticket any more."), help=_("Load the page again."))
    made = merge_actions.split(actor, item, subject=request.POST.get("subject", "")[:250])
    messages.success(request, _("Split from ticket %(number)s.") % {"number": number})
    return redirect("tickets:ticket", number=made.number)


@require_POST
@working
def undo(request: HttpRequest, number: int, move_id: int) -> HttpResponse:
    """Take a merge or split back."""
    actor = people.actor(request)
    merge_actions.undo(actor, _move(access.ticket(actor, number), move_id))
    messages.success(request, _("Taken back."))
    return redirect("tickets:ticket", number=number)


def _move(ticket: Ticket, move_id: int) -> Move:
    rows = Move.objects.select_related("source__desk", "target__desk").filter(pk=move_id)
    found = rows.first()
    if found is None or ticket.pk not in (found.source_id, found.target_id):
        raise NotFound(_("There is nothing to take back."))
    return found


@require_POST
@working
def unlink(request: HttpRequest, number: int, link_id: int) -> HttpResponse:
    """The two tickets have nothing to do with each other."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    found = TicketLink.objects.select_related("ticket", "other").filter(pk=link_id).first()
    if found is None or ticket.pk not in (found.ticket_id, found.other_id):
        raise NotFound(_("There is no such link."))
    merge_actions.unlink(actor, found)
    return redirect("tickets:ticket", number=number)


@require_POST
@working
def task(request: HttpRequest, number: int) -> HttpResponse:
    """Write down something to do; the time is the desk's own."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    with timezone.override(ZoneInfo(ticket.desk.timezone)):
        given = forms.values(forms.TaskForm(ticket, request.POST))
    task_actions.add_task(actor, ticket, given["text"], due_at=given["due_at"], assignee=given["assignee"])
    return redirect("tickets:ticket", number=number)


@require_POST
@working
def task_done(request: HttpRequest, number: int, task_id: int) -> HttpResponse:
    """Tick a task off, or with `again` take it up again."""
    actor = people.actor(request)
    task_actions.finish_task(actor, _task(actor, number, task_id), done="again" not in request.POST)
    return redirect("tickets:ticket", number=number)


def _task(actor: Actor, number: int, task_id: int) -> Task:
    found = access.ticket(actor, number).tasks.filter(pk=task_id).first()
    if found is None:
        raise NotFound(_("There is no such task."))
    return found
