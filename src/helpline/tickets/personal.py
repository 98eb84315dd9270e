"""A requester's tickets: given out, and kept for the statistics without the person."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpline.core import audit, outbox, registry
from helpline.core.personal import Asked, Held, Part, Person, PersonalData, columns
from helpline.core.redaction import ERASED, rewrite, sweep
from helpline.telephony.personal import call_ids_of
from helpline.tickets.models import Incident, IncidentJoin, Item, ItemKind, Promise, Task, Ticket
from helpline.tickets.search import finding, rebuilding

#: fields of a change that say who or where somebody is
_WHO = frozenset({"requester", "location", "asset_tag"})
#: fields of a change that hold words about anything
_WORDS = frozenset({"subject", "task", "task_done"})


def tickets_of(person: Person) -> QuerySet[Ticket]:
    """Tickets the person asked for."""
    return Ticket.objects.filter(requester_id=person.contact_id)


def _theirs(person: Person) -> Q:
    """Items the person wrote or said themselves."""
    return Q(contact_id=person.contact_id) | Q(kind=ItemKind.MAIL, author=None)


def held(person: Person) -> Held:
    """Lines for the page that asks whether to erase."""
    count = tickets_of(person).count()
    if not count:
        return Held()
    what = ngettext(
        "What they wrote, their name, place and numbers in %d ticket",
        "What they wrote, their name, place and numbers in %d tickets",
        count,
    )
    stays = _("The tickets with subject, category, times and the notes of colleagues, without the person")
    return Held((what % count,), (stays,))


def give(asked: Asked) -> Part:
    """Tickets with items and promises, and the incidents the person wanted to hear of."""
    items = Prefetch("items", Item.objects.order_by("at", "id"))
    asked_for = tickets_of(asked.person).select_related("category", "priority").order_by("number")
    joins = IncidentJoin.objects.filter(contact_id=asked.person.contact_id).select_related("incident")
    return Part(
        {
            "tickets": [_ticket(one) for one in asked_for.prefetch_related(items, "promises", "tasks")],
            "incidents": [{"title": one.incident.title, **columns(one, "number", "at")} for one in joins],
        }
    )


def _ticket(ticket: Ticket) -> dict[str, Any]:
    facts = columns(
        ticket,
        "number",
        "subject",
        "category",
        "priority",
        "status",
        "impact",
        "urgency",
        "channel",
        "asset_tag",
        "location",
        "created_at",
        "first_response_at",
        "solved_at",
        "closed_at",
    )
    items = [
        {**columns(item, "kind", "at", "body", "call_id"), "changes": _changes(item)}
        for item in ticket.items.all()
    ]
    promises = [columns(one, "what", "due_at", "made_at", "kept_at") for one in ticket.promises.all()]
    tasks = [columns(one, "text", "due_at", "made_at", "done_at") for one in ticket.tasks.all()]
    return {**facts, "items": items, "promises": promises, "tasks": tasks}


def _changes(item: Item) -> dict[str, Any]:
    """What changed, without the names of colleagues."""
    return {key: value for key, value in item.data.items() if key != "assignee"}


def forget(asked: Asked) -> None:
    """Take the person out of their tickets, of tickets their calls are in, and of any that mention them."""
    person = asked.person
    own = tickets_of(person)
    numbers = list(own.values_list("number", flat=True))
    written = _indexed(person)
    about = Q(ticket__in=own) | Q(contact_id=person.contact_id) | Q(call_id__in=call_ids_of(person))
    near = Item.objects.filter(about)
    Item.objects.filter(Q(ticket__in=own) | Q(contact_id=person.contact_id)).filter(
        _theirs(person), ~Q(body="")
    ).update(body=ERASED)
    _forget_changes(near.filter(kind=ItemKind.CHANGE), person)
    rewrite(near.exclude(kind=ItemKind.CHANGE), ["body", "data"], person.near)
    own.exclude(channel="phone").update(subject=ERASED)
    rewrite(own, ["subject"], person.near)
    own.update(location="", asset_tag="")
    rewrite(Promise.objects.filter(ticket__in=own), ["what"], person.near)
    rewrite(Task.objects.filter(ticket__in=own), ["text"], person.near)
    IncidentJoin.objects.filter(contact_id=person.contact_id).update(number="")
    audit.redact("ticket", numbers, person.near)
    outbox.redact({"number__in": numbers}, person.near)
    _forget_elsewhere(person)
    rebuilding.forget(written, person.contact_id)


def _indexed(person: Person) -> list[int]:
    """Tickets the person may be found in, before anything is erased."""
    theirs = Q(requester_id=person.contact_id) | Q(items__contact_id=person.contact_id)
    ids = set(Ticket.objects.filter(theirs).values_list("pk", flat=True))
    for needle in person.anywhere.needles:
        ids.update(Ticket.objects.filter(finding.fits(needle, [person.desk_id])).values_list("pk", flat=True))
    return sorted(ids)


def _forget_changes(items: QuerySet[Item], person: Person) -> None:
    """Who and where are gone; a subject loses the person; who of us had the ticket stays."""
    for item in items:
        data = {key: _change(key, pair, person) for key, pair in item.data.items()}
        Item.objects.filter(pk=item.pk).update(data=data)


def _change(field: str, pair: Any, person: Person) -> Any:
    if field in _WHO and isinstance(pair, list):
        return [one and ERASED for one in pair]
    return person.near.data(pair) if field in _WORDS else pair


def _forget_elsewhere(person: Person) -> None:
    desk = person.desk_id
    sweep(Ticket.objects.filter(desk_id=desk), ["subject", "location"], person.anywhere)
    sweep(Item.objects.filter(ticket__desk_id=desk), ["body", "data"], person.anywhere)
    sweep(Promise.objects.filter(ticket__desk_id=desk), ["what"], person.anywhere)
    sweep(Task.objects.filter(ticket__desk_id=desk), ["text"], person.anywhere)
    sweep(Incident.objects.filter(desk_id=desk), ["title", "workaround"], person.anywhere)
    sweep(IncidentJoin.objects.filter(incident__desk_id=desk), ["number"], person.anywhere)


def erase_notes(ticket: Ticket, headings: Iterable[str]) -> None:
    """Erase notes of the ticket that hold one of these headings, which a room above wrote there."""
    for item in Item.objects.filter(ticket=ticket, kind=ItemKind.NOTE):
        if any(heading in item.body for heading in headings):
            Item.objects.filter(pk=item.pk).update(body=ERASED)


def register() -> None:
    """Called once when the program starts."""
    registry.personal.register("tickets", PersonalData(held, give, forget), order=30)
