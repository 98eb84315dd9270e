"""The junk folder: what was parked as junk, with the reasons; one button takes it out."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.mail import access, actions, queries
from helpline.mail.junk.words import reasons_of
from helpline.mail.models import Reason, Verdict
from helpline.people import access as people
from helpline.tickets import access as tickets


@require_GET
@people.page(*access.READERS)
def folder(request: HttpRequest) -> HttpResponse:
    """The newest first; narrowed by mailbox and words, page by page."""
    actor = people.actor(request)
    wanted = queries.Wanted(
        mailbox=request.GET.get("mailbox", ""),
        verdict=Verdict.PARKED,
        reason=Reason.SPAM,
        text=request.GET.get("text", "")[:120],
    )
    page = queries.ledger(actor, wanted, request.GET.get("after", ""))
    found = {
        "page": page,
        "rows": [(row, reasons_of(row)) for row in page.rows],
        "wanted": wanted,
        "narrowed": bool(wanted.mailbox or wanted.text),
        "mailboxes": list(access.mailboxes(actor)),
        "desk_ids": sorted(actor.desk_ids),
        "judged_at": frozenset(pk for pk in actor.desk_ids if actor.may(pk, *access.JUDGES)),
    }
    part = request.GET.get("part") == "rows"
    return render(request, "mail/junk_rows.html" if part else "mail/junk.html", found)


@require_POST
@people.page(*access.JUDGES)
def not_junk(request: HttpRequest, inbound_id: UUID) -> HttpResponse:
    """Out of the folder: it becomes a ticket at once, or goes back into the one it was taken from."""
    actor = people.actor(request)
    row = access.inbound(actor, inbound_id)
    actions.not_junk(actor, row)
    actions.file(row.pk)  # now, not when the worker comes to it: the agent waits for the ticket
    row = access.inbound(actor, row.pk)
    if row.ticket is None:
        messages.success(request, _("Out of the junk folder."))
        return redirect("mail_junk")
    messages.success(request, _("Not junk: here is its ticket."))
    return redirect("tickets:ticket", number=row.ticket.number)


@require_POST
@people.page(*access.JUDGES)
def ticket_junk(request: HttpRequest, number: int) -> HttpResponse:
    """The mail that opened this ticket is junk."""
    actor = people.actor(request)
    actions.junk(actor, tickets.ticket(actor, number))
    messages.success(request, _("Into the junk folder; the ticket is closed."))
    return redirect("mail_junk")
