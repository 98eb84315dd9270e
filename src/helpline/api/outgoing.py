"""Mail that goes out: every letter of ours and what became of it; answers to tickets."""

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.responses import Status
from pydantic import Field

from helpline.api import shapes
from helpline.api.auth import asking
from helpline.api.interface import REFUSALS
from helpline.core.errors import Invalid
from helpline.mail import access, actions, queries
from helpline.mail.models import Letter, Outbound, OutboundKind, OutboundState
from helpline.tickets import access as tickets_access
from helpline.tickets.models import Ticket

router = Router(tags=["mail"])
answers = Router(tags=["tickets"])


class SentFilters(shapes.Filters):
    """Every filter that is given narrows the list."""

    mailbox: str = Field("", description="Name of the mailbox")
    kind: OutboundKind | None = None
    state: OutboundState | None = None
    ticket: int | None = Field(None, description="Number of the ticket")
    to: str = Field("", max_length=320, description="Address of a recipient, copies too")
    message_id: str = Field("", max_length=1000)
    in_reply_to: str = Field("", max_length=1000, description="Message-ID of the mail that was answered")
    code: str = Field("", max_length=20, description="As the mail server said it")
    text: str = Field("", max_length=120, description="Words of subject or address")
    since: datetime | None = Field(
        None, description="Written at this moment or later; UTC unless it says otherwise"
    )
    after: str = Field("", description="`after` of the page before")
    limit: int = Field(50, ge=1, le=200)


@router.get("", response={200: shapes.Outbounds, **REFUSALS}, summary="Mail that goes out, the newest first")
def sent(request: HttpRequest, wanted: Query[SentFilters]) -> Any:
    given = wanted.dict(exclude={"after", "limit", "kind", "state"})
    narrow = queries.SentWanted(kind=wanted.kind or "", state=wanted.state or "", **given)
    page = queries.sent(asking(request), narrow, wanted.after, wanted.limit)
    return {"items": [_shown(row) for row in page.rows], "after": page.next_after}


@router.get("/{outbound_id}", response={200: shapes.Outbound, **REFUSALS}, summary="One mail that goes out")
def outbound_detail(request: HttpRequest, outbound_id: UUID) -> Any:
    return _shown(access.outbound(asking(request), outbound_id))


@router.post(
    "/{outbound_id}/undo",
    response={200: shapes.Outbound, **REFUSALS},
    summary="Take it back while it is held",
)
def outbound_undo(request: HttpRequest, outbound_id: UUID) -> Any:
    actor = asking(request)
    actions.undo(actor, access.outbound(actor, outbound_id))
    return _shown(access.outbound(actor, outbound_id))


@router.post(
    "/{outbound_id}/resend",
    response={202: shapes.Outbound, **REFUSALS},
    summary="Send it once more to those whom it did not reach",
)
def outbound_resend(request: HttpRequest, outbound_id: UUID) -> Any:
    actor = asking(request)
    actions.resend(actor, access.outbound(actor, outbound_id))
    return Status(202, _shown(access.outbound(actor, outbound_id)))


@answers.post(
    "/{number}/reply",
    response={201: shapes.Outbound, **REFUSALS},
    summary="Write a mail to the customer, or to whom you name",
)
def reply(request: HttpRequest, number: int, new: shapes.NewReply) -> Any:
    actor = asking(request)
    ticket = tickets_access.ticket(actor, number)
    outbound = actions.queue_reply(
        actor,
        ticket,
        html=new.html,
        text=new.text,
        to=new.to or None,
        cc=new.cc,
        subject=new.subject,
        attachments=[_file(one) for one in new.attachments],
        kind=OutboundKind(new.kind),
        in_reply_to=_letter(ticket, new.in_reply_to) if new.in_reply_to else None,
        hold_seconds=new.hold_s,
        then_status=new.status,
    )
    return Status(201, _shown(access.outbound(actor, outbound.pk)))


def _letter(ticket: Ticket, message_id: str) -> Letter:
    found = Letter.objects.filter(
        item__ticket=ticket, message_id=f"<{message_id.strip().strip('<>')}>"
    ).first()
    if found is None:
        raise Invalid(_("The ticket has no mail with this id."), code="in_reply_to")
    return found


def _file(given: shapes.NewFile) -> actions.OutgoingFile:
    try:
        content = base64.b64decode(given.content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(_("The file “%s” is not in base64.") % given.name, code="base64") from error
    return actions.OutgoingFile.keep(given.name, given.type, content, given.content_id)


def _shown(row: Outbound) -> dict[str, Any]:
    letter = row.letter
    return {
        "id": row.pk,
        "created_at": row.created_at,
        "sent_at": row.sent_at,
        "mailbox": row.mailbox.name,
        "ticket": row.ticket.number if row.ticket else None,
        "author": row.author.username if row.author else None,
        "kind": row.kind,
        "state": row.state,
        "code": row.code,
        "detail": row.detail,
        "in_doubt": row.in_doubt,
        "tries": row.tries,
        "next_try_at": row.next_try_at,
        "delayed_at": row.delayed_at,
        "message_id": letter.message_id,
        "in_reply_to": letter.in_reply_to or None,
        "to": [address for _name, address in letter.to],
        "cc": [address for _name, address in letter.cc],
        "recipients": [
            {"address": one.address, "state": one.state, "code": one.code, "detail": one.detail}
            for one in row.recipients.all()
        ],
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "attachments": [
            {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256}
            for one in letter.attachments.all()
        ],
    }
