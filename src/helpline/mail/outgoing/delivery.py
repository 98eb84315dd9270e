"""How a letter of ours stands, shown on the very reply: waits, sent, tried again, came back; with what can be done."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpline.core.clock import SYSTEM as CLOCK
from helpline.mail.models import Outbound, OutboundKind, OutboundState, Recipient, RecipientState
from helpline.mail.outgoing.changes import RESENDABLE
from helpline.mail.queries import outbound_of
from helpline.mail.transports import folder
from helpline.tickets.models import Item

#: state -> kind of pill
PILLS = {
    OutboundState.HELD: "info",
    OutboundState.QUEUED: "info",
    OutboundState.SENDING: "info",
    OutboundState.SENT: "good",
    OutboundState.DEFERRED: "warn",
    OutboundState.BOUNCED: "bad",
    OutboundState.FAILED: "bad",
    OutboundState.UNDONE: "quiet",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A letter's fate in words. `missed` are those it did not reach, or not yet."""

    outbound: Outbound
    pill: str
    word: str | Promise
    kind: str | Promise
    missed: tuple[Recipient, ...]
    may_undo: bool
    may_resend: bool
    #: it lies in a folder of this machine: no way out is set up
    in_folder: bool


def delivery_of(outbound: Outbound) -> Delivery:
    """What the page shows; recipients are at hand."""
    state = OutboundState(outbound.state)
    recipients = tuple(outbound.recipients.all())
    in_folder = state == OutboundState.SENT and outbound.code == folder.CODE
    waits = outbound.next_try_at is not None and outbound.next_try_at > CLOCK.now()
    return Delivery(
        outbound=outbound,
        pill="quiet" if in_folder else PILLS[state],
        word=_("Kept in the outbox folder") if in_folder else state.label,
        kind="" if outbound.kind == OutboundKind.REPLY else OutboundKind(outbound.kind).label,
        missed=tuple(one for one in recipients if one.detail and _is_missed(one)),
        may_undo=state == OutboundState.HELD and waits,
        may_resend=state in RESENDABLE,
        in_folder=in_folder,
    )


def _is_missed(one: Recipient) -> bool:
    """Not reached, or not yet: a report of a delay leaves its code (RFC 3463, class 4) on who was sent to."""
    return one.state != RecipientState.SENT or one.code.startswith("4")


def render_delivery(item: Item, request: HttpRequest | None = None, *, may_work: bool = True) -> str:
    """The fate of the letter that this item is, as HTML; "" for an item that is none of ours.

    With the request all letters of the thread are read at once (two queries) and kept for it.
    """
    outbound = _letters(item, request).get(item.pk)
    if outbound is None:
        return ""
    found = {"delivery": delivery_of(outbound), "item": item, "may_work": may_work}
    return render_to_string("mail/delivery.html", found, request)


def _letters(item: Item, request: HttpRequest | None) -> dict[int, Outbound]:
    known: dict[int, dict[int, Outbound]] = getattr(request, "letters_out", {})
    if item.ticket_id not in known:
        known = {item.ticket_id: outbound_of(item.ticket)}
        if request is not None:
            request.letters_out = known  # type: ignore[attr-defined]  # kept for this request
    return known[item.ticket_id]
