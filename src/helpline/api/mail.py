"""The ledger of mail: every message that came in, and what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.responses import Status
from pydantic import Field

from helpline.api import shapes
from helpline.api.auth import asking
from helpline.api.interface import REFUSALS
from helpline.core.errors import NotFound
from helpline.mail import access, actions, queries, store
from helpline.mail.models import Inbound, Letter, Reason, Verdict

router = Router(tags=["mail"])


class LedgerFilters(shapes.Filters):
    """Every filter that is given narrows the list."""

    mailbox: str = Field("", description="Name of the mailbox")
    verdict: Verdict | None = None
    reason: Reason | None = None
    ticket: int | None = Field(None, description="Number of the ticket")
    message_id: str = Field("", max_length=1000)
    from_: str = Field("", alias="from", description="Address of the sender")
    machine: str = Field("", description="Kind of machine")
    text: str = Field("", max_length=120, description="Words of subject or sender")
    since: datetime | None = Field(
        None, description="Received at this moment or later; UTC unless it says otherwise"
    )
    after: str = Field("", description="`after` of the page before")
    limit: int = Field(50, ge=1, le=200)


@router.get(
    "",
    response={200: shapes.Inbounds, **REFUSALS},
    by_alias=True,
    summary="Mail that came in, the newest first",
)
def ledger(request: HttpRequest, wanted: Query[LedgerFilters]) -> Any:
    narrow = queries.Wanted(
        mailbox=wanted.mailbox,
        verdict=wanted.verdict or "",
        reason=wanted.reason or "",
        ticket=wanted.ticket,
        message_id=wanted.message_id,
        sender=wanted.from_,
        machine=wanted.machine,
        text=wanted.text,
        since=wanted.since,
    )
    page = queries.ledger(asking(request), narrow, wanted.after, wanted.limit)
    return {"items": [_shown(request, row) for row in page.rows], "after": page.next_after}


@router.get(
    "/{inbound_id}",
    response={200: shapes.Inbound, **REFUSALS},
    by_alias=True,
    summary="One message that came in",
)
def inbound_detail(request: HttpRequest, inbound_id: UUID) -> Any:
    return _shown(request, access.inbound(asking(request), inbound_id))


@router.get("/{inbound_id}/raw", response={200: None, **REFUSALS}, summary="The message as it came in")
def inbound_raw(request: HttpRequest, inbound_id: UUID) -> Any:
    row = access.inbound(asking(request), inbound_id)
    if row.raw_erased_at is not None:
        raise NotFound(_("The bytes of this message were erased."), code="erased")
    file = store.opened(row.sha256)
    return FileResponse(
        file, as_attachment=True, filename=f"{row.pk}.eml", content_type="application/octet-stream"
    )


@router.post(
    "/{inbound_id}/replay", response={202: shapes.Inbound, **REFUSALS}, by_alias=True, summary="File it again"
)
def inbound_replay(request: HttpRequest, inbound_id: UUID) -> Any:
    actor = asking(request)
    actions.replay(actor, access.inbound(actor, inbound_id))
    return Status(202, _shown(request, access.inbound(actor, inbound_id)))


def _shown(request: HttpRequest, row: Inbound) -> dict[str, Any]:
    letter = getattr(row, "letter", None)
    raw = request.build_absolute_uri(reverse("api:inbound_raw", args=[row.pk]))
    return {
        "id": row.pk,
        "received_at": row.received_at,
        "mailbox": row.mailbox.name,
        "verdict": row.verdict,
        "reason": row.reason,
        "joined_by": row.joined_by,
        "ticket": row.ticket.number if row.ticket else None,
        "follows": row.follows.number if row.follows else None,
        "message_id": letter.message_id if letter and letter.message_id else _bracketed(row.message_id),
        "from": row.sender,
        "subject": row.subject,
        "machine": row.machine or None,
        "bounce": row.bounce,
        "trust": row.trust or None,
        "junk": _points(row),
        "oddities": row.oddities,
        "trace": row.trace,
        "size": row.size,
        "sha256": row.sha256,
        "raw": None if row.raw_erased_at else raw,
        **_said(letter),
    }


def _points(row: Inbound) -> dict[str, Any] | None:
    if row.junk is None and not row.judged:
        return None
    found = row.junk or {"points": 0.0, "reasons": []}
    reasons = [{"code": code, "points": points} for code, points in found["reasons"]]
    return {"points": found["points"], "reasons": reasons, "judged": row.judged}


def _bracketed(message_id: str) -> str:
    return f"<{message_id}>" if message_id else ""


def _said(letter: Letter | None) -> dict[str, Any]:
    """What the message says; a duplicate, or one that could not be read, says nothing."""
    if letter is None:
        nothing: list[Any] = []
        return {
            "from_name": "",
            "to": nothing,
            "sent_at": None,
            "text": "",
            "quoted": "",
            "html": "",
            "attachments": nothing,
        }
    return {
        "from_name": letter.sender_name,
        "to": [address for _name, address in letter.to],
        "sent_at": letter.sent_at,
        "text": letter.text,
        "quoted": letter.quoted,
        "html": letter.html,
        "attachments": [
            {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256}
            for one in letter.attachments.all()
        ],
    }
