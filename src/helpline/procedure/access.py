"""The gate of this room: which runs and procedures an actor may see, and who may write in them."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor, Role, require
from helpline.core.errors import Conflict, NotAllowed, NotFound
from helpline.procedure.models import CallRun, Procedure
from helpline.telephony import access as telephony_access
from helpline.telephony.models import Call, Leg

#: who may write procedures
EDITORS = (Role.LEAD, Role.DESK_ADMIN)


def run(actor: Actor, call_id: UUID) -> CallRun:
    """The run of a call at one of the actor's desks; one query. Raises NotFound."""
    found = (
        CallRun.objects.filter(call_id=call_id, call__in=telephony_access.visible(actor))
        .select_related(
            "version__procedure", "call__desk", "call__contact", "call__agent", "ticket__category"
        )
        .first()
    )
    if found is None:
        raise NotFound(
            _("No procedure is followed in this call."),
            help=_("It opens when a queue offers the call to an agent."),
        )
    return found


def may_write(actor: Actor, call: Call) -> bool:
    """True for the agent of the call, a colleague who is on the line, and leads of the desk."""
    if actor.is_system:
        return True
    if actor.user_id is None or not actor.works_at(call.desk_id):
        return False
    if call.agent_id == actor.user_id or actor.may(call.desk_id, Role.LEAD):
        return True
    return Leg.objects.filter(call=call, user_id=actor.user_id, ended_at=None).exists()


def require_writer(actor: Actor, run: CallRun) -> None:
    """Raise NotAllowed when the call is in somebody else's hands, Conflict when the run is closed."""
    if not may_write(actor, run.call):
        raise NotAllowed(
            _("This call is in the hands of somebody else."),
            help=_("Ask the agent of the call or a team lead."),
        )
    if run.closed_at is not None:
        raise Conflict(
            _("The call is complete; its procedure cannot be changed any more."),
            code="run_closed",
            help=_("Write a note on the ticket instead."),
        )


def procedures(actor: Actor) -> QuerySet[Procedure]:
    """Procedures of the actor's desks, with desk and queue."""
    every = Procedure.objects.select_related("desk", "queue").order_by("desk__name", "name", "pk")
    return every if actor.is_system else every.filter(desk__in=actor.desk_ids)


def procedure(actor: Actor, procedure_id: int) -> Procedure:
    """A procedure of one of the actor's desks. Raises NotFound."""
    found = procedures(actor).filter(pk=procedure_id).first()
    if found is None:
        raise NotFound(_("There is no such procedure at your desks."))
    return found


def require_editor(actor: Actor, procedure: Procedure) -> None:
    """Raise NotAllowed unless the actor leads or administers the desk of the procedure."""
    require(actor, procedure.desk_id, *EDITORS)
