"""What this room puts on pages of rooms below."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from helpline.core import registry
from helpline.mail import events
from helpline.mail.answering import composing, drafting, views
from helpline.people import access as people
from helpline.tickets import access as tickets_access
from helpline.tickets.events import HOOK_NOTE_WRITTEN
from helpline.tickets.models import Ticket


def compose(request: HttpRequest, ticket: Ticket) -> str:
    """The answer in the making, on the ticket page."""
    if ticket.merged_into_id or not tickets_access.may_work(people.actor(request), ticket):
        return ""
    return views.panel(request, ticket)


def draft_mark(request: HttpRequest, ticket: Ticket) -> str:
    """A mark beside a ticket on which the person has a draft."""
    known: set[int] | None = getattr(request, "tickets_with_draft", None)
    if known is None:
        drafts = composing.my_drafts(people.actor(request))
        known = set(drafts.values_list("ticket_id", flat=True))
        request.tickets_with_draft = known  # type: ignore[attr-defined]  # kept for this request
    if ticket.pk not in known:
        return ""
    address = reverse("tickets:ticket", args=[ticket.number])
    return format_html('<a class="pill pill-warn" href="{}#ticket-compose">{}</a>', address, _("Draft"))


def my_drafts(request: HttpRequest, _subject: object) -> str:
    """The latest drafts, on the page of one's own work."""
    drafts = list(composing.my_drafts(people.actor(request))[:6])
    if not drafts:
        return ""
    return render_to_string("mail/home_drafts.html", {"drafts": drafts}, request=request)


def register() -> None:
    """Called once when the program starts."""
    registry.panels("ticket.compose").register("answer", compose)
    registry.writing.register("answer", composing.writing_now)
    registry.panels("ticket.row").register("draft", draft_mark)
    registry.panels("home.side").register("drafts", my_drafts, order=20)
    registry.on(HOOK_NOTE_WRITTEN, drafting.note_written)
    registry.on(events.HOOK_TAKEN_BACK, drafting.taken_back)
