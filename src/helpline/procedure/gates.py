"""Gates: who the caller is, before anything sensitive; a proper end, before a problem counts as done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from helpline.core import audit
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid, NotFound
from helpline.customers.models import Asset
from helpline.people.models import Presence
from helpline.procedure import access, events, notes, runs
from helpline.procedure.document import CLOSING, IDENTITY
from helpline.procedure.models import CallRun, GatePass, RunTicket
from helpline.telephony.models import Call
from helpline.tickets import actions as ticket_actions
from helpline.tickets.models import StatusKind, Ticket

#: statuses that say the problem is over
OVER = frozenset({StatusKind.SOLVED, StatusKind.CLOSED})


class GateShut(Conflict):
    """Something must be true first; the help says what."""

    default_code = "gate_shut"


@transaction.atomic
def pass_gate(
    actor: Actor, run: CallRun, gate: str, how: str, *, clock: Clock = SYSTEM_CLOCK, **data: Any
) -> GatePass:
    """Pass a gate in one of its ways; passing it again changes nothing.

    identity takes no data. closing takes, for `solved`: validated (the caller confirmed it); for
    `next_steps_told`: ticket_told, next_steps and due_at (aware, in the future), which becomes a promise.
    Raises GateShut with what helps when the facts are missing, Invalid for an unknown gate or way.
    """
    access.require_writer(actor, run)
    document = runs.document(run_version=run.version.document)
    known = next((found for found in document.gates if found.key == gate), None)
    if known is None or how not in {way.key for way in known.ways}:
        raise Invalid(_("There is no such way through a gate."), code="unknown_gate")
    if gate == CLOSING:
        return _close_problem(actor, run, how, data, clock)
    if gate == IDENTITY and run.call.contact_id is None:
        raise GateShut(
            _("It is not known yet who calls."),
            help=_("Choose the caller in the first step, then prove that it is them."),
        )
    proof = {"contact_id": run.call.contact_id} if gate == IDENTITY else {}
    return _passed(actor, run, gate, how, None, proof, clock)


def _passed(
    actor: Actor,
    run: CallRun,
    gate: str,
    how: str,
    ticket: Ticket | None,
    data: Mapping[str, Any],
    clock: Clock,
) -> GatePass:
    found, made = GatePass.objects.get_or_create(
        run=run,
        gate=gate,
        ticket=ticket,
        defaults={"how": how, "by_id": actor.user_id, "at": clock.now(), "data": dict(data)},
    )
    if made:
        facts = {"gate": gate, "how": how, "ticket": ticket.number if ticket else None}
        audit.record(
            actor, "pass_gate", "call", run.call_id, desk_id=run.call.desk_id, changes=facts, clock=clock
        )
        runs.tell(run, events.GATE_PASSED, clock, **facts)
    return found


def _close_problem(actor: Actor, run: CallRun, how: str, data: Mapping[str, Any], clock: Clock) -> GatePass:
    problem = runs.settle_ticket(actor, run, clock=clock)
    known = GatePass.objects.filter(run=run, gate=CLOSING, ticket=problem.ticket).first()
    if known:
        return known
    if how == "solved":
        _must_be_validated(data)
        found = _passed(actor, run, CLOSING, how, problem.ticket, {"validated": True}, clock)
        notes.write(actor, problem, clock)
        if problem.ticket.status not in OVER:
            ticket_actions.change(actor, problem.ticket, clock=clock, status=StatusKind.SOLVED)
    else:
        next_steps, due_at = _told(data, clock)
        facts = {"next_steps": next_steps, "due_at": due_at.isoformat()}
        found = _passed(actor, run, CLOSING, how, problem.ticket, facts, clock)
        notes.write(actor, problem, clock)
        ticket_actions.make_promise(actor, problem.ticket, next_steps, due_at, run.call_id, clock=clock)
    RunTicket.objects.filter(pk=problem.pk).update(closing="solved" if how == "solved" else "unsolved")
    return found


def _must_be_validated(data: Mapping[str, Any]) -> None:
    if data.get("validated") is not True:
        raise GateShut(
            _("Solved means that the caller says so."),
            help=_("Ask whether it works as they want it. If not, tell number, next steps and time."),
        )


def _told(data: Mapping[str, Any], clock: Clock) -> tuple[str, datetime]:
    """Next steps and the moment promised. Raises GateShut naming the first fact that is missing."""
    next_steps = str(data.get("next_steps") or "").strip()
    due_at = data.get("due_at")
    if data.get("ticket_told") is not True:
        raise GateShut(
            _("The caller does not know the ticket number yet."), help=_("Tell them, and tick it off.")
        )
    if not next_steps:
        raise GateShut(
            _("The caller does not know what happens next."),
            help=_("Write down in one line what you told them."),
        )
    if len(next_steps) > 250:
        raise GateShut(_("The next steps are too long."), help=_("At most 250 characters."))
    if not isinstance(due_at, datetime) or due_at.tzinfo is None:
        raise GateShut(
            _("The caller does not know until when."), help=_("Give the time you promised; it must hold.")
        )
    if due_at <= clock.now():
        raise GateShut(
            _("A time that is over cannot be promised."), help=_("Give an honest time in the future.")
        )
    return next_steps, due_at


def passed(call_id: UUID, gate: str) -> bool:
    """True when the gate was passed in this call, for any ticket."""
    return GatePass.objects.filter(run__call_id=call_id, gate=gate).exists()


def require_gate(call: Call, gate: str) -> None:
    """Raise GateShut unless the gate was passed in this call."""
    if passed(call.pk, gate):
        return
    if gate == IDENTITY:
        raise GateShut(
            _("The caller's identity is not proved yet."),
            help=_("Prove it in one of the ways of the first step, then try again."),
        )
    raise GateShut(
        _("The call is not properly closed yet."),
        help=_("Ask whether it is solved, or tell number, next steps and time."),
    )


def require_act(run: CallRun, act: str) -> None:
    """Raise GateShut unless the gate that protects a sensitive act was passed."""
    gate = runs.document(run_version=run.version.document).guards(act)
    if gate is not None:
        require_gate(run.call, gate.key)


@transaction.atomic
def reveal_licence(actor: Actor, run: CallRun, asset_id: int, *, clock: Clock = SYSTEM_CLOCK) -> Asset:
    """The licence of one of the caller's assets, kept in the audit. Raises GateShut, NotFound."""
    access.require_writer(actor, run)
    require_act(run, "reveal_licence")
    contact = run.call.contact
    asset = Asset.objects.filter(pk=asset_id).select_related("contact", "organisation").first()
    if contact is None or asset is None or not _belongs(asset, contact.pk, contact.organisation_id):
        raise NotFound(_("The caller has no such asset."))
    facts = {"act": "reveal_licence", "asset": asset.tag}
    audit.record(
        actor, "reveal_licence", "call", run.call_id, desk_id=run.call.desk_id, changes=facts, clock=clock
    )
    runs.tell(run, events.SENSITIVE_ACT, clock, **facts)
    return asset


def _belongs(asset: Asset, contact_id: int, organisation_id: int | None) -> bool:
    if asset.contact_id is not None:
        return asset.contact_id == contact_id
    return asset.organisation_id is not None and asset.organisation_id == organisation_id


@transaction.atomic
def close_run(actor: Actor, run: CallRun, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The call is complete: every ticket of it was closed properly. Raises GateShut naming those that were not."""
    access.require_writer(actor, run)
    problems = list(run.problems.select_related("ticket"))
    still_open = [str(problem.ticket.number) for problem in problems if not problem.closing]
    if still_open or not problems:
        raise GateShut(
            _("Not yet closed: %(tickets)s.") % {"tickets": ", ".join(still_open) or _("the call")},
            help=_("Ask whether it is solved, or tell number, next steps and time."),
        )
    finish(run, clock)


def finish(run: CallRun, clock: Clock) -> None:
    """Mark a run complete whose problems were all closed properly."""
    solved = not run.problems.exclude(closing="solved").exists()
    run.closing = "solved" if solved else "unsolved"
    run.closed_at = clock.now()
    run.save(update_fields=["closing", "closed_at"])
    runs.stop_time(run, clock)
    runs.tell(run, events.RUN_CLOSED, clock, closing=run.closing)


def open_closings(run: CallRun) -> list[Ticket]:
    """Tickets of the call that were not closed properly."""
    return [problem.ticket for problem in run.problems.select_related("ticket").filter(closing="")]


def guard_solving(actor: Actor, ticket: Ticket, changes: Mapping[str, Any], **_facts: object) -> None:
    """Hook of `tickets`: while the call is in the agent's hands, solving needs the closing gate (row A12).

    Raises GateShut. Afterwards a ticket is solved by the usual work on it.
    """
    if str(changes.get("status", "")) not in OVER or actor.user_id is None:
        return
    in_hand = Presence.objects.filter(user_id=actor.user_id, call_id__isnull=False).values("call_id")
    unclosed = RunTicket.objects.filter(ticket=ticket, run__call__in=in_hand, run__closed_at=None)
    for problem in unclosed.select_related("run"):
        if not GatePass.objects.filter(run=problem.run, gate=CLOSING, ticket=ticket).exists():
            raise GateShut(
                _("The caller is still with you: close the call first."),
                help=_("Step Goodbye: the caller confirms that it is solved."),
            )
