"""The page of a mailbox's address: settings of trust and junk, the check, the round trip."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.core.access import require
from helpline.core.clock import SYSTEM
from helpline.mail import access, actions
from helpline.mail.address.shown import shown
from helpline.mail.mailboxes.form_parts import TrustForm
from helpline.mail.models import Mailbox
from helpline.people import access as people

_PARTS = {"check": "mail/address_check.html", "trip": "mail/round_trip.html"}
testing = people.page(*access.ADDRESS_TESTERS)


def _mailbox(request: HttpRequest, name: str) -> Mailbox:
    """The mailbox, of a desk where the person may try addresses."""
    actor = people.actor(request)
    found = access.mailbox(actor, name)
    require(actor, found.desk_id, *access.ADDRESS_TESTERS)
    return found


@require_GET
@testing
def address(request: HttpRequest, name: str) -> HttpResponse:
    """All of it, or one live part."""
    mailbox = _mailbox(request, name)
    found = {
        "shown": shown(mailbox, SYSTEM),
        "form": TrustForm(mailbox),
        "may_set": people.actor(request).may(mailbox.desk_id, *access.ADMINS),
    }
    return render(request, _PARTS.get(request.GET.get("part", ""), "mail/address.html"), found)


@require_POST
@people.page(*access.ADMINS)
def settings(request: HttpRequest, name: str) -> HttpResponse:
    """Whom it believes and what is junk."""
    actor = people.actor(request)
    mailbox = access.mailbox(actor, name)
    form = TrustForm(mailbox, request.POST)
    if not form.is_valid():
        found = {"shown": shown(mailbox, SYSTEM), "form": form, "may_set": True}
        return render(request, "mail/address.html", found, status=422)
    actions.set_trust(actor, mailbox, form.settings())
    messages.success(request, _("Kept. It holds for the next message."))
    return redirect("mail_address", name=name)


@require_POST
@testing
def check(request: HttpRequest, name: str) -> HttpResponse:
    """Have the address checked."""
    actions.check_address(people.actor(request), _mailbox(request, name))
    return redirect("mail_address", name=name)


@require_POST
@testing
def round_trip(request: HttpRequest, name: str) -> HttpResponse:
    """Send a test message."""
    actions.start_round_trip(people.actor(request), _mailbox(request, name))
    return redirect("mail_address", name=name)
