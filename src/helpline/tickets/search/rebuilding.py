"""Makes the whole index anew, a batch of tickets at a time, while the desk works on."""

from collections.abc import Callable
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django_tasks import task

from helpline.core import outbox
from helpline.customers.models import Contact, Organisation
from helpline.tickets.models import SearchText, Tag, Ticket
from helpline.tickets.search import index
from helpline.tickets.tags import tagged

_BATCH: Final = 500


def rebuild(told: Callable[[int, int], None] = lambda done, every: None) -> int:
    """Write the rows of all tickets anew, the newest first; how many. `told(done, all)` after each batch.

    May be stopped and started again at any time; what is searched meanwhile is old or new, never half.
    """
    every, done, last = Ticket.objects.count(), 0, None
    while True:
        rows = Ticket.objects.order_by("-pk")
        ids = list((rows if last is None else rows.filter(pk__lt=last)).values_list("pk", flat=True)[:_BATCH])
        if not ids:
            return done
        _anew(ids)
        done, last = done + len(ids), ids[-1]
        told(done, max(every, done))


def fill_gaps() -> None:
    """Write rows of tickets that have none: after an update, or when many were put in at once. Safe to do twice."""
    missing = Ticket.objects.exclude(pk__in=SearchText.objects.values("pk")).order_by("-pk")
    while ids := list(missing.values_list("pk", flat=True)[:_BATCH]):
        _anew(ids)


@transaction.atomic
def _anew(ids: list[int]) -> None:
    outbox.take_turn()
    index.refresh(ids)


def follow_contact(*, contact: Contact) -> None:
    """Hook of `customers`: the contact's tickets are found by the new name, number or address, shortly after."""
    if Ticket.objects.filter(requester=contact).exists():
        refresh_contact.enqueue(contact.pk)


@task()
def refresh_contact(contact_id: int) -> int:
    """Write the rows of a contact's tickets anew; how many."""
    return _anew_in_batches(Ticket.objects.filter(requester=contact_id))


@task()
def refresh_tickets_of_tag(tag_id: int) -> int:
    """Write the rows of tickets anew that have a tag or one below it; how many."""
    tag = Tag.objects.filter(pk=tag_id).first()
    if tag is None:
        return 0
    return _anew_in_batches(Ticket.objects.filter(tagged(tag.pk)))


def follow_organisation(*, organisation: Organisation) -> None:
    """Hook of `customers`: its tickets are found by the new name, shortly after."""
    if Ticket.objects.filter(organisation=organisation).exists():
        refresh_organisation.enqueue(organisation.pk)


@task()
def refresh_organisation(organisation_id: int) -> int:
    """Write the rows of an organisation's tickets anew; how many."""
    return _anew_in_batches(Ticket.objects.filter(organisation=organisation_id))


def _anew_in_batches(tickets: QuerySet[Ticket]) -> int:
    ids = list(tickets.order_by("-pk").values_list("pk", flat=True))
    for at in range(0, len(ids), _BATCH):
        _anew(ids[at : at + _BATCH])
    return len(ids)


def forget(ticket_ids: list[int], contact_id: int) -> None:
    """Write the rows anew after texts were erased, and take words out of the vocabulary that nothing says any more."""
    before = _words(ticket_ids)
    index.refresh(ticket_ids, without=contact_id)
    index.unlearn(before - _words(ticket_ids))


def _words(ticket_ids: list[int]) -> set[str]:
    rows = SearchText.objects.filter(pk__in=ticket_ids).values_list("terms", flat=True)
    return {term for terms in rows for term in terms.split()}
