"""Who may use which verb of the phone."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from helpline.acd.models import EntryPoint, Queue
from helpline.acd.setting import SETTERS, require_setter
from helpline.core.access import Actor, Role, require
from helpline.core.errors import Invalid, NotAllowed, NotFound
from helpline.people.access import desks
from helpline.people.models import Desk, Presence, PresenceState
from helpline.telephony.models import Call

#: on one's own phone and state
OWN = frozenset({"state", "phone_ready", "wrap_up_done", "dial"})
#: by the person who has the call, or a lead of its desk
IN_CALL = frozenset(
    {
        "answer",
        "reject",
        "hold",
        "unhold",
        "mute",
        "unmute",
        "dtmf",
        "consult",
        "swap",
        "merge",
        "complete",
        "cancel_consult",
        "transfer",
        "hangup",
        "pause_recording",
        "resume_recording",
    }
)
#: by leads and coaches on other people's calls
OVERSIGHT = frozenset({"listen", "whisper", "barge"})
STEERING = frozenset({"move", "front_end", "repair"})
VERBS = OWN | IN_CALL | OVERSIGHT | STEERING

_WORKERS = (Role.AGENT, Role.SPECIALIST, Role.LEAD)
_LEADING = (Role.LEAD, Role.DESK_ADMIN)
_FRONT_END = (Role.LEAD, Role.PHONE_ADMIN, Role.DESK_ADMIN)


def check(actor: Actor, verb: str, call: Call | None) -> None:
    """Raise unless the verb exists and the actor's roles at the call's desk give it.

    Whether the moment allows it is for the acd process to say. Raises Invalid, NotAllowed.
    """
    if verb not in VERBS:
        raise Invalid(_("There is no such act: %(verb)s.") % {"verb": verb}, code="verb")
    if call is None and (verb in IN_CALL or verb in OVERSIGHT or verb in {"move", "wrap_up_done"}):
        raise Invalid(_("Say which call."), code="no_call")
    desk_id = call.desk_id if call else None
    if verb in OVERSIGHT:
        require(actor, desk_id, Role.LEAD, Role.COACH)
    elif verb == "front_end":
        require(actor, None, *_FRONT_END)
    elif verb in STEERING:
        require(actor, desk_id, *_LEADING)
    else:
        require(actor, desk_id, *_WORKERS)


def is_lead(actor: Actor, desk_id: int | None) -> bool:
    """May act on calls and states of others at the desk."""
    return actor.may(desk_id, *_LEADING)


def may_steer(actor: Actor, call: Call) -> None:
    """Raise NotAllowed unless the actor has the call at the phone or leads its desk."""
    if is_lead(actor, call.desk_id):
        return
    if actor.user_id is not None and call.legs.filter(user_id=actor.user_id, ended_at=None).exists():
        return
    if actor.user_id is not None and _waited_for(actor.user_id, call):
        return
    raise NotAllowed(
        _("You are not on this call."), help=_("Only the people on it and their lead can do this.")
    )


def _waited_for(user_id: int, call: Call) -> bool:
    """Their phone was lost in this call, which is kept for them."""
    return Presence.objects.filter(user=user_id, state=PresenceState.LOST, call_id=call.pk).exists()


def desks_to_set(actor: Actor) -> QuerySet[Desk]:
    """Queryset of the desks whose telephone the actor sets up, by name."""
    found = desks(actor)
    if actor.is_system:
        return found
    return found.filter(pk__in=[desk_id for desk_id in actor.desk_ids if actor.may(desk_id, *SETTERS)])


def entry_point_to_set(actor: Actor, entry_id: int) -> EntryPoint:
    """An entry point the actor may change. Raises NotFound at other desks, NotAllowed without the role."""
    found = EntryPoint.objects.select_related("desk", "queue").filter(pk=entry_id).first()
    if found is None or not actor.works_at(found.desk_id):
        raise NotFound(_("There is no such number at your desks."), code="no_entry_point")
    require_setter(actor, found.desk_id)
    return found


def queue_to_set(actor: Actor, key: str) -> Queue:
    """A queue the actor may change. Raises NotFound at other desks, NotAllowed without the role."""
    found = Queue.objects.select_related("desk").filter(key=key).first()
    if found is None or not actor.works_at(found.desk_id):
        raise NotFound(_("There is no such queue at your desks."), code="no_queue")
    require_setter(actor, found.desk_id)
    return found
