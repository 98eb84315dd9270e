"""Agents and their states."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from helpline.acd import commands
from helpline.api import shapes
from helpline.api.auth import asking
from helpline.api.interface import REFUSALS
from helpline.core import heartbeat
from helpline.core.access import WORKERS, Actor, Role
from helpline.core.errors import NotAllowed, NotFound
from helpline.people import access as people_access
from helpline.people import queries
from helpline.people.models import User

router = Router(tags=["agents"])


@router.get(
    "", response={200: shapes.Agents, **REFUSALS}, summary="Agents of your desks and what they do now"
)
def agent_list(request: HttpRequest) -> Any:
    shapes.Filters.refuse_unknown(request)
    phones = _registered()
    return {"items": [_shown(agent, phones) for agent in queries.agents(asking(request).desk_ids)]}


@router.post(
    "/{name}/state", response={200: shapes.Agent, **REFUSALS}, summary="Go on duty, take a break, leave"
)
def set_state(request: HttpRequest, name: str, wish: shapes.StateWish) -> Any:
    actor = asking(request)
    user = people_access.user(actor, name)
    _check(actor, user)
    commands.await_result(commands.ask(actor, "state", user=name, state=wish.state, reason=wish.reason))
    found = next((one for one in queries.agents(actor.desk_ids) if one.username == name), None)
    if found is None:
        raise NotFound(_("There is no such agent at your desks."))
    return _shown(found, _registered())


def _check(actor: Actor, user: User) -> None:
    """Raise NotAllowed unless it is the actor's own state, or the actor leads a desk where the person works."""
    if user.pk == actor.user_id:
        return
    working_at = user.grants.filter(role__in=sorted(WORKERS)).values_list("desk_id", flat=True)
    if not any(actor.may(desk_id, Role.LEAD) for desk_id in working_at):
        raise NotAllowed(
            _("Only the person themselves or a lead of their desk changes this state."),
            code="not_your_state",
        )


def _registered() -> frozenset[str]:
    """Names whose telephone the switch knows, as the acd process last said; none while it is away."""
    acd = heartbeat.pulses().get("acd")
    return frozenset(acd.detail.get("phones", ())) if acd and acd.up else frozenset()


def _shown(agent: queries.Agent, phones: frozenset[str]) -> dict[str, Any]:
    return {
        "name": agent.username,
        "display_name": agent.name,
        "state": agent.state,
        "reason": agent.reason,
        "since": agent.since,
        "call": agent.call_id,
        "skills": agent.skills,
        "teams": list(agent.teams),
        "tier": agent.tier,
        "phone_registered": agent.phone_ready_at is not None or agent.username in phones,
    }
