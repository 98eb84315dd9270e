"""Pages about the switch itself: how it is, and what telephones said to each other on a call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpline.core.access import Actor
from helpline.people import access as people
from helpline.people.access import actor, page
from helpline.telephony import access, guessers, ladder, switch_actions, switch_state, tracing
from helpline.telephony.switch_reader import SwitchAway, SwitchRefused, node_names, our_switch
from helpline.telephony.switch_state import SwitchState


@require_safe
@page(*tracing.READERS)
def switch(request: HttpRequest) -> HttpResponse:
    """The state of the switch; phones and legs of other desks are only counted."""
    who = actor(request)
    guessers.look(who)
    nodes, node = _nodes(request)
    whole = nodes[node]
    calls = _calls(who, whole)
    shown, phones, legs = _of_own_desks(who, whole, calls)
    facts = {
        "state": shown,
        "nodes": nodes if len(nodes) > 1 else {},
        "node": node,
        "names": _names(who, shown),
        "calls": calls,
        "hidden_phones": phones,
        "hidden_legs": legs,
        "may_unban": who.may(None, *switch_actions.UNBANNERS),
    }
    return render(request, "telephony/switch.html", facts)


def _nodes(request: HttpRequest) -> tuple[dict[str, SwitchState], str]:
    """How each node is, and the name of the one to be shown: the one asked for, else the first that answers."""
    names = node_names()
    if len(names) == 1:
        return {names[0]: switch_state.read(our_switch())}, names[0]
    states = switch_state.read_all({name: our_switch(name) for name in names})
    wanted = request.GET.get("node", "")
    first = next((name for name in names if not states[name].away), names[0])
    return states, wanted if wanted in states else first


def _of_own_desks(
    who: Actor, state: SwitchState, mine: Mapping[str, tracing.NamedLeg]
) -> tuple[SwitchState, int, int]:
    """The state with the phones and legs of the actor's desks, and how many others there are."""
    own = set(people.users(who).values_list("username", flat=True)) if state.phones else set()
    phones = tuple(one for one in state.phones if one.account in own)
    legs = tuple(one for one in state.legs if one.channel in mine)
    rest = len(state.phones) - len(phones), len(state.legs) - len(legs)
    return replace(state, phones=phones, legs=legs), *rest


def _names(who: Actor, state: SwitchState) -> dict[str, str]:
    accounts = [one.account for one in state.phones]
    found = people.users(who).filter(username__in=accounts) if accounts else ()
    return {user.username: user.display_name for user in found}


def _calls(who: Actor, state: SwitchState) -> dict[str, tracing.NamedLeg]:
    """Whose telephone each channel is and its call, of the calls the actor may see."""
    channels = [one.channel for one in state.legs]
    return tracing.named(channels, access.visible(who)) if channels else {}


@require_safe
@page(*switch_actions.UNBANNERS)
def guesser_notice(request: HttpRequest) -> HttpResponse:
    """What the shell says of guessers now, with the count of its entry."""
    facts = {"bans": tuple(guessers.unseen(actor(request))), "alone": True}
    return render(request, "telephony/guesser_notice.html", facts)


@require_POST
@page(*switch_actions.UNBANNERS)
def lift_ban(request: HttpRequest) -> HttpResponse:
    """Let an address in again."""
    address = request.POST.get("address", "").strip()
    node = request.POST.get("node", "")
    switch_actions.lift_ban(actor(request), address, our_switch(node))
    messages.success(request, _("%s may call and register again.") % address)
    return redirect(f"{reverse('switch')}?{urlencode({'node': node})}" if node else "switch")


@require_safe
@page(*tracing.READERS)
def call_ladder(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """The SIP messages of a call."""
    call = tracing.call_to_trace(actor(request), call_id)
    drawn, away = None, ""
    try:
        drawn = tracing.ladder_of(tracing.legs_of(call.pk), *map(our_switch, node_names()))
    except (SwitchAway, SwitchRefused) as error:
        away = str(error)
    rungs = _rungs(drawn) if drawn else ()
    return render(
        request, "telephony/ladder.html", {"call": call, "ladder": drawn, "rungs": rungs, "away": away}
    )


def _rungs(drawn: ladder.Ladder) -> Sequence[dict[str, object]]:
    """Steps with what their picture needs: where lines stand, in per cent of the width, and who speaks to whom."""
    lanes = len(drawn.lanes)
    middle = [f"{100 * (number + 0.5) / lanes:.3f}%" for number in range(lanes)]
    return [
        {
            "step": step,
            "lines": middle,
            "from": middle[step.start],
            "to": middle[step.end],
            "middle": f"{100 * (step.start + step.end + 1) / 2 / lanes:.3f}%",
            "rightwards": step.end > step.start,
            "sender": drawn.lanes[step.start].label,
            "receiver": drawn.lanes[step.end].label,
        }
        for step in drawn.steps
    ]
