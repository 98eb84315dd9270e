"""Things to do for a ticket: written down, done, taken up again."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.people.models import User
from helpline.tickets import events
from helpline.tickets.access import require_work
from helpline.tickets.change_fields import checked
from helpline.tickets.models import Item, ItemKind, Task, Ticket


@transaction.atomic
def add_task(
    actor: Actor,
    ticket: Ticket,
    text: str,
    *,
    due_at: datetime | None = None,
    assignee: User | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Task:
    """Write down what is to be done, by whom, until when (aware). Raises Invalid when it says nothing."""
    require_work(actor, ticket.desk_id)
    if not text.strip():
        raise Invalid(_("Say what is to be done."), code="empty")
    checked(ticket, {"assignee": assignee})
    task = Task.objects.create(
        ticket=ticket,
        text=text.strip()[:250],
        due_at=due_at,
        assignee=assignee,
        made_at=clock.now(),
        made_by_id=actor.user_id,
    )
    _tell(actor, task, {"task": ["", task.text]}, clock)
    return task


@transaction.atomic
def finish_task(actor: Actor, task: Task, *, done: bool = True, clock: Clock = SYSTEM_CLOCK) -> None:
    """The task is done, or with `done=False` to be done again. Raises Conflict when it is so already."""
    require_work(actor, task.ticket.desk_id)
    row = Task.objects.filter(pk=task.pk, done_at__isnull=done)
    now = clock.now() if done else None
    if not row.update(done_at=now, done_by_id=actor.user_id if done else None):
        raise Conflict(_("Somebody was faster: the task has changed."), code="done")
    task.done_at = now
    _tell(actor, task, {"task_done": ["", task.text] if done else [task.text, ""]}, clock)


def _tell(actor: Actor, task: Task, changes: dict[str, list[str]], clock: Clock) -> None:
    ticket, now = task.ticket, clock.now()
    Item.objects.create(ticket=ticket, kind=ItemKind.CHANGE, at=now, author_id=actor.user_id, data=changes)
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=now)
    audit.record(actor, "task", "ticket", ticket.number, desk_id=ticket.desk_id, changes=changes, clock=clock)
    outbox.emit(
        events.TASK_CHANGED,
        desk_id=ticket.desk_id,
        topics=events.ticket_topics(ticket, task.assignee_id),
        data={
            "ticket_id": ticket.pk,
            "number": ticket.number,
            "task": task.pk,
            "done": task.done_at is not None,
        },
        clock=clock,
    )
