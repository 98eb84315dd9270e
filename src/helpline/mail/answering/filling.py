"""Templates and signatures in an answer: the right language, placeholders filled in, files taken along."""

from collections.abc import Iterable

from django.db import transaction

from helpline.core import placeholders
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.knowledge import template_actions, template_queries
from helpline.knowledge.models import Signature, Template
from helpline.mail.answering import drafting
from helpline.mail.answering.models import Draft
from helpline.mail.outgoing.files import OutgoingFile
from helpline.people import access as people
from helpline.people.models import User
from helpline.tickets.models import Ticket


def facts(user: User, ticket: Ticket) -> placeholders.Facts:
    """What placeholders of an answer on the ticket are filled in from."""
    return {"user": user, "ticket": ticket, "desk": ticket.desk}


def languages(ticket: Ticket) -> tuple[str, ...]:
    """Languages of an answer, the best first: the customer's, the desk's."""
    theirs = ticket.requester.language if ticket.requester else ""
    return tuple(one for one in (theirs, ticket.desk.language) if one)


def signature(rows: Iterable[Signature], user: User, ticket: Ticket) -> str:
    """The signature below an answer of the person, as HTML; "" without one."""
    best = template_queries.best_signature(rows, languages(ticket))
    return placeholders.fill(best.body, facts(user, ticket)) if best else ""


def signature_of(actor: Actor, ticket: Ticket) -> str:
    """The same, read; two queries."""
    rows = template_queries.signature_rows(ticket.desk_id, actor.user_id)
    return signature(rows, people.myself(actor), ticket)


def ordered(templates: Iterable[Template], ticket: Ticket) -> list[Template]:
    """Templates for an answer: those in the customer's language first."""
    wanted = languages(ticket)[:1]
    return sorted(templates, key=lambda one: one.language not in wanted)


@transaction.atomic
def insert(
    actor: Actor, ticket: Ticket, draft: Draft, template: Template, *, clock: Clock = SYSTEM_CLOCK
) -> str:
    """Put the files of the template into the actor's draft; the words for the editor, filled in. Counts the use.

    Raises Invalid (`too_large`, `placeholder`).
    """
    words = placeholders.fill(template.body, facts(people.myself(actor), ticket))
    files = [_kept(one.name, one.type, one.content.chunks()) for one in template.files.all()]
    if files:
        drafting.attach(actor, draft, files, clock=clock)
    template_actions.used(template)
    return words


def _kept(name: str, kind: str, content: Iterable[bytes]) -> OutgoingFile:
    return OutgoingFile.keep(name, kind, content)
