"""Queues as they are now, and the message callers hear first."""

from typing import Any

from django.db.models import Count, Min, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from helpline.acd import commands
from helpline.acd.models import EntryPoint, Queue
from helpline.api import shapes
from helpline.api.auth import asking
from helpline.api.interface import REFUSALS
from helpline.core.access import Actor, Role, require
from helpline.core.errors import Invalid
from helpline.people import access as people_access

router = Router(tags=["queues"])
#: who may switch the front-end message
SWITCHERS = (Role.LEAD, Role.PHONE_ADMIN, Role.DESK_ADMIN)


@router.get("/queues", response={200: shapes.Queues, **REFUSALS}, summary="Queues and who waits")
def queue_list(request: HttpRequest) -> Any:
    shapes.Filters.refuse_unknown(request)
    waiting = Q(entries__left_at=None)
    queues = (
        Queue.objects.filter(desk__in=asking(request).desk_ids)
        .select_related("desk")
        .annotate(
            waiting=Count("entries", filter=waiting),
            longest_since=Min("entries__entered_at", filter=waiting),
        )
        .order_by("desk__name", "name")
    )
    return {
        "items": [
            {
                "key": queue.key,
                "name": queue.name,
                "desk": queue.desk.key,
                "waiting": queue.waiting,
                "longest_since": queue.longest_since,
            }
            for queue in queues
        ]
    }


@router.post(
    "/front-end-message",
    response={200: shapes.Done, **REFUSALS},
    summary="Switch the message callers hear first on or off",
)
def front_end_message(request: HttpRequest, wish: shapes.FrontEndWish) -> Any:
    actor = asking(request)
    desk_key = _desk_key(actor, wish)
    place: dict[str, Any] = {"entry_point": wish.entry_point} if wish.entry_point else {"desk": desk_key}
    done = commands.await_result(
        commands.ask(actor, "front_end", on=wish.on, text=wish.text, incident=wish.incident, **place)
    )
    return {"done": True, "result": done.result}


def _desk_key(actor: Actor, wish: shapes.FrontEndWish) -> str:
    """Key of the desk the message is for. Raises Invalid for one the actor does not work at, NotAllowed."""
    desks = people_access.desks(actor)
    if wish.entry_point:
        numbers = EntryPoint.objects.filter(number=wish.entry_point, desk__in=actor.desk_ids)
        desks = desks.filter(pk__in=numbers.values("desk"))
    elif wish.desk:
        desks = desks.filter(key=wish.desk)
    found = list(desks[:2])
    if len(found) != 1:
        raise Invalid(
            _("Say for which desk or number called."), code="unknown", help=_("Give desk or entry_point.")
        )
    require(actor, found[0].pk, *SWITCHERS)
    return str(found[0].key)
