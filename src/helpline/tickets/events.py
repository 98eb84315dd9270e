"""What the tickets room tells the others, as kinds of outbox events.

Data of ticket kinds: {number, ticket_id} and what the kind adds; of incident kinds: {incident_id}.
"""

from typing import Final

from helpline.tickets.models import Ticket

TICKET_OPENED: Final = "ticket_opened"
#: adds {fields: {name: [before, after]}}
TICKET_CHANGED: Final = "ticket_changed"
#: adds {item, kind_of_item}
TICKET_ITEM_ADDED: Final = "ticket_item_added"
#: adds {item}: a mail that never left was taken out of the thread
TICKET_ITEM_WITHDRAWN: Final = "ticket_item_withdrawn"
#: {number}: somebody opened the page of the ticket, or left it
TICKET_LOOKED_AT: Final = "ticket_looked_at"
TICKET_ESCALATED: Final = "ticket_escalated"
#: adds {other} and {undone}: the number of the ticket merged with or split from
TICKET_MERGED: Final = "ticket_merged"
TICKET_SPLIT: Final = "ticket_split"
#: adds {other, link, undone}
TICKET_LINKED: Final = "ticket_linked"
#: adds {task, done}
TASK_CHANGED: Final = "task_changed"
#: {view}: a saved view was made, written anew or deleted
VIEW_CHANGED: Final = "view_changed"
#: {bulk, state, done, all}: a change of many tickets was carried on, or undone
BULK_MOVED: Final = "bulk_moved"
PROMISE_MADE: Final = "promise_made"
PROMISE_KEPT: Final = "promise_kept"
INCIDENT_DECLARED: Final = "incident_declared"
INCIDENT_CHANGED: Final = "incident_changed"
INCIDENT_JOINED: Final = "incident_joined"
INCIDENT_FIXED: Final = "incident_fixed"

#: hooks announced to rooms above, in the same transaction (core.registry.announce)
#: ticket_of_call(actor, call_id, ticket, clock): this ticket is now worked on in the call
HOOK_TICKET_OF_CALL: Final = "ticket_of_call"
#: call_in_ticket(call_id, clock): the call became an item of a ticket
HOOK_CALL_IN_TICKET: Final = "call_in_ticket"
#: items_moved(items, source, target, kind, clock): these items (their ids) are in another ticket now
HOOK_ITEMS_MOVED: Final = "items_moved"
#: incident_declared / incident_fixed(actor, incident, clock)
HOOK_INCIDENT_DECLARED: Final = "incident_declared"
HOOK_INCIDENT_FIXED: Final = "incident_fixed"
#: note_written(actor, ticket, item, clock): a note of a person is in the thread
HOOK_NOTE_WRITTEN: Final = "note_written"


def ticket_topics(ticket: Ticket, *assignees: int | None) -> list[str]:
    """Live topics of a ticket: its page, the desk's lists, the pages of those it is or was assigned to."""
    people = [f"user:{user_id}" for user_id in dict.fromkeys((*assignees, ticket.assignee_id)) if user_id]
    return [f"ticket:{ticket.number}", f"desk:{ticket.desk_id}", *people]
