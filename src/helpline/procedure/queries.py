"""Readers of procedures and runs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.together import together
from helpline.people.models import Presence
from helpline.procedure.document import IDENTITY
from helpline.procedure.gates import open_closings
from helpline.procedure.models import CallRun, GatePass, RunTicket, StepTime
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
    "records_of",
    "run_of_call",
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
    """The record of a call's procedure, None without one; one query."""
    return records_of([call_id], clock=clock).get(call_id)


def records_of(call_ids: Collection[UUID], *, clock: Clock = SYSTEM_CLOCK) -> dict[UUID, StepRecord]:
    """The records of the calls that followed a procedure; one query, whatever their number."""
    runs = CallRun.objects.filter(call__in=call_ids).select_related("version__procedure")
    times = StepTime.objects.filter(run__call__in=call_ids).order_by("pk")
    proofs = GatePass.objects.filter(run__call__in=call_ids, gate=IDENTITY).order_by("pk")
    unclosed = RunTicket.objects.filter(run__call__in=call_ids, closing="").select_related("ticket")
    unclosed = unclosed.order_by("opened_at", "pk")
    together(runs, times, proofs, unclosed)
    return {run.call_id: _record(run, times, proofs, unclosed, clock.now()) for run in runs}


def _record(
    run: CallRun,
    all_times: Iterable[StepTime],
    proofs: Iterable[GatePass],
    unclosed: Iterable[RunTicket],
    now: datetime,
) -> StepRecord:
    times = [stay for stay in all_times if stay.run_id == run.pk]
    spent = []
    for step in parse(run.version.document).steps:
        stays = [stay for stay in times if stay.step == step.key]
        seconds = sum(((stay.ended_at or now) - stay.started_at).total_seconds() for stay in stays)
        spent.append(StepSpent(step.key, step.title, Decimal(str(round(seconds, 3))), len(stays)))
    return StepRecord(
        procedure=run.version.procedure.name,
        version=run.version.number,
        steps=tuple(spent),
        identity=next((proof.how for proof in proofs if proof.run_id == run.pk), ""),
        closing=run.closing,
        closed_at=run.closed_at,
        open_tickets=tuple(problem.ticket.number for problem in unclosed if problem.run_id == run.pk),
    )


def in_hand(run: CallRun) -> bool:
    """True while the call goes on or an agent finishes its work; afterwards the record tells it all."""
    if run.closed_at is not None:
        return False
    return run.call.state != CallState.ENDED or Presence.objects.filter(call_id=run.call_id).exists()


def run_of_call(call_id: UUID) -> CallRun | None:
    """The run of a call; None when it follows no procedure (one query)."""
    return (
        CallRun.objects.filter(call_id=call_id)
        .select_related(
            "version__procedure", "call__desk", "call__contact", "call__agent", "ticket__category"
        )
        .first()
    )


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
