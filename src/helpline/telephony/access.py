"""The gate of calls and recordings: no object leaves this room past it."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor, Role, require
from helpline.core.errors import NotFound
from helpline.telephony.models import Call, Recording

#: who may listen to any recording of the desk; everyone else only to their own calls
LISTENERS = (Role.LEAD, Role.COACH, Role.MANAGER, Role.DESK_ADMIN)


def visible(actor: Actor) -> QuerySet[Call]:
    """Calls of the actor's desks."""
    every = Call.objects.all()
    return every if actor.is_system else every.filter(desk__in=actor.desk_ids)


def call(actor: Actor, call_id: UUID | str) -> Call:
    """The call. Raises NotFound when there is none at the actor's desks, or the id is no id."""
    try:
        found = visible(actor).filter(pk=UUID(str(call_id))).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(_("There is no such call at your desks."), code="no_call")
    return found


def may_listen(actor: Actor, call: Call) -> bool:
    """Leads, coaches and managers of the desk, and the people who spoke on the call."""
    if actor.may(call.desk_id, *LISTENERS):
        return True
    if not actor.works_at(call.desk_id) or actor.user_id is None:
        return False
    return call.agent_id == actor.user_id or call.legs.filter(user_id=actor.user_id).exists()


def recording(actor: Actor, recording_id: UUID) -> Recording:
    """A recording the actor may hear. Raises NotFound or NotAllowed."""
    found = Recording.objects.select_related("call").filter(pk=recording_id).first()
    if found is None or not actor.works_at(found.call.desk_id):
        raise NotFound(_("There is no such recording at your desks."), code="no_recording")
    if not may_listen(actor, found.call):
        require(actor, found.call.desk_id, *LISTENERS)
    return found
