"""One letter out of the door: claimed, handed over, its fate kept. Exactly once as far as that can be known.

Whoever sends a letter claims its row by a conditional UPDATE, keeps the claim alive while the bytes go out, and writes
down that the other side is about to take it right before it can (docs/decisions/0011). A row whose claim ran out:

* nothing was about to be taken: it surely did not leave, and waits to be sent again;
* something was: it may have left. A person's letter is sent once more under the same Message-ID, by which the
  receiver's side can tell, and the row says so; a machine's letter is not.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.ids import new_id
from helpline.mail.models import Letter, Outbound, OutboundState, Recipient, RecipientState
from helpline.mail.outgoing import concluding, routes
from helpline.mail.outgoing.models import PERSONAL_KINDS, READY
from helpline.mail.outgoing.sheets import envelope_of
from helpline.mail.transports.envelope import Answer, Fate, Lost, Turn, Undelivered

log = logging.getLogger(__name__)

#: a claim that was not renewed for so long is of somebody who died
CLAIM: Final = timedelta(minutes=3)
#: when a server is out of order, its other letters wait so long
SHUT: Final = timedelta(minutes=2)
_RENEW: Final = timedelta(seconds=30)


def send(outbound_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> OutboundState:
    """Send the letter if it is due and nobody else does; how it stands then.

    Raises what the database raises when it cannot be used: the row waits for `recover`.
    """
    claim = new_id()
    if not _claimed(outbound_id, claim, clock):
        return OutboundState(Outbound.objects.values_list("state", flat=True).get(pk=outbound_id))
    outbound = _row(outbound_id)
    turn = _Turn(outbound, claim, clock)
    try:
        answers = _delivered(outbound, turn)
    except Lost:
        log.warning("mail %s was taken over by somebody else", outbound_id)
        return OutboundState.SENDING
    except Undelivered as error:
        return _undelivered(outbound, turn, error, clock)
    return _conclude(outbound, claim, answers, clock)


def _row(outbound_id: UUID) -> Outbound:
    wanted = Outbound.objects.select_related("letter__item", "mailbox__desk", "ticket", "author")
    return wanted.prefetch_related("letter__attachments").get(pk=outbound_id)


@transaction.atomic
def _claimed(outbound_id: UUID, claim: UUID, clock: Clock) -> bool:
    now = clock.now()
    due = Outbound.objects.filter(pk=outbound_id, state__in=READY, next_try_at__lte=now)
    return bool(
        due.update(
            state=OutboundState.SENDING,
            claim=claim,
            next_try_at=now + CLAIM,
            tries=F("tries") + 1,
            handing_at=None,
        )
    )


def _delivered(outbound: Outbound, turn: "_Turn") -> Mapping[str, Answer]:
    waiting = Recipient.objects.filter(outbound=outbound, state=RecipientState.WAITING)
    left = list(waiting.values_list("address", flat=True))
    if not left:
        return {}
    try:
        envelope = envelope_of(outbound, left)
    except FileNotFoundError as error:
        raise Undelivered(Answer(Fate.NEVER, "", "a file of this mail is gone"), sure=True) from error
    return routes.transport_of(outbound.mailbox).deliver(envelope, turn.handle())


class _Turn:
    """Our claim on the row while the bytes go out."""

    def __init__(self, outbound: Outbound, claim: UUID, clock: Clock) -> None:
        self._outbound, self.claim, self._clock = outbound, claim, clock
        self._renewed = clock.now()
        self.handed = False

    def handle(self) -> Turn:
        return Turn(keep=self._keep, hand=self._hand)

    def _keep(self) -> None:
        if self._clock.now() - self._renewed >= _RENEW:
            self._write()

    def _hand(self) -> None:
        self._write(handing_at=self._clock.now())
        self.handed = True

    def _write(self, **more: datetime) -> None:
        now = self._clock.now()
        ours = Outbound.objects.filter(pk=self._outbound.pk, state=OutboundState.SENDING, claim=self.claim)
        if not ours.update(next_try_at=now + CLAIM, **more):
            raise Lost
        self._renewed = now


def _undelivered(outbound: Outbound, turn: _Turn, error: Undelivered, clock: Clock) -> OutboundState:
    log.info("mail %s was not taken: %s", outbound.pk, error)
    doubt = turn.handed and not error.sure
    if error.everything:
        _hold_others_back(outbound, clock)
    waiting = Recipient.objects.filter(outbound=outbound, state=RecipientState.WAITING)
    answer = error.answer
    if doubt and outbound.kind not in PERSONAL_KINDS:
        answer = Answer(Fate.NEVER, answer.code, answer.text)
    answers = dict.fromkeys(waiting.values_list("address", flat=True), answer)
    return _conclude(outbound, turn.claim, answers, clock, doubt=doubt)


def _hold_others_back(outbound: Outbound, clock: Clock) -> None:
    """The server does not answer: letters of other mailboxes must not wait until each of these was tried."""
    now = clock.now()
    others = Outbound.objects.filter(mailbox=outbound.mailbox_id, state__in=READY, next_try_at__lte=now)
    others.update(next_try_at=now + SHUT)


@transaction.atomic
def _conclude(
    outbound: Outbound, claim: UUID, answers: Mapping[str, Answer], clock: Clock, *, doubt: bool = False
) -> OutboundState:
    concluding.hold(outbound)
    ours = Outbound.objects.filter(pk=outbound.pk, state=OutboundState.SENDING, claim=claim)
    if not ours.update(claim=None):
        log.warning("mail %s: what became of it was decided by somebody else", outbound.pk)
        return OutboundState.SENDING
    return concluding.conclude(outbound, answers, clock, doubt=doubt)


def recover(clock: Clock = SYSTEM_CLOCK) -> int:
    """Decide about letters whose sender died; how many."""
    dead = Outbound.objects.filter(state=OutboundState.SENDING, next_try_at__lt=clock.now())
    ids = list(dead.order_by("next_try_at").values_list("pk", "claim")[:100])
    return sum(_recovered(outbound_id, claim, clock) for outbound_id, claim in ids)


@transaction.atomic
def _recovered(outbound_id: UUID, claim: UUID | None, clock: Clock) -> bool:
    concluding.hold(_row(outbound_id))
    same = Outbound.objects.filter(
        pk=outbound_id, state=OutboundState.SENDING, claim=claim, next_try_at__lt=clock.now()
    )
    if not same.update(claim=None):
        return False
    outbound = _row(outbound_id)
    if outbound.handing_at is None:
        log.warning("mail %s: its sender died before it left; it waits again", outbound_id)
        concluding.again(outbound, clock)
    elif _was_seen(outbound):
        concluding.conclude(outbound, _all(outbound, Answer(Fate.TAKEN)), clock)
    elif outbound.kind in PERSONAL_KINDS:
        log.warning("mail %s: its sender died while it left; it is sent again", outbound_id)
        concluding.again(outbound, clock, doubt=True)
    else:
        log.warning("mail %s: its sender died while it left; it is not sent again", outbound_id)
        concluding.conclude(outbound, _all(outbound, Answer(Fate.NEVER)), clock, doubt=True)
    return True


def _all(outbound: Outbound, answer: Answer) -> Mapping[str, Answer]:
    left = outbound.recipients.filter(state=RecipientState.WAITING).values_list("address", flat=True)
    return dict.fromkeys(left, answer)


def _was_seen(outbound: Outbound) -> bool:
    """Somebody answered it, or reported it: then it arrived."""
    own = outbound.letter.message_id
    answers = Letter.objects.exclude(pk=outbound.letter_id).filter(Q(in_reply_to=own))
    if outbound.ticket is not None:
        answers = answers.filter(item__ticket=outbound.ticket)
    return answers.exists()
