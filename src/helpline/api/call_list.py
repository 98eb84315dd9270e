"""The list of calls: filters and keyset paging."""

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from pydantic import Field

from helpline.api import shapes
from helpline.core.access import Actor
from helpline.core.errors import Invalid
from helpline.telephony import access
from helpline.telephony.models import Call, CallState


class CallFilters(shapes.Filters):
    """Every filter that is given narrows the list."""

    state: CallState | None = None
    queue: str | None = Field(None, description="Key of the queue")
    agent: str | None = Field(None, description="Username")
    from_: str | None = Field(None, alias="from", description="Number calling, or the end of it")
    since: datetime | None = Field(
        None, description="Started at this moment or later; UTC unless it says otherwise"
    )
    after: str = Field("", description="`after` of the page before")
    limit: int = Field(50, ge=1, le=200)


def page(actor: Actor, wanted: CallFilters) -> tuple[list[Call], str]:
    """Calls the actor may see, newest first, and what asks for the next page; one query."""
    calls = _narrowed(access.visible(actor), wanted)
    if wanted.after:
        moment, key = _read(wanted.after)
        calls = calls.filter(Q(started_at__lt=moment) | Q(started_at=moment, pk__lt=key))
    rows = list(
        calls.select_related("desk", "agent", "contact").order_by("-started_at", "-pk")[: wanted.limit + 1]
    )
    more = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    return rows, _marker(rows[-1]) if more else ""


def _narrowed(calls: QuerySet[Call], wanted: CallFilters) -> QuerySet[Call]:
    asked: dict[str, Any] = {
        "state": wanted.state,
        "queue_key": wanted.queue,
        "agent__username": wanted.agent,
        "from_number__endswith": wanted.from_,
        "started_at__gte": wanted.since,
    }
    return calls.filter(**{lookup: value for lookup, value in asked.items() if value is not None})


def _marker(call: Call) -> str:
    text = f"{call.started_at.isoformat()} {call.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(after: str) -> tuple[datetime, UUID]:
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        moment, _space, key = text.partition(" ")
        return datetime.fromisoformat(moment), UUID(key)
    except (ValueError, binascii.Error) as error:
        raise Invalid(
            _("This page of the list is not known."), code="after", help=_("Start again from the first page.")
        ) from error
