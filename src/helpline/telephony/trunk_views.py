"""Pages of the phone administrator about trunks: the list with how each is, a new one, one to change or take away."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpline.core import heartbeat
from helpline.core.access import Actor
from helpline.core.errors import Conflict, Invalid, NotAllowed, NotFound
from helpline.people.access import actor, desks, page
from helpline.people.models import Desk
from helpline.telephony import trunk_actions, trunks
from helpline.telephony.models import Trunk, TrunkState
from helpline.telephony.trunk_actions import SETTERS
from helpline.telephony.trunk_forms import TrunkForm

setting = page(*SETTERS)
shows_and_takes = require_http_methods(["GET", "HEAD", "POST"])

_KINDS = {
    TrunkState.REGISTERED: "good",
    TrunkState.REACHABLE: "good",
    TrunkState.REGISTERING: "info",
    TrunkState.REFUSED: "bad",
    TrunkState.UNREACHABLE: "bad",
}


@dataclass(frozen=True, slots=True)
class TrunkRow:
    """A trunk as the list shows it. `kind`: colour of the state; `reason`: why it is not well, `hint`: what helps."""

    trunk: Trunk
    kind: str
    state: str
    reason: str
    hint: str


def _row(trunk: Trunk, switch_up: bool) -> TrunkRow:
    if not trunk.enabled:
        return TrunkRow(trunk, "quiet", _("Off"), "", "")
    if not switch_up:
        return TrunkRow(trunk, "quiet", _("Not known"), _("The switch does not answer."), "")
    kind = _KINDS.get(TrunkState(trunk.state), "quiet")
    told = " ".join(str(part) for part in (trunk.state_code or "", trunk.state_reason) if part)
    return TrunkRow(trunk, kind, trunk.get_state_display(), told, _hint(trunk))


def _hint(trunk: Trunk) -> str:
    """What helps, in a sentence."""
    if trunk.state == TrunkState.REFUSED:
        return _("Look at user name and password; the provider says no to them.")
    if trunk.state == TrunkState.UNREACHABLE and trunk.state_code == 0:
        return _("Look at server, port and transport, and whether a firewall stands between.")
    if trunk.state == TrunkState.UNREACHABLE:
        return _("The provider has trouble; it is tried again by itself.")
    return ""


def _switch_up() -> bool:
    pulse = heartbeat.pulses().get("acd")
    return bool(pulse and pulse.up and pulse.detail.get("switch"))


def _mine(who: Actor) -> list[Desk]:
    """The desks whose trunks the person sets up, by name."""
    return [desk for desk in desks(who) if who.may(desk.pk, *SETTERS)]


def _trunk(who: Actor, name: str) -> Trunk:
    """A trunk the person sets up. Raises NotFound at other desks, NotAllowed without the role."""
    found = Trunk.objects.select_related("desk").filter(name=name).first()
    if found is None or not who.works_at(found.desk_id):
        raise NotFound(_("There is no such trunk at your desks."), code="no_trunk")
    if not who.may(found.desk_id, *SETTERS):
        raise NotAllowed(_("Your role does not allow this."), help=_("Ask your desk administrator."))
    return found


@require_safe
@setting
def trunk_list(request: HttpRequest) -> HttpResponse:
    """Trunks of the desks the person sets up; by itself only the rows when one changes its state."""
    rows = trunks.of_desks(desk.pk for desk in _mine(actor(request)))
    up = _switch_up()
    shown = {"rows": [_row(trunk, up) for trunk in rows]}
    part = request.headers.get("HX-Target") == "trunk-rows"
    return render(request, "telephony/trunk_rows.html" if part else "telephony/trunks.html", shown)


@shows_and_takes
@setting
def new_trunk(request: HttpRequest) -> HttpResponse:
    """Make a trunk."""
    who = actor(request)
    mine = _mine(who)
    wanted = request.GET.get("desk", "")
    desk = next((each for each in mine if str(each.pk) == wanted), mine[0])
    form = TrunkForm(mine, request.POST if request.method == "POST" else None)
    made: list[Trunk] = []
    if form.is_bound and _tried(form, lambda: made.append(trunk_actions.save_trunk(who, desk, form.facts()))):
        messages.success(request, _("%(name)s is made. It connects now.") % {"name": made[0].name})
        return redirect("trunks")
    shown = {"form": form, "desk": desk, "desks": mine}
    return render(request, "telephony/new_trunk.html", shown, status=422 if form.is_bound else 200)


@shows_and_takes
@setting
def trunk(request: HttpRequest, name: str) -> HttpResponse:
    """Change one."""
    who = actor(request)
    found = _trunk(who, name)
    mine = _mine(who)
    form = TrunkForm(mine, request.POST if request.method == "POST" else None, trunk=found)
    if form.is_bound and _tried(
        form, lambda: trunk_actions.save_trunk(who, found.desk, form.facts(found), trunk=found)
    ):
        messages.success(request, _("Saved. It connects anew; calls under way go on."))
        return redirect("trunks")
    # a refused form must not show names that were not saved
    kept = _trunk(who, name) if form.is_bound else found
    shown = {"form": form, "trunk": kept, "row": _row(kept, _switch_up())}
    return render(request, "telephony/trunk.html", shown, status=422 if form.is_bound else 200)


@require_POST
@setting
def trunk_switch(request: HttpRequest, name: str) -> HttpResponse:
    """Switch it on (`on`=1) or off."""
    who = actor(request)
    on = request.POST.get("on") == "1"
    trunk_actions.switch_trunk(who, _trunk(who, name), on)
    said = _("%(name)s is on. It connects now.") if on else _("%(name)s is off. Calls under way go on.")
    messages.success(request, said % {"name": name})
    return redirect("trunks")


@require_POST
@setting
def trunk_drop(request: HttpRequest, name: str) -> HttpResponse:
    """Take it away for good."""
    who = actor(request)
    trunk_actions.drop_trunk(who, _trunk(who, name))
    messages.success(request, _("%(name)s is taken away.") % {"name": name})
    return redirect("trunks")


def _tried(form: TrunkForm, do: Callable[[], object]) -> bool:
    """Do it when the form is fine; a refusal is written beside the field it is about."""
    if not form.is_valid():
        return False
    try:
        do()
    except (Conflict, Invalid) as error:
        field = error.code if error.code in form.fields else None
        form.add_error(field, f"{error.message} {error.help}".strip())
        return False
    return True
