"""What became of a letter, kept: its recipients, its state, when it is tried again, and who is told."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

from helpline.core import outbox
from helpline.core.access import SYSTEM
from helpline.core.clock import Clock
from helpline.mail import events
from helpline.mail.models import Outbound, OutboundState, Recipient, RecipientState
from helpline.mail.outgoing.models import PERSONAL_KINDS
from helpline.mail.threading import finding
from helpline.mail.transports.envelope import Answer, Fate
from helpline.tickets import actions as tickets
from helpline.tickets.models import StatusKind, Ticket

#: RFC 5321, section 4.5.4.1: try for four or five days; a person who waits for an answer wants to know sooner
GIVE_UP: Final = timedelta(days=3)
FIRST_WAIT: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(hours=4)
_STATES: Final = {Fate.TAKEN: RecipientState.SENT, Fate.NEVER: RecipientState.FAILED}


def hold(outbound: Outbound) -> None:
    """Have others wait, in the one order that cannot lock up: the ticket, the turn to tell, then the letter.

    Who works on a ticket changes it first and tells then; who decides about a letter needs all three.
    """
    if outbound.ticket_id is not None:
        finding.held(Ticket.objects.filter(pk=outbound.ticket_id))
    outbox.take_turn()


def conclude(
    outbound: Outbound, answers: Mapping[str, Answer], clock: Clock, *, doubt: bool = False
) -> OutboundState:
    """Keep what was said about each recipient and how the letter stands now; the caller holds its row.

    What nobody took for days is given up. `doubt`: it may have been taken all the same.
    """
    given_up = clock.now() - outbound.queued_at >= GIVE_UP
    for address, answer in answers.items():
        _keep(outbound, address, answer, given_up=given_up)
    outbound.in_doubt = outbound.in_doubt or doubt
    outbound.handing_at = None
    _stand(outbound, answers, clock)
    outbound.save(
        update_fields=["state", "code", "detail", "next_try_at", "sent_at", "in_doubt", "handing_at", "claim"]
    )
    tell(outbound, clock)
    if outbound.state == OutboundState.FAILED:
        tell_people(outbound, clock)
    return OutboundState(outbound.state)


def again(outbound: Outbound, clock: Clock, *, doubt: bool = False) -> None:
    """The letter is due once more; the sweep hands it out."""
    outbound.state, outbound.next_try_at, outbound.claim = OutboundState.DEFERRED, clock.now(), None
    outbound.in_doubt, outbound.handing_at = outbound.in_doubt or doubt, None
    outbound.save(update_fields=["state", "next_try_at", "claim", "in_doubt", "handing_at"])
    tell(outbound, clock)


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many tries: 5 min, doubled each time, 4 h at most."""
    doubled: timedelta = FIRST_WAIT * 2 ** min(max(tries - 1, 0), 10)
    return min(doubled, LONGEST_WAIT)


def _keep(outbound: Outbound, address: str, answer: Answer, *, given_up: bool) -> None:
    state = _STATES.get(answer.fate, RecipientState.FAILED if given_up else RecipientState.WAITING)
    row = Recipient.objects.filter(outbound=outbound, address=address, state=RecipientState.WAITING)
    row.update(state=state, code=answer.code[:20], detail=answer.text[:500])


def _stand(outbound: Outbound, answers: Mapping[str, Answer], clock: Clock) -> None:
    """The state of the whole letter, of the worst of its recipients that counts now."""
    rows = list(Recipient.objects.filter(outbound=outbound))
    waiting = [row for row in rows if row.state == RecipientState.WAITING]
    failed = [row for row in rows if row.state in (RecipientState.FAILED, RecipientState.BOUNCED)]
    taken = any(row.state == RecipientState.SENT for row in rows)
    if taken and outbound.sent_at is None:
        outbound.sent_at = clock.now()
    outbound.next_try_at = None
    if waiting:
        outbound.state = OutboundState.DEFERRED
        outbound.next_try_at = clock.now() + wait_after(outbound.tries)
    elif failed:
        refused = any(row.state == RecipientState.FAILED for row in failed)
        outbound.state = OutboundState.FAILED if refused else OutboundState.BOUNCED
    else:
        outbound.state = OutboundState.SENT
    worst = next(iter(waiting or failed or rows), None)
    outbound.code, outbound.detail = (worst.code, worst.detail) if worst else ("", "")


def tell(outbound: Outbound, clock: Clock) -> None:
    """Announce how the letter stands now, in the transaction that is open."""
    outbox.emit(
        events.OUTBOUND_CHANGED,
        desk_id=outbound.mailbox.desk_id,
        topics=events.outbound_topics(outbound),
        data={
            "outbound": str(outbound.pk),
            "kind": str(outbound.kind),
            "state": str(outbound.state),
            "ticket": outbound.ticket.number if outbound.ticket else None,
            "code": outbound.code,
        },
        clock=clock,
    )


def tell_people(outbound: Outbound, clock: Clock) -> None:
    """A note in the ticket, which needs somebody again, when a person's letter did not arrive."""
    ticket, item = outbound.ticket, outbound.letter.item
    if outbound.kind not in PERSONAL_KINDS or ticket is None or item is None:
        return
    ticket.refresh_from_db()
    language = outbound.author.language if outbound.author else outbound.mailbox.language
    with translation.override(language):
        tickets.add_note(SYSTEM, ticket, _missed(outbound), clock=clock)
    if ticket.status in (StatusKind.WAITING_CUSTOMER, StatusKind.SOLVED):
        tickets.change(SYSTEM, ticket, status=StatusKind.OPEN, clock=clock)


def _missed(outbound: Outbound) -> str:
    lost = (RecipientState.FAILED, RecipientState.BOUNCED)
    lines = [
        _("The mail to %(address)s did not arrive: %(why)s")
        % {"address": one.address, "why": f"{one.code} {one.detail}".strip() or _("no reason was given")}
        for one in outbound.recipients.filter(state__in=lost)
    ]
    if outbound.in_doubt:
        lines.append(_("It may have arrived all the same: the connection broke at the last moment."))
    return "\n".join(lines)
