"""Pages of the phone administrator about queues: the list, a new one, one with needs, tips and who it reaches."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpline.acd import access, actions
from helpline.acd.models import Queue
from helpline.acd.reach import reach
from helpline.acd.setting_forms import NeedForm, Offered, QueueForm, TipForm
from helpline.acd.setting_views import desk_of, posted, queue_pairs, setting, shows_and_takes, tried
from helpline.core.access import Actor
from helpline.people import actions as people_actions
from helpline.people import queries as people
from helpline.people.access import actor
from helpline.people.models import Skill


@require_safe
@setting
def queue_list(request: HttpRequest) -> HttpResponse:
    """Queues of the desks the person sets up."""
    mine = access.desks_to_set(actor(request))
    rows = (
        Queue.objects.filter(desk__in=mine)
        .select_related("desk", "overflow_to")
        .annotate(
            numbers=Count("entry_points", distinct=True),
            tips_on=Count("tips", filter=Q(tips__on=True), distinct=True),
        )
        .order_by("desk__name", "name")
    )
    return render(request, "acd/queues.html", {"queues": rows})


@shows_and_takes
@setting
def new_queue(request: HttpRequest) -> HttpResponse:
    """Make a queue."""
    who = actor(request)
    desk, mine = desk_of(request, who)
    form = QueueForm(Offered(queues=queue_pairs(desk.pk)), posted(request))
    made: list[Queue] = []
    if form.is_bound and tried(form, lambda: made.append(actions.create_queue(who, desk, form.facts()))):
        messages.success(request, _("%s is made. Lead a number or a key to it.") % made[0].name)
        return redirect("queue", key=made[0].key)
    shown = {"form": form, "desk": desk, "desks": mine}
    return render(request, "acd/new_queue.html", shown, status=422 if form.is_bound else 200)


@shows_and_takes
@setting
def queue(request: HttpRequest, key: str) -> HttpResponse:
    """One queue."""
    who = actor(request)
    found = access.queue_to_set(who, key)
    if request.method != "POST":
        return _queue_page(request, found)
    offered = Offered(queues=queue_pairs(found.desk_id, but=found.pk))
    form = QueueForm(offered, request.POST, queue=found)
    if tried(form, lambda: actions.edit_queue(who, found, form.facts())):
        return _saved(request, key)
    return _queue_page(request, access.queue_to_set(who, key), form=form, status=422)


def _saved(request: HttpRequest, key: str) -> HttpResponse:
    messages.success(request, _("Saved. It holds from now on, also for those who wait."))
    return redirect("queue", key=key)


def _queue_page(request: HttpRequest, found: Queue, *, status: int = 200, **refused: Any) -> HttpResponse:
    """`refused`: forms as they were sent: form, need, tip (with tip_id)."""
    needs = list(found.requirements.select_related("skill").order_by("after_s", "pk"))
    tips = list(found.tips.order_by("order", "pk"))
    offered = Offered(queues=queue_pairs(found.desk_id, but=found.pk))
    tip_form, tip_id = refused.get("tip"), refused.get("tip_id")
    rows = [(tip, tip_form if tip.pk == tip_id else TipForm(found.desk, tip=tip)) for tip in tips]
    fresh = TipForm(found.desk, order=max((tip.order for tip in tips), default=0) + 1)
    shown = {
        "queue": found,
        "form": refused.get("form") or QueueForm(offered, queue=found),
        "needs": needs,
        "need": refused.get("need") or NeedForm(),
        "tips": rows,
        "new_tip": tip_form if tip_form and not tip_id else fresh,
        "refused_tip": tip_id,
        "skills": Skill.objects.order_by("name"),
        "reach": reach(needs, people.agents([found.desk_id])),
        "numbers": found.entry_points.order_by("number"),
    }
    return render(request, "acd/queue.html", shown, status=status)


@require_POST
@setting
def queue_need(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for a skill from some moment of waiting on; a new name makes a new skill."""
    who = actor(request)
    found = access.queue_to_set(who, key)
    form = NeedForm(request.POST)
    if tried(form, lambda: _ask(who, found, form.cleaned_data)):
        return _saved(request, key)
    return _queue_page(request, found, need=form, status=422)


def _ask(who: Actor, found: Queue, given: dict[str, Any]) -> None:
    skill = people_actions.create_skill(who, given["skill"])
    actions.ask_for_skill(who, found, skill, given["level"], given["after_s"])


@require_POST
@setting
def queue_need_drop(request: HttpRequest, key: str, need_id: int) -> HttpResponse:
    """Ask for it no more."""
    who = actor(request)
    actions.ask_no_more(who, access.queue_to_set(who, key), need_id)
    return _saved(request, key)


@require_POST
@setting
def queue_tip(request: HttpRequest, key: str, tip_id: int | None = None) -> HttpResponse:
    """Make a tip, change it, or (`drop`) take it away."""
    who = actor(request)
    found = access.queue_to_set(who, key)
    if tip_id and "drop" in request.POST:
        actions.drop_tip(who, found, tip_id)
        return _saved(request, key)
    tip = found.tips.filter(pk=tip_id).first() if tip_id else None
    form = TipForm(found.desk, request.POST, tip=tip)
    if tried(form, lambda: actions.save_tip(who, found, form.facts(), tip_id=tip_id)):
        return _saved(request, key)
    return _queue_page(request, found, tip=form, tip_id=tip_id, status=422)
