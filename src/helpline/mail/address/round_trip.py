"""The round trip: a real message goes out through the mailbox's own way, comes back as a ticket, and its answer too.

    queued -> sent -> received -> filed -> answer_queued -> answer_sent -> answer_received -> joined

A test message is known by a proof of ours in its text, which no server on the way changes, so that nobody else can
write one; it makes no contact and gets no automatic answer. The ticket is closed at the end. That a letter was sent is
written at the letter (Outbound), not here.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpline.core import audit
from helpline.core.access import SYSTEM, Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict
from helpline.mail.access import ADDRESS_TESTERS
from helpline.mail.address.actions import tell
from helpline.mail.address.marks import mark
from helpline.mail.models import (
    CheckState,
    Inbound,
    JoinedBy,
    Mailbox,
    Outbound,
    OutboundKind,
    OutboundState,
    RoundTrip,
    Verdict,
)
from helpline.mail.outgoing import queueing
from helpline.mail.threading import own_ids, proof
from helpline.tickets import actions as tickets
from helpline.tickets.models import StatusKind, Ticket

STEPS: Final = (
    "queued",
    "sent",
    "received",
    "filed",
    "answer_queued",
    "answer_sent",
    "answer_received",
    "joined",
)
PATIENCE: Final = timedelta(minutes=15)
GIVE_UP_EVERY_S: Final = 30.0
_FIRST, _ANSWER = 1, 2
_SURE: Final = frozenset({JoinedBy.OWN_ID, JoinedBy.PLUS_ADDRESS})


@transaction.atomic
def start(actor: Actor, mailbox: Mailbox, *, clock: Clock = SYSTEM_CLOCK) -> RoundTrip:
    """Send the first message. Raises Conflict while a test of this mailbox is under way."""
    require(actor, mailbox.desk_id, *ADDRESS_TESTERS)
    Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    if RoundTrip.objects.filter(mailbox=mailbox, state=CheckState.RUNNING).exists():
        raise Conflict(
            gettext_lazy("A test of this mailbox is under way."),
            code="running",
            help=gettext_lazy("Wait for it to end."),
        )
    now = clock.now()
    trip = RoundTrip.objects.create(mailbox=mailbox, asked_at=now, until=now + PATIENCE)
    audit.record(actor, "round_trip", "mailbox", mailbox.pk, desk_id=mailbox.desk_id, clock=clock)
    _send(trip, _FIRST, "", clock)
    return trip


def _send(trip: RoundTrip, leg: int, answers: str, clock: Clock) -> None:
    mailbox = trip.mailbox
    with translation.override(mailbox.language):
        subject = _("Test of the mailbox %(name)s") % {"name": mailbox.name}
        text = _("This message tests whether mail to %(address)s arrives. Nothing has to be done.")
        text %= {"address": mailbox.address}
    outbound = queueing.queue_notice(
        mailbox,
        mailbox.address,
        subject,
        f"{text}\n\n{mark(trip.pk, leg)}\n",
        kind=OutboundKind.TEST,
        answers=answers,
        clock=clock,
    )
    trip.letters[str(leg)] = str(outbound.pk)
    _step(trip, "queued" if leg == _FIRST else "answer_queued", clock)


def came_back(inbound: Inbound, trip_id: UUID, leg: int, clock: Clock) -> None:
    """A test message was filed; called in the transaction that files it."""
    trip = _running(trip_id)
    if trip is None:
        return
    if leg == _FIRST:
        _first_is_back(trip, inbound, clock)
    else:
        _answer_is_back(trip, inbound, clock)


def _first_is_back(trip: RoundTrip, inbound: Inbound, clock: Clock) -> None:
    if "filed" in trip.steps:
        return  # the server gave it twice
    trip.inbound = inbound
    trip.steps.setdefault("received", inbound.received_at.isoformat())
    if inbound.verdict != Verdict.TICKET or inbound.ticket is None:
        _fail(trip, "not_filed", str(inbound.get_reason_display()), clock)
        return
    trip.ticket = inbound.ticket
    _step(trip, "filed", clock)
    host = trip.mailbox.address.rpartition("@")[2]
    _send(trip, _ANSWER, proof.message_id(own_ids.key(), inbound.ticket.number, 0, host), clock)


def _answer_is_back(trip: RoundTrip, inbound: Inbound, clock: Clock) -> None:
    trip.steps.setdefault("answer_received", inbound.received_at.isoformat())
    same = inbound.ticket_id is not None and inbound.ticket_id == trip.ticket_id
    if inbound.verdict != Verdict.REPLY or not same or inbound.joined_by not in _SURE:
        _fail(trip, "not_joined", str(inbound.get_reason_display()), clock)
        return
    trip.state, trip.finished_at = CheckState.DONE, clock.now()
    _step(trip, "joined", clock)
    _close(trip, clock)


def _close(trip: RoundTrip, clock: Clock) -> None:
    ticket = Ticket.objects.filter(pk=trip.ticket_id).first() if trip.ticket_id else None
    if ticket is not None:
        tickets.change(SYSTEM, ticket, status=StatusKind.CLOSED, clock=clock)


def _running(trip_id: UUID) -> RoundTrip | None:
    rows = RoundTrip.objects.filter(pk=trip_id, state=CheckState.RUNNING)
    return rows.select_related("mailbox__desk").select_for_update(of=("self",)).first()


@transaction.atomic
def _step(trip: RoundTrip, name: str, clock: Clock) -> None:
    trip.steps.setdefault(name, clock.now().isoformat())
    trip.save()
    tell(trip.mailbox, clock)


def _fail(trip: RoundTrip, trouble: str, detail: str, clock: Clock) -> None:
    trip.state, trip.trouble, trip.detail = CheckState.FAILED, trouble, detail[:500]
    trip.finished_at = clock.now()
    trip.save()
    if trip.ticket_id:
        _close(trip, clock)
    tell(trip.mailbox, clock)


def give_up(clock: Clock = SYSTEM_CLOCK) -> None:
    """What could not be sent, or has not come back in time, does not come back; a duty of the worker."""
    for row in RoundTrip.objects.filter(state=CheckState.RUNNING):
        lost = unsent(row)
        if lost is None and row.until >= clock.now():
            continue
        with transaction.atomic():
            trip = _running(row.pk)
            if trip is not None:
                _fail(trip, *(("not_sent", lost.detail or lost.code) if lost else ("late", "")), clock)


def unsent(trip: RoundTrip) -> Outbound | None:
    """The letter of the trip that could not be sent, or came back undelivered."""
    gone = Outbound.objects.filter(pk__in=trip.letters.values())
    return gone.filter(state__in=(OutboundState.FAILED, OutboundState.BOUNCED)).first()
