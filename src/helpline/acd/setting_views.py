"""Pages of the phone administrator about numbers: the first one, a new one, one with its menu and its picture."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpline.acd import access, actions, queries
from helpline.acd.models import EntryPoint, MenuChoice, Queue
from helpline.acd.number_setting import KEYS
from helpline.acd.setting import SETTERS
from helpline.acd.setting_forms import FirstNumberForm, KeyForm, NumberForm, Offered
from helpline.acd.spoken import spoken
from helpline.core.access import Actor
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.people.access import actor, page
from helpline.people.models import Desk, Skill
from helpline.tickets import queries as tickets

shows_and_takes = require_http_methods(["GET", "HEAD", "POST"])
setting = page(*SETTERS)


def tried(form: forms.Form, do: Callable[[], object]) -> bool:
    """Do it when the form is fine; a refusal is written beside the field it is about."""
    if not form.is_valid():
        return False
    try:
        do()
    except (Conflict, Invalid) as error:
        form.add_error(
            error.code if error.code in form.fields else None, f"{error.message} {error.help}".strip()
        )
        return False
    return True


def posted(request: HttpRequest) -> Any:
    """What was sent, or None when the page is only shown."""
    return request.POST if request.method == "POST" else None


def desk_of(request: HttpRequest, who: Actor) -> tuple[Desk, list[Desk]]:
    """The desk that is asked for (the first by name otherwise), of those the person sets up."""
    mine = list(access.desks_to_set(who))
    if not mine:
        raise NotAllowed(_("Your role does not allow this."), help=_("Ask your desk administrator."))
    wanted = request.GET.get("desk", "")
    return next((desk for desk in mine if str(desk.pk) == wanted), mine[0]), mine


def queue_pairs(desk_id: int, but: int | None = None) -> list[tuple[object, object]]:
    """Queues of a desk to choose from."""
    rows = Queue.objects.filter(desk_id=desk_id).order_by("name")
    return [(pk, name) for pk, name in rows.values_list("pk", "name") if pk != but]


@shows_and_takes
@setting
def first_number(request: HttpRequest) -> HttpResponse:
    """Queue, number and greeting in one go."""
    who = actor(request)
    desk, mine = desk_of(request, who)
    free = not EntryPoint.objects.filter(number="100").exists()
    form = FirstNumberForm(desk, posted(request), "100" if free else "")
    made: list[EntryPoint] = []
    if form.is_bound and tried(
        form, lambda: made.append(actions.set_up_first_number(who, desk, form.facts()))
    ):
        messages.success(request, _("%s takes calls now.") % made[0].number)
        return redirect("entry_point", entry_id=made[0].pk)
    shown = {"form": form, "desk": desk, "desks": mine}
    return render(request, "acd/first_number.html", shown, status=422 if form.is_bound else 200)


@shows_and_takes
@setting
def new_number(request: HttpRequest) -> HttpResponse:
    """Another number of a desk that has queues already; a desk without goes to its first steps."""
    who = actor(request)
    desk, mine = desk_of(request, who)
    offered = Offered(queues=queue_pairs(desk.pk))
    if not offered.queues:
        return redirect(f"/entry-points/first/?desk={desk.pk}")
    form = NumberForm(desk, offered, posted(request))
    made: list[EntryPoint] = []
    if form.is_bound and tried(
        form, lambda: made.append(actions.create_entry_point(who, desk, form.facts()))
    ):
        messages.success(request, _("%s takes calls now.") % made[0].number)
        return redirect("entry_point", entry_id=made[0].pk)
    shown = {"form": form, "desk": desk, "desks": mine}
    return render(request, "acd/new_number.html", shown, status=422 if form.is_bound else 200)


@shows_and_takes
@setting
def entry_point(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One number: its words and its menu, with the picture of the way beside it."""
    who = actor(request)
    entry = access.entry_point_to_set(who, entry_id)
    if request.method != "POST":
        return _entry_page(request, entry)
    form = NumberForm(entry.desk, Offered(queues=queue_pairs(entry.desk_id)), request.POST, entry=entry)
    if tried(form, lambda: actions.edit_entry_point(who, entry, form.facts())):
        messages.success(request, _("Saved. The next caller hears it."))
        return redirect("entry_point", entry_id=entry_id)
    return _entry_page(request, access.entry_point_to_set(who, entry_id), form=form, status=422)


def _entry_page(
    request: HttpRequest,
    entry: EntryPoint,
    *,
    form: NumberForm | None = None,
    key: KeyForm | None = None,
    choice_id: int | None = None,
    status: int = 200,
) -> HttpResponse:
    """`form`: as it was refused; `key`: the refused form of the key `choice_id` (None: of a new one)."""
    offered = _offered(entry.desk)
    choices = list(entry.choices.order_by("key"))
    rows = [(row, key if key and row.pk == choice_id else KeyForm(offered, choice=row)) for row in choices]
    (line,) = queries.entry_points(actor(request), entry.pk)
    shown = {
        "entry": entry,
        "form": form or NumberForm(entry.desk, offered, entry=entry),
        "keys": rows,
        "new_key": key if key and choice_id is None else KeyForm(offered, key=_next_key(choices)),
        "line": spoken(line),
        "refused_key": choice_id,
    }
    return render(request, "acd/entry_point.html", shown, status=status)


def _offered(desk: Desk) -> Offered:
    return Offered(
        queues=queue_pairs(desk.pk),
        categories=list(tickets.categories(desk).values_list("pk", "path")),
        skills=list(Skill.objects.order_by("name").values_list("key", "name")),
    )


def _next_key(choices: list[MenuChoice]) -> str:
    """The first digit that means nothing yet."""
    used = {row.key for row in choices}
    return next((key for key in KEYS if key not in used), KEYS[0])


@require_POST
@setting
def menu_key(request: HttpRequest, entry_id: int, choice_id: int | None = None) -> HttpResponse:
    """Give a key a meaning, change it, or (`drop`) take it away."""
    who = actor(request)
    entry = access.entry_point_to_set(who, entry_id)
    if choice_id and "drop" in request.POST:
        actions.drop_choice(who, entry, choice_id)
        messages.success(request, _("The key means nothing any more."))
        return redirect("entry_point", entry_id=entry_id)
    choice = entry.choices.filter(pk=choice_id).first() if choice_id else None
    form = KeyForm(_offered(entry.desk), request.POST, choice=choice)
    if tried(form, lambda: actions.save_choice(who, entry, form.facts(), choice_id=choice_id)):
        messages.success(request, _("Saved. The next caller hears it."))
        return redirect("entry_point", entry_id=entry_id)
    return _entry_page(request, entry, key=form, choice_id=choice_id, status=422)
