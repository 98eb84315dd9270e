"""What the queues know of a caller: waits, words to colleagues, commands with numbers and keys."""

from django.db.models import Q
from django.utils.translation import gettext as _

from helpline.acd.models import Command, Decision, FrontEndMessage, QueueEntry, Reservation
from helpline.core import registry
from helpline.core.personal import Asked, Held, Part, Person, PersonalData, columns
from helpline.core.redaction import sweep
from helpline.people.models import RoleGrant
from helpline.telephony.personal import call_ids_of


def held(person: Person) -> Held:
    """Lines for the page that asks whether to erase."""
    return Held(
        (_("What colleagues told each other in a line when they asked or passed on a call"),),
        (_("How long the calls waited in which queue, and why they were decided so"),),
    )


def give(asked: Asked) -> Part:
    """The waits, and what was told to a colleague about the caller."""
    calls = call_ids_of(asked.person)
    waits = QueueEntry.objects.filter(call__in=calls).select_related("queue").order_by("entered_at")
    told = Reservation.objects.filter(call__in=calls).exclude(summary="").order_by("made_at")
    return Part(
        {
            "waits": [
                columns(row, "call_id", "queue", "menu_label", "entered_at", "left_at", "outcome")
                for row in waits
            ],
            "told_to_colleagues": [columns(row, "call_id", "made_at", "summary") for row in told],
        }
    )


def forget(asked: Asked) -> None:
    """Words, keys and numbers go; waits and reasons stay for the statistics."""
    person = asked.person
    calls, desk = call_ids_of(person), person.desk_id
    Reservation.objects.filter(call__in=calls).update(summary="")
    Command.objects.filter(call__in=calls).update(args={}, result={}, error="")
    colleagues = RoleGrant.objects.filter(desk_id=desk).values("user_id")
    at_desk = Q(call__desk_id=desk) | Q(call=None, user__in=colleagues)
    sweep(Command.objects.filter(at_desk), ["args", "result", "error"], person.anywhere)
    sweep(Reservation.objects.filter(call__desk_id=desk), ["summary"], person.anywhere)
    sweep(Decision.objects.filter(call__desk_id=desk), ["why"], person.anywhere)
    sweep(FrontEndMessage.objects.filter(desk_id=desk), ["text"], person.anywhere)


def register() -> None:
    """Called once when the program starts."""
    registry.personal.register("queues", PersonalData(held, give, forget), order=20)
