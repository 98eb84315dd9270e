"""Asking a provider for permission: the browser goes there with a state of ours and comes back with a code."""

import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpline.core.access import require
from helpline.core.clock import SYSTEM as CLOCK
from helpline.core.errors import Invalid
from helpline.mail import access
from helpline.mail.access import ADMINS
from helpline.mail.mailboxes import actions, oauth
from helpline.mail.mailboxes.connection import Connection, Secrets, SignIn
from helpline.mail.mailboxes.shown import words_of
from helpline.mail.mailboxes.troubles import SourceTrouble
from helpline.mail.models import Mailbox
from helpline.people.access import actor, page

setting = page(*ADMINS)
#: in the session: what is asked for now {state, verifier, mailbox}
_ASKED = "mail_oauth"


def callback_url(request: HttpRequest) -> str:
    """Where the provider sends the browser back; registered there."""
    return request.build_absolute_uri(reverse("mail_oauth"))


@require_POST
@setting
def connect(request: HttpRequest, name: str) -> HttpResponse:
    """Send the browser to the provider."""
    mailbox = access.mailbox(actor(request), name)
    require(actor(request), mailbox.desk_id, *ADMINS)
    facts = Connection.of(mailbox.connection)
    if facts.sign_in == SignIn.PASSWORD:
        raise Invalid(_("This mailbox signs in with a password."), code="sign_in")
    asked = {
        "state": secrets.token_urlsafe(24),
        "verifier": secrets.token_urlsafe(48),
        "mailbox": mailbox.name,
    }
    request.session[_ASKED] = asked
    url = oauth.authorize_url(facts, mailbox.kind, callback_url(request), asked["state"], asked["verifier"])
    if request.headers.get("HX-Request") == "true":
        # htmx would fetch the provider's page into ours
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


@require_safe
@setting
def returned(request: HttpRequest) -> HttpResponse:
    """The provider sent the browser back: with a code, or with a refusal (RFC 6749 section 4.1.2)."""
    asked = request.session.pop(_ASKED, None)
    state = request.GET.get("state", "")
    if not asked or not secrets.compare_digest(asked["state"].encode(), state.encode()):
        raise Invalid(
            _("This permission was not asked for here, or it was asked for twice."),
            code="state",
            help=_("Open the mailbox and connect it again."),
        )
    mailbox = access.mailbox(actor(request), asked["mailbox"])
    if request.GET.get("error") or not request.GET.get("code"):
        told = request.GET.get("error_description") or request.GET.get("error") or "-"
        messages.error(request, _("The provider gave no permission: %(told)s") % {"told": told[:300]})
    else:
        _take(request, mailbox, asked["verifier"])
    return redirect("mailbox", mailbox.name)


def _take(request: HttpRequest, mailbox: Mailbox, verifier: str) -> None:
    facts, kept = Connection.of(mailbox.connection), Secrets.of(mailbox.secret)
    code = request.GET["code"]
    try:
        granted = oauth.exchange(facts, mailbox.kind, kept, code, callback_url(request), verifier, CLOCK)
    except SourceTrouble as trouble:
        messages.error(request, f"{words_of(trouble.code).what} {trouble.detail}")
        return
    actions.connect(actor(request), mailbox, granted)
    messages.success(request, _("%(name)s is connected.") % {"name": mailbox.name})
