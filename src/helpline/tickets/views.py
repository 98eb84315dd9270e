"""The ticket's page, its fragments and what is done on it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as CLOCK
from helpline.core.errors import Invalid, NotFound
from helpline.core.together import together
from helpline.customers import queries as customers
from helpline.customers.models import Contact
from helpline.people import access as people
from helpline.people import queries as people_queries
from helpline.people.models import Desk, Presence
from helpline.tickets import access, actions, forms, looking, queries
from helpline.tickets.connected import connection_rows, connections
from helpline.tickets.models import ItemKind, Mention, Ticket
from helpline.tickets.properties import choice_rows
from helpline.tickets.properties import properties as properties_of
from helpline.tickets.tags import offered as offered_tags
from helpline.tickets.tags import tags_of

reading = people.page(*access.READERS)
working = people.page(*access.WRITERS)


@require_GET
@reading
def ticket_page(request: HttpRequest, number: int) -> HttpResponse:
    """One ticket: thread, properties, what rooms above add at the side."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    card = customers.card_rows(ticket.requester) if ticket.requester else None
    others, in_hand = _other_tickets(ticket), people_queries.in_hand(actor.user_id)
    found = _parts(actor, ticket, others, in_hand, *(card.asked if card else ()))
    found |= {
        "call_id": _call_of(in_hand, found["thread"]),
        "in_call": bool(in_hand),
        "card": card.card() if card else None,
        "others": others,
        "promise_default": _local(ticket.desk, timedelta(hours=4)),
    }
    return render(request, "tickets/ticket.html", found)


def _parts(actor: Actor, ticket: Ticket, *more: QuerySet[Any]) -> dict[str, Any]:
    """What the fragments of the page need; one query, in which `more` is read as well."""
    thread, choices = queries.thread_rows(ticket), choice_rows(ticket)
    similar, around = queries.similar_rows(ticket.category, but=ticket), connection_rows(ticket)
    tags, offered = tags_of(ticket), offered_tags(ticket.desk_id)
    together(*thread.asked, *choices.asked, similar, *around.asked, tags, offered, *more)
    return {
        "ticket": ticket,
        "thread": thread.thread(),
        "properties": properties_of(ticket, choices),
        # a merged ticket is a signpost: whatever is written belongs to where it leads
        "may_work": access.may_work(actor, ticket) and ticket.merged_into_id is None,
        "may_undo": access.may_work(actor, ticket),
        "similar": list(similar),
        "connections": connections(ticket, around),
        "tags": list(tags),
        "offered_tags": list(offered),
        "now": CLOCK.now(),
    }


def _call_of(in_hand: QuerySet[Presence], thread: Sequence[queries.ThreadItem]) -> UUID | None:
    """The call the person has in hand, when it is about this ticket."""
    calls = {entry.call_id for entry in thread if entry.call_id}
    return next((here.call_id for here in in_hand if here.call_id in calls), None)


def _call_in_hand(actor: Actor, ticket: Ticket) -> UUID | None:
    """The same, asked anew: the page may have been opened before the call was answered."""
    here = people_queries.in_hand(actor.user_id).values("call_id")
    return ticket.items.filter(kind=ItemKind.CALL, call_id__in=here).values_list("call_id", flat=True).first()


def _other_tickets(ticket: Ticket) -> QuerySet[Ticket]:
    if ticket.requester is None:
        return Ticket.objects.none()
    return queries.live_tickets_of(ticket.requester).exclude(pk=ticket.pk)[:8]


def _local(desk: Desk, ahead: timedelta) -> str:
    """A moment to come, as a datetime-local control of the desk's time zone takes it."""
    moment = (CLOCK.now() + ahead).astimezone(ZoneInfo(desk.timezone))
    return moment.replace(minute=0).strftime("%Y-%m-%dT%H:%M")


@require_GET
@reading
def fresh(request: HttpRequest, number: int) -> HttpResponse:
    """Thread, heading and properties as they are now; asked for when the ticket changed elsewhere."""
    return fragments(request, number)


@require_GET
@reading
def here(request: HttpRequest, number: int) -> HttpResponse:
    """Colleagues who look at the ticket or write on it now."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    return render(request, "tickets/here.html", {"ticket": ticket, "others": looking.others(actor, ticket)})


def fragments(request: HttpRequest, number: int, template: str = "tickets/fresh.html") -> HttpResponse:
    """The parts of the ticket's page that change, as they are now."""
    actor = people.actor(request)
    return render(request, template, _parts(actor, access.ticket(actor, number)))


@require_POST
@working
def properties(request: HttpRequest, number: int) -> HttpResponse:
    """Save the fields that came; the others stay as they are."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    access.require_work(actor, ticket.desk_id)
    actions.change(actor, ticket, **forms.values(forms.PropertiesForm(ticket, request.POST)))
    return fragments(request, number)


@require_POST
@working
def requester(request: HttpRequest, number: int) -> HttpResponse:
    """Say who needs help: by user id, number or name."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    actions.change(actor, ticket, requester=named_contact(actor, ticket.desk, request.POST.get("who", "")))
    return redirect("tickets:ticket", number=number)


def named_contact(actor: Actor, desk: Desk, who: str) -> Contact:
    """The one contact of the desk meant by a user id, number or name. Raises NotFound or Invalid."""
    match = customers.find_contact(desk, number=who, user_id=who)
    if match:
        return match.contact
    found = list(customers.matching(actor, who).filter(desk=desk)[:2]) if who.strip() else []
    if len(found) == 1:
        return found[0]
    if found:
        raise Invalid(_("Several contacts fit “%s”.") % who, help=_("Give the user id or the whole name."))
    raise NotFound(_("Nobody fits “%s”.") % who, help=_("Try the user id, or make a new contact."))


@require_POST
@working
def note(request: HttpRequest, number: int) -> HttpResponse:
    """Write a note; the form comes back empty with the new thread."""
    actor = people.actor(request)
    body = forms.values(forms.NoteForm(request.POST))["body"]
    actions.add_note(actor, access.ticket(actor, number), body)
    if request.headers.get("HX-Request") != "true":
        return redirect("tickets:ticket", number=number)
    return fragments(request, number, "tickets/after_note.html")


@require_GET
@reading
def mention(request: HttpRequest, number: int, mention_id: int) -> HttpResponse:
    """Go to the note that names the person; it counts as read."""
    actor = people.actor(request)
    found = Mention.objects.filter(pk=mention_id, user=actor.user_id, item__ticket__number=number).first()
    if found is None:
        raise NotFound(_("There is no such note."))
    actions.mention_read(actor, found)
    return redirect(f"/tickets/{access.ticket(actor, number).number}/#item-{found.item_id}")


@require_POST
@working
def promise(request: HttpRequest, number: int) -> HttpResponse:
    """Note what the caller was told; the time is the desk's own."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    with timezone.override(ZoneInfo(ticket.desk.timezone)):
        given = forms.values(forms.PromiseForm(request.POST))
    call_id = given["call_id"] or _call_in_hand(actor, ticket)
    actions.make_promise(actor, ticket, given["what"], given["due_at"], call_id)
    return fragments(request, number)


@require_POST
@working
def promise_kept(request: HttpRequest, number: int, promise_id: int) -> HttpResponse:
    """Mark a promise as kept."""
    actor = people.actor(request)
    found = access.ticket(actor, number).promises.filter(pk=promise_id).first()
    if found is None:
        raise NotFound(_("There is no such promise."))
    actions.keep_promise(actor, found)
    return fragments(request, number)


@require_POST
@working
def escalate(request: HttpRequest, number: int) -> HttpResponse:
    """Hand the ticket to another team."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    given = forms.values(forms.EscalateForm(ticket, request.POST))
    actions.escalate(actor, ticket, given["team"], given["note"])
    return fragments(request, number)


@require_POST
@working
def another(request: HttpRequest, number: int) -> HttpResponse:
    """Another problem of the same caller, in the same call when one is named."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    given = forms.values(forms.AnotherForm(request.POST))
    subject = given["subject"] or _("Another problem")
    call_id = given["call_id"] or _call_in_hand(actor, ticket)
    if call_id:
        opened = actions.another_ticket(actor, call_id, ticket, subject=subject)
    else:
        opened = actions.open_ticket(actor, ticket.desk, subject, requester=ticket.requester)
    return redirect("tickets:ticket", number=opened.number)


@working
def new(request: HttpRequest) -> HttpResponse:
    """Open a ticket by hand."""
    actor = people.actor(request)
    if request.method != "POST":
        form = forms.NewTicketForm(actor, requester=request.GET.get("who", ""))
        return render(request, "tickets/new.html", {"form": form})
    form = forms.NewTicketForm(actor, request.POST)
    if not form.is_valid():
        return render(request, "tickets/new.html", {"form": form}, status=422)
    given = form.cleaned_data
    desk, who = given["desk"], given.pop("requester")
    opened = actions.open_ticket(
        actor,
        desk,
        given["subject"],
        requester=named_contact(actor, desk, who) if who else None,
        priority=given["priority"],
        impact=given["impact"],
        urgency=given["urgency"],
        body=given["body"],
        channel="phone",
    )
    messages.success(request, _("Ticket %(number)s is open.") % {"number": opened.number})
    return redirect("tickets:ticket", number=opened.number)
