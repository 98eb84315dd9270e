"""The run of a procedure in a call: opening it, its steps and their times, its answers and tickets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from helpline.core import outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.customers.models import Contact
from helpline.people import access as people_access
from helpline.people.models import User
from helpline.procedure import access, answers, events, publishing, selection
from helpline.procedure.document import IDENTITY, Document, Per, Step, Tick
from helpline.procedure.models import CallRun, GatePass, Procedure, RunTicket, StepTime
from helpline.procedure.parsing import parse
from helpline.telephony import actions as telephony_actions
from helpline.telephony import guests
from helpline.telephony.models import Call
from helpline.tickets import actions as ticket_actions
from helpline.tickets import queries as ticket_queries
from helpline.tickets.models import Ticket


@transaction.atomic
def open_run(call: Call, user: User | None, *, clock: Clock = SYSTEM_CLOCK) -> CallRun | None:
    """Open the procedure of a call when it is offered; the run there already is, when it was offered before.

    None for a call that belongs to no desk. A desk without a fitting procedure gets the default one.
    """
    if call.desk is None:
        return None
    known = CallRun.objects.filter(call=call).first()
    if known:
        return known
    version = publishing.latest(_procedure(call, clock))
    run = CallRun.objects.create(
        call=call,
        version=version,
        ticket=_likely_ticket(call),
        step=document(run_version=version.document).steps[0].key,
        opened_at=clock.now(),
    )
    tell(run, events.RUN_OPENED, clock, user_id=user.pk if user else None)
    return run


def document(*, run_version: Any) -> Document:
    """The checked document of a version's JSON."""
    return parse(run_version)


def _procedure(call: Call, clock: Clock) -> Procedure:
    assert call.desk is not None
    published = Procedure.objects.filter(desk=call.desk, versions__isnull=False).distinct()
    chosen = selection.choose(published.select_related("queue"), call.queue_key, call.language)
    return chosen or publishing.create_default(call.desk, call.language, clock=clock)


def _likely_ticket(call: Call) -> Ticket | None:
    """The ticket the call is glued to, else the caller's live ticket that moved last: an open one comes first."""
    glued = ticket_queries.tickets_of_call(call.pk)
    if glued or call.contact is None:
        return glued[-1] if glued else None
    return ticket_queries.live_tickets_of(call.contact).first()


def tell(run: CallRun, kind: str, clock: Clock, **data: Any) -> None:
    """Write an outbox event about the run."""
    outbox.emit(
        kind,
        desk_id=run.call.desk_id,
        topics=events.call_topics(run.call_id),
        data={"call_id": str(run.call_id), **data},
        clock=clock,
    )


@transaction.atomic
def begin(call: Call, user: User, *, clock: Clock = SYSTEM_CLOCK) -> CallRun | None:
    """The agent and the caller can hear each other: the time of the first step starts, and a caller without
    a live ticket gets one. A colleague who takes the call over goes on in the step it is in.
    """
    run = open_run(call, user, clock=clock)
    if run is None or run.closed_at is not None:
        return run
    _stay(run, run.step, user.pk, clock.now())
    if run.ticket is None:
        settle_ticket(people_access.actor_for(user), run, clock=clock)
    tell(run, events.RUN_CHANGED, clock, step=run.step)
    return run


def _stay(run: CallRun, step: str, user_id: int | None, now: datetime) -> None:
    """End the running stay unless it is this very one, and start a new one."""
    running = run.step_times.filter(ended_at=None)
    if (step, user_id) in running.values_list("step", "user_id"):
        return
    running.update(ended_at=now)
    StepTime.objects.create(run=run, step=step, user_id=user_id, started_at=now)


@transaction.atomic
def enter_step(actor: Actor, run: CallRun, step: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Go to a step; any order is allowed. Leaving the first one opens or picks the ticket (row A2).

    Raises Invalid for a step the version does not have, NotAllowed and Conflict as access says.
    """
    access.require_writer(actor, run)
    steps = document(run_version=run.version.document)
    if steps.step(step) is None:
        raise Invalid(_("This procedure has no step “%(key)s”.") % {"key": step}, code="unknown_step")
    if step != steps.steps[0].key:
        settle_ticket(actor, run, clock=clock)
    run.step = step
    run.save(update_fields=["step"])
    _stay(run, step, actor.user_id, clock.now())
    tell(run, events.RUN_CHANGED, clock, step=step)


def stop_time(run: CallRun, clock: Clock) -> None:
    """No step runs any more."""
    StepTime.objects.filter(run=run, ended_at=None).update(ended_at=clock.now())


@transaction.atomic
def settle_ticket(actor: Actor, run: CallRun, *, clock: Clock = SYSTEM_CLOCK) -> RunTicket:
    """Make sure the call has its ticket: the likely one, else a new one; the call becomes an item of it."""
    # two tabs may come at the same time: the row is locked and read again
    run.ticket = CallRun.objects.select_for_update().get(pk=run.pk).ticket
    problem = run.problems.filter(ticket=run.ticket).first() if run.ticket else None
    return problem or _take(actor, run, run.ticket or _new_ticket(actor, run, clock), clock)


def _new_ticket(actor: Actor, run: CallRun, clock: Clock) -> Ticket:
    call = run.call
    assert call.desk is not None
    entry = call.queue_entries.select_related("category").order_by("-entered_at").first()
    name = call.contact.name if call.contact else call.from_name
    who = name or guests.shown(call.from_number) or _("unknown caller")
    return ticket_actions.open_ticket(
        actor,
        call.desk,
        _("Call from %(who)s") % {"who": who},
        requester=call.contact,
        category=entry.category if entry else None,
        channel="phone",
        clock=clock,
    )


def _take(actor: Actor, run: CallRun, ticket: Ticket, clock: Clock) -> RunTicket:
    ticket_actions.attach_call(actor, ticket, run.call_id, run.call.contact, clock=clock)
    run.ticket = ticket
    run.save(update_fields=["ticket"])
    problem, _made = RunTicket.objects.get_or_create(
        run=run, ticket=ticket, defaults={"opened_at": clock.now()}
    )
    return problem


@transaction.atomic
def pick_ticket(actor: Actor, run: CallRun, ticket: Ticket, *, clock: Clock = SYSTEM_CLOCK) -> RunTicket:
    """Go on with a ticket there already is. Raises Invalid when it is of another desk."""
    access.require_writer(actor, run)
    if ticket.desk_id != run.call.desk_id:
        raise Invalid(_("This ticket belongs to another desk."), code="other_desk")
    problem = _take(actor, run, ticket, clock)
    tell(run, events.RUN_CHANGED, clock, ticket=ticket.number)
    return problem


@transaction.atomic
def another_problem(actor: Actor, run: CallRun, *, clock: Clock = SYSTEM_CLOCK) -> RunTicket:
    """The caller has one more problem: a ticket of its own; greeting and identity stay (row C3)."""
    access.require_writer(actor, run)
    first = settle_ticket(actor, run, clock=clock)
    ticket = ticket_actions.another_ticket(actor, run.call_id, first.ticket, clock=clock)
    problem = _take(actor, run, ticket, clock)
    second = next(
        (s.key for s in document(run_version=run.version.document).steps if s.per == Per.TICKET), run.step
    )
    enter_step(actor, run, second, clock=clock)
    return problem


@transaction.atomic
def took_ticket(*, actor: Actor, call_id: UUID, ticket: Ticket, clock: Clock) -> None:
    """Hook of `tickets`: a ticket was opened for the call elsewhere; the run goes on with it."""
    run = CallRun.objects.filter(call_id=call_id, closed_at=None).select_related("call").first()
    if run is not None and run.ticket_id != ticket.pk:
        _take(actor, run, ticket, clock)
        tell(run, events.RUN_CHANGED, clock, ticket=ticket.number)


@transaction.atomic
def set_answer(actor: Actor, run: CallRun, key: str, value: object, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep an answer or a tick at once; what maps to the ticket is changed there too.

    Raises Invalid for an unknown key or an answer that does not fit.
    """
    access.require_writer(actor, run)
    found = document(run_version=run.version.document).question(key)
    if found is None:
        raise Invalid(_("This procedure does not ask “%(key)s”.") % {"key": key}, code="unknown_answer")
    step, asked = found
    kept = answers.clean(asked, value)
    _keep(actor, run, step, key, kept, clock)
    if not isinstance(asked, Tick):
        assert run.call.desk is not None
        row = answers.row(actor, run.call.desk, asked, kept)
        if isinstance(row, Contact):
            _called_by(run, row, clock)
        changes = answers.for_ticket(asked, kept, row)
        if changes:
            problem = settle_ticket(actor, run, clock=clock)
            ticket_actions.change(actor, problem.ticket, clock=clock, **changes)
    tell(run, events.RUN_CHANGED, clock, answer=key)


def _keep(actor: Actor, run: CallRun, step: Step, key: str, kept: object, clock: Clock) -> None:
    """Write one key of the answers; two tabs may write at the same time."""
    if step.per == Per.CALL:
        locked_run = CallRun.objects.select_for_update().get(pk=run.pk)
        run.answers = _with(locked_run.answers, key, kept)
        run.save(update_fields=["answers"])
        return
    problem = settle_ticket(actor, run, clock=clock)
    locked = RunTicket.objects.select_for_update().get(pk=problem.pk)
    locked.answers = _with(locked.answers, key, kept)
    locked.save(update_fields=["answers"])


def _with(kept: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    others = {name: answer for name, answer in kept.items() if name != key}
    return others if value in (None, False) else {**others, key: value}


def _called_by(run: CallRun, contact: Contact, clock: Clock) -> None:
    """The agent says who calls; a proof of somebody else's identity is worth nothing then."""
    if run.call.contact_id == contact.pk:
        return
    GatePass.objects.filter(run=run, gate=IDENTITY).delete()
    telephony_actions.note_facts(run.call_id, clock, contact_id=contact.pk, contact_by="agent")
    run.call.contact = contact
