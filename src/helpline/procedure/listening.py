"""What this room does when rooms below announce something; registered when the program starts."""

from helpline.core import registry
from helpline.core.access import SYSTEM
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.people import access as people_access
from helpline.people.desk_actions import HOOK_STOCK
from helpline.people.models import Desk, User
from helpline.procedure import gates, notes, publishing, runs
from helpline.procedure.models import CallRun, Procedure
from helpline.telephony.models import Call, CallState
from helpline.tickets import events as ticket_events
from helpline.tickets.access import may_work


def call_offered(*, call: Call, user: User, clock: Clock = SYSTEM_CLOCK, **_facts: object) -> None:
    """A queue or colleague offers the call to an agent: the run opens."""
    runs.open_run(call, user, clock=clock)


def call_answered(*, call: Call, user: User, clock: Clock = SYSTEM_CLOCK, **_facts: object) -> None:
    """Agent and caller hear each other, or a colleague took the call over."""
    runs.begin(call, user, clock=clock)


def wrapped_up(*, call: Call, user: User, clock: Clock = SYSTEM_CLOCK, **_facts: object) -> None:
    """The agent is done with the call: what was said is written down, and a run with every gate passed closes.

    A run whose closing gate is still shut stays open in the call's record; nobody is held up by it.
    """
    run = CallRun.objects.filter(call=call, closed_at=None).select_related("call", "version").first()
    if run is None or run.call.state != CallState.ENDED:
        return  # a colleague goes on with it
    actor = people_access.actor_for(user)
    problems = list(run.problems.select_related("ticket", "run__version"))
    for problem in problems:
        notes.write(actor if may_work(actor, problem.ticket) else SYSTEM, problem, clock)
    runs.stop_time(run, clock)
    if problems and not gates.open_closings(run):
        gates.finish(run, clock)


def desk_stocked(*, desk: Desk, clock: Clock = SYSTEM_CLOCK, **_facts: object) -> None:
    """A desk has a guided call from its first day."""
    if not Procedure.objects.filter(desk=desk).exists():
        publishing.create_default(desk, desk.language, clock=clock)


def register() -> None:
    """Hang this room's functions on the hooks of the rooms below."""
    registry.on(HOOK_STOCK, desk_stocked)
    registry.on("call_offered", call_offered)
    registry.on("call_answered", call_answered)
    registry.on("call_passed_on", call_answered)
    registry.on("call_wrapped_up", wrapped_up)
    registry.on(ticket_events.HOOK_TICKET_OF_CALL, runs.took_ticket)
    registry.on("ticket_changing", gates.guard_solving)
