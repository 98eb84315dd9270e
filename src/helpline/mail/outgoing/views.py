"""Mail that goes out, on pages: what a letter carries, take it back, send it once more."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpline.core.errors import NotFound
from helpline.mail import access
from helpline.mail.models import Outbound
from helpline.mail.outgoing import changes, compose, sheets
from helpline.mail.outgoing.delivery import render_delivery
from helpline.mail.views import handed_out
from helpline.people.access import actor, page
from helpline.tickets import access as tickets_access

working = page(*tickets_access.WRITERS)


@require_safe
@page(*access.READERS)
def part(request: HttpRequest, outbound_id: UUID, place: int) -> HttpResponse:
    """What the letter carries at this place: a picture to be shown in its text, or a file to be saved."""
    row = access.outbound(actor(request), outbound_id)
    found = row.letter.attachments.filter(place=place).first()
    if found is None:
        raise NotFound(_("The message has no such part."))
    return handed_out(found, place)


@require_safe
@page(*access.READERS)
def raw(request: HttpRequest, outbound_id: UUID) -> HttpResponse:
    """The letter as it travels, to be saved."""
    row = access.outbound(actor(request), outbound_id)
    try:
        content = compose.composed(sheets.sheet_of(row))
    except FileNotFoundError as error:
        raise NotFound(_("A file of this mail was erased."), code="erased") from error
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{row.pk}.eml"'
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@require_POST
@working
def undo(request: HttpRequest, outbound_id: UUID) -> HttpResponse:
    """Take the letter back; whoever has the editor hears of it by the event."""
    row = access.outbound(actor(request), outbound_id)
    changes.undo(actor(request), row)
    messages.success(request, _("Taken back. It was not sent."))
    return _where_it_was(request, row)


@require_POST
@working
def resend(request: HttpRequest, outbound_id: UUID) -> HttpResponse:
    """Send it once more to whom it did not reach."""
    row = access.outbound(actor(request), outbound_id)
    row = changes.resend(actor(request), row)
    if request.headers.get("HX-Request") and row.letter.item is not None:
        return HttpResponse(render_delivery(row.letter.item, request))
    return _where_it_was(request, row)


def _where_it_was(request: HttpRequest, row: Outbound) -> HttpResponse:
    if row.ticket is None:
        return redirect("home")
    return redirect("tickets:ticket", number=row.ticket.number)
