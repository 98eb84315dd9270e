"""Pages about mail that goes out: how a mailbox sends, what it says by itself, and what left lately."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpline.core.clock import SYSTEM as CLOCK
from helpline.core.errors import DeskError, NotAllowed
from helpline.mail import access, queries
from helpline.mail.models import AutoLimits, AutoReplyText, Mailbox, OutboundKind, OutboundState, Way
from helpline.mail.outgoing import auto_text, routes
from helpline.mail.outgoing import settings as outgoing_settings
from helpline.mail.outgoing.delivery import delivery_of
from helpline.mail.outgoing.forms import AutoTextForm, LimitsForm, SendingForm
from helpline.people.access import actor, page

setting = page(*access.ADMINS)


def _mailbox(request: HttpRequest, name: str) -> Mailbox:
    found = access.mailbox(actor(request), name)
    if not actor(request).may(found.desk_id, *access.ADMINS):
        raise NotAllowed(_("Your role does not allow this."))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@setting
def mailbox_out(request: HttpRequest, name: str) -> HttpResponse:
    """How the mailbox sends."""
    mailbox = _mailbox(request, name)
    form = SendingForm(mailbox, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            outgoing_settings.set_sending(actor(request), mailbox, form.facts())
        except DeskError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Saved."))
            return redirect("mailbox_out", name)
    return render(
        request, "mail/mailbox_out.html", _shown(request, mailbox, form), status=422 if form.is_bound else 200
    )


def _shown(request: HttpRequest, mailbox: Mailbox, form: SendingForm) -> dict[str, Any]:
    language = _language(request, mailbox)
    own = AutoReplyText.objects.filter(mailbox=mailbox, language=language).first()
    with translation.override(language):
        said = auto_text.Words(own.subject, own.text) if own else auto_text.usual()
        facts = auto_text.example(mailbox, CLOCK)
    limits = AutoLimits.objects.filter(desk=mailbox.desk_id).first()
    route = routes.route_of(mailbox)
    return {
        "mailbox": mailbox,
        "form": form,
        "route": route,
        "in_folder": route.way == Way.FOLDER,
        "languages": settings.LANGUAGES,
        "language": language,
        "text_form": AutoTextForm(initial={"subject": said.subject, "text": said.text}),
        "preview": auto_text.filled(said, facts),
        "limits_form": LimitsForm(limits),
    }


def _language(request: HttpRequest, mailbox: Mailbox) -> str:
    asked = request.GET.get("language", "")
    known = dict(settings.LANGUAGES)
    return next((one for one in (asked, mailbox.language) if one in known), "en")


@require_POST
@setting
def mailbox_auto_text(request: HttpRequest, name: str) -> HttpResponse:
    """Keep the words of the automatic reply."""
    mailbox = _mailbox(request, name)
    language = _language(request, mailbox)
    form = AutoTextForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        outgoing_settings.set_auto_text(actor(request), mailbox, language, given["subject"], given["text"])
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("The text is too long."))
    answer = redirect("mailbox_out", name)
    answer["Location"] += f"?language={language}"
    return answer


@require_POST
@setting
def mailbox_limits(request: HttpRequest, name: str) -> HttpResponse:
    """Keep how many automatic replies the desk of the mailbox sends at most."""
    mailbox = _mailbox(request, name)
    form = LimitsForm(None, request.POST)
    if form.is_valid():
        outgoing_settings.set_limits(actor(request), mailbox.desk, **form.cleaned_data)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Give whole numbers."))
    return redirect("mailbox_out", name)


@require_safe
@page(*access.READERS)
def outbox(request: HttpRequest) -> HttpResponse:
    """What goes out, the newest first, and how each letter stands."""
    asked = {name: request.GET.get(name, "")[:320] for name in ("mailbox", "kind", "state", "to", "text")}
    wanted = queries.SentWanted(
        mailbox=asked["mailbox"],
        kind=asked["kind"],
        state=asked["state"],
        to=asked["to"],
        text=asked["text"],
    )
    found = queries.sent(actor(request), wanted, request.GET.get("after", ""))
    mailboxes = list(access.mailboxes(actor(request)))
    shown = {
        "deliveries": [delivery_of(row) for row in found.rows],
        "after": found.next_after,
        "wanted": wanted,
        "narrowed": any(asked.values()),
        "mailboxes": mailboxes,
        "kept_here": routes.kept_here(mailboxes),
        "folder": routes.folder(),
        "kinds": OutboundKind.choices,
        "states": OutboundState.choices,
        "may_set": actor(request).may(None, *access.ADMINS),
    }
    return render(request, "mail/outbox.html", shown)
