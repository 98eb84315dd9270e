"""Readers of procedures and runs."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.people.models import Presence
from helpline.procedure.gates import open_closings
from helpline.procedure.models import CallRun
from helpline.procedure.panel import Panel, panel
from helpline.procedure.parsing import parse
from helpline.telephony.models import CallState
from helpline.tickets.models import Ticket

__all__ = [
    "Panel",
    "StepRecord",
    "StepSpent",
    "in_hand",
    "open_closings",
    "panel",
    "record_of",
    "run_of_ticket",
]


@dataclass(frozen=True, slots=True)
class StepSpent:
    """Time spent in a step, all stays together, in seconds."""

    key: str
    title: str
    seconds: Decimal
    visits: int


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is kept of the procedure of a call. `closing`: "" (open) | solved | unsolved."""

    procedure: str
    version: int
    steps: tuple[StepSpent, ...]
    #: how the identity was proved, empty when it was not
    identity: str
    closing: str
    closed_at: datetime | None
    #: numbers of the tickets that were not closed properly
    open_tickets: tuple[int, ...]


def record_of(call_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> StepRecord | None:
    """The record of a call's procedure, None without one; four queries."""
    run = CallRun.objects.filter(call_id=call_id).select_related("version__procedure").first()
    if run is None:
        return None
    now = clock.now()
    times = list(run.step_times.all())
    spent = []
    for step in parse(run.version.document).steps:
        stays = [stay for stay in times if stay.step == step.key]
        seconds = sum(((stay.ended_at or now) - stay.started_at).total_seconds() for stay in stays)
        spent.append(StepSpent(step.key, step.title, Decimal(str(round(seconds, 3))), len(stays)))
    identity = run.gate_passes.filter(gate="identity").values_list("how", flat=True).first()
    return StepRecord(
        procedure=run.version.procedure.name,
        version=run.version.number,
        steps=tuple(spent),
        identity=identity or "",
        closing=run.closing,
        closed_at=run.closed_at,
        open_tickets=tuple(ticket.number for ticket in open_closings(run)),
    )


def in_hand(run: CallRun) -> bool:
    """True while the call goes on or an agent finishes its work; afterwards the record tells it all."""
    if run.closed_at is not None:
        return False
    return run.call.state != CallState.ENDED or Presence.objects.filter(call_id=run.call_id).exists()


def run_of_ticket(ticket: Ticket) -> CallRun | None:
    """The latest run in which the ticket is worked on, or is likely to be."""
    return (
        CallRun.objects.filter(ticket=ticket)
        .select_related(
            "version__procedure", "call__desk", "call__contact", "call__agent", "ticket__category"
        )
        .order_by("-opened_at")
        .first()
    )
