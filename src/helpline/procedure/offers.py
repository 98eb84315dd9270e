"""What this room adds to the shell and to pages of rooms below."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from helpline.core import registry
from helpline.core.access import Role
from helpline.people.access import actor
from helpline.procedure import queries
from helpline.procedure.panel import panel
from helpline.telephony.models import CallState
from helpline.tickets.models import Ticket


def beside_ticket(request: HttpRequest, ticket: Ticket) -> str:
    """The panel of the call the ticket is worked on in, the record of its last call afterwards, or nothing."""
    run = queries.run_of_ticket(ticket)
    if run is None or not actor(request).works_at(run.call.desk_id):
        return ""
    if not queries.in_hand(run):
        return _record(request, run.call_id, (run.call_id,), "procedure/record_panel.html")
    return render_to_string("procedure/panel.html", {"panel": panel(actor(request), run)}, request=request)


def in_thread(request: HttpRequest, entry: Any) -> str:
    """How the procedure was followed, below the call in the thread of a ticket."""
    call_id = getattr(entry, "item", entry).call_id
    of_thread = getattr(entry, "thread_call_ids", ()) or (call_id,)
    return _record(request, call_id, of_thread, "procedure/record.html")


def beside_call(request: HttpRequest, call: Any) -> str:
    """The same beside the call's own page, where a call is worked on until its ticket is chosen."""
    run = queries.run_of_call(call.summary.id) if call.summary.state != CallState.ENDED else None
    if run is not None and queries.in_hand(run) and actor(request).works_at(run.call.desk_id):
        return render_to_string(
            "procedure/panel.html", {"panel": panel(actor(request), run)}, request=request
        )
    return _record(request, call.summary.id, (call.summary.id,), "procedure/record_panel.html")


def _record(request: HttpRequest, call_id: UUID, with_them: Collection[UUID], template: str) -> str:
    """The record of a call; those of `with_them` are read at once and kept for this request."""
    known: dict[UUID, queries.StepRecord | None] = getattr(request, "procedure_records", {})
    if call_id not in known:
        found = queries.records_of(with_them)
        known = known | {one: found.get(one) for one in with_them}
        request.procedure_records = known  # type: ignore[attr-defined]  # kept for this request
    record = known.get(call_id)
    return render_to_string(template, {"record": record}, request=request) if record else ""


def register() -> None:
    """Called once when the program starts."""
    registry.panels("ticket.side").register("procedure", beside_ticket, order=10)
    registry.panels("ticket.item.call").register("procedure", in_thread, order=50)
    registry.panels("call.side").register("procedure", beside_call, order=10)
    registry.navigation.register(
        "procedures",
        registry.NavItem(_("Procedures"), "procedure:list", "list-check", frozenset(Role)),
        order=80,
    )
