"""Reports of mail systems, tied to the very letter they are about and to the recipient it did not reach."""

from collections.abc import Iterable

from helpline.core import outbox
from helpline.core.access import SYSTEM
from helpline.core.clock import Clock
from helpline.mail.incoming.reading import Reading
from helpline.mail.models import Inbound, Outbound, OutboundState, Recipient, RecipientState
from helpline.mail.outgoing import concluding
from helpline.mail.outgoing.models import PERSONAL_KINDS
from helpline.mail.parsing import bounce
from helpline.mail.parsing.machine import Machine
from helpline.mail.threading import naming
from helpline.tickets import actions as tickets
from helpline.tickets.models import StatusKind

_REPORTS = (Machine.BOUNCE.value, Machine.DELAYED.value)
#: of the ids a report names so many are looked up
_MOST_IDS = 50
#: a report counts only for what left, at least to somebody
_LEFT = (OutboundState.SENT, OutboundState.BOUNCED, OutboundState.FAILED, OutboundState.DEFERRED)


def tie(inbound: Inbound, reading: Reading, clock: Clock) -> Outbound | None:
    """Note on our letter what the report says of it, in the transaction that files the report; the letter, or None.

    Which letter it is says its Message-ID (RFC 3464 brings it along), which only those know who got it.
    """
    if reading.machine not in _REPORTS:
        return None
    # filing holds the ticket already: the order of concluding.hold
    outbox.take_turn()
    outbound = _letter_of(inbound, reading)
    if outbound is None:
        return None
    report = bounce.read(reading.message)
    told = report.recipients if report is not None else ()
    failed = [one for one in told if one.action == "failed"] or _plain(reading)
    delayed = [one for one in told if one.action == "delayed"]
    if failed:
        _came_back(outbound, failed, clock)
    elif delayed:
        _takes_longer(outbound, delayed, clock)
    return outbound


def _letter_of(inbound: Inbound, reading: Reading) -> Outbound | None:
    named = (*reading.reported, *reading.message.ancestors)[:_MOST_IDS]
    keys = [naming.key(one) for one in named]
    ours = Outbound.objects.filter(
        message_id__in=keys, mailbox__desk=inbound.mailbox.desk_id, state__in=_LEFT
    )
    wanted = ours.select_related("mailbox__desk", "ticket", "letter__item", "author")
    found = {one.message_id: one for one in wanted.select_for_update(of=("self",), no_key=True)}
    return next((found[key] for key in keys if key in found), None)


def _plain(reading: Reading) -> list[bounce.Recipient]:
    """A bounce in plain words names nobody; its code was found in the words."""
    if reading.machine != Machine.BOUNCE.value:
        return []
    code = str((reading.bounce or {}).get("code") or "")
    return [bounce.Recipient("", "failed", code, reading.message.subject)]


def _came_back(outbound: Outbound, failed: Iterable[bounce.Recipient], clock: Clock) -> None:
    rows = [_note(outbound, one, RecipientState.BOUNCED) for one in failed]
    worst = next((row for row in rows if row is not None), None)
    if worst is None:
        return
    if outbound.state != OutboundState.DEFERRED:
        outbound.state = OutboundState.BOUNCED
    outbound.code, outbound.detail = worst.code, worst.detail
    outbound.save(update_fields=["state", "code", "detail"])
    concluding.tell(outbound, clock)
    _needs_somebody(outbound, clock)


def _takes_longer(outbound: Outbound, delayed: Iterable[bounce.Recipient], clock: Clock) -> None:
    for one in delayed:
        _note(outbound, one, None)
    outbound.delayed_at = clock.now()
    outbound.save(update_fields=["delayed_at"])
    concluding.tell(outbound, clock)


def _note(outbound: Outbound, told: bounce.Recipient, state: RecipientState | None) -> Recipient | None:
    """The recipient the report means; mail that was handed on elsewhere comes back under another name."""
    rows = list(outbound.recipients.all())
    named = [row for row in rows if row.address == told.address.casefold()]
    meant = next(iter(named or (rows if len(rows) == 1 else ())), None)
    if meant is None:
        return None
    words = told.diagnostic or told.action
    meant.code, meant.detail = (
        told.code[:20],
        words[:500] if named else f"{told.address} {words}"[:500].strip(),
    )
    meant.state = state or meant.state
    meant.save(update_fields=["code", "detail", "state"])
    return meant


def _needs_somebody(outbound: Outbound, clock: Clock) -> None:
    """A person's letter came back: a ticket that waits for the answer to it would wait for ever."""
    ticket = outbound.ticket
    if outbound.kind not in PERSONAL_KINDS or ticket is None or outbound.letter.item is None:
        return
    ticket.refresh_from_db()
    if ticket.status in (StatusKind.WAITING_CUSTOMER, StatusKind.SOLVED):
        tickets.change(SYSTEM, ticket, status=StatusKind.OPEN, clock=clock)
