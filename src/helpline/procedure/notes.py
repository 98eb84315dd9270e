"""What the caller said and what was done, written down once on each ticket of a call (rows C4, C5)."""

from helpline.core.access import Actor
from helpline.core.clock import Clock
from helpline.procedure.document import Document, Field, FieldKind
from helpline.procedure.models import RunTicket
from helpline.procedure.parsing import parse
from helpline.tickets import actions as ticket_actions

#: kinds whose answers are words worth keeping in the thread
_WORDS = {FieldKind.TEXT, FieldKind.LONG, FieldKind.CHOICE}


def summary(document: Document, answers: dict[str, object]) -> str:
    """The answers in words that no field of the ticket holds, one paragraph each; empty when there are none."""
    asked = [field for field in _asked(document) if field.key in answers]
    return "\n\n".join(f"{_heading(field)}{answers[field.key]}" for field in asked)


def headings(document: Document) -> list[str]:
    """What stands above an answer in a note; a text with one of them was made of answers."""
    return [_heading(field) for field in _asked(document)]


def _asked(document: Document) -> list[Field]:
    return [field for step in document.steps for field in step.fields if _told_in_words(field)]


def _heading(field: Field) -> str:
    return f"{field.label}:\n"


def _told_in_words(field: Field) -> bool:
    return field.kind in _WORDS and not field.saves_to


def write(actor: Actor, problem: RunTicket, clock: Clock) -> None:
    """Add the note unless it was added before or there is nothing to say."""
    fresh = RunTicket.objects.filter(pk=problem.pk, noted_at=None).update(noted_at=clock.now())
    if not fresh:
        return
    problem.refresh_from_db(fields=["answers"])
    text = summary(parse(problem.run.version.document), {**problem.run.answers, **problem.answers})
    if text:
        ticket_actions.add_note(actor, problem.ticket, text, clock=clock)
