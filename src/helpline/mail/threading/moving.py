"""What mail does when items of a ticket go to another one, so that later replies find them there."""

from collections.abc import Sequence

from helpline.core import registry
from helpline.core.clock import Clock
from helpline.mail.models import Inbound, KnownId, Letter, Participant
from helpline.tickets import events
from helpline.tickets.models import MoveKind, Ticket


def items_moved(
    *, items: Sequence[int], source: Ticket, target: Ticket, kind: MoveKind, clock: Clock
) -> None:
    """The ledger follows. After a split the ids lead to the new ticket, and who wrote or got its mails takes part there.

    After a merge ids and participants stay: whoever is led to the merged ticket goes on to the one it is part of
    (mail.finding), so un-merging restores exactly what was.
    """
    letters = Letter.objects.filter(item__in=items)
    Inbound.objects.filter(letter__in=letters).update(ticket=target)
    if kind == MoveKind.SPLIT:
        KnownId.objects.filter(letter__in=letters).update(ticket=target)
        people = {address for letter in letters for address in _people(letter)}
        Participant.objects.bulk_create(
            [Participant(ticket=target, address=address) for address in sorted(people)], ignore_conflicts=True
        )


def _people(letter: Letter) -> list[str]:
    """Who takes part by this letter; an address of ours proves nothing and does no harm."""
    named = [letter.sender, *(address for _name, address in (*letter.to, *letter.cc))]
    return [one.casefold() for one in named if "@" in one and len(one) <= 320]


def register() -> None:
    """Called once when the program starts."""
    registry.on(events.HOOK_ITEMS_MOVED, items_moved)
