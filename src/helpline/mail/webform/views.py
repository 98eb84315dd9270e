"""The public page of a web form: open to everybody, careful with everybody."""

import logging

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from helpline.core.clock import SYSTEM as CLOCK
from helpline.core.errors import NotFound, Unavailable
from helpline.mail.models import Mailbox, MailboxKind
from helpline.mail.sources.form import submit
from helpline.mail.webform import page
from helpline.mail.webform.fields import FormFacts
from helpline.mail.webform.page import PublicForm

log = logging.getLogger(__name__)


def _mailbox(name: str) -> Mailbox:
    found = (
        Mailbox.objects.select_related("desk").filter(name=name, kind=MailboxKind.FORM, active=True).first()
    )
    if found is None:
        raise NotFound(_("There is no such form."), help=_("Look at the address, or call us."))
    return found


def _spoken(mailbox: Mailbox) -> str:
    known = {code for code, _name in settings.LANGUAGES}
    return mailbox.language if mailbox.language in known else settings.LANGUAGE_CODE


@require_http_methods(["GET", "HEAD", "POST"])
def web_form(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, and take in what was answered."""
    mailbox = _mailbox(name)
    facts = FormFacts.of(mailbox.form)
    with translation.override(_spoken(mailbox)):
        form = PublicForm(facts.fields)
        if request.method == "POST":
            form = PublicForm(facts.fields, request.POST, request.FILES)
            if form.is_trapped:
                # whoever fell into the trap shall not learn of it
                log.info("form %s: a program filled in the trap", mailbox.name)
                return redirect("mail_form_sent", mailbox.name)
            if form.is_valid():
                _take(request, mailbox, form)
                return redirect("mail_form_sent", mailbox.name)
        shown = {"mailbox": mailbox, "facts": facts, "form": form}
        return render(request, "mail/form.html", shown, status=422 if form.is_bound else 200)


def _take(request: HttpRequest, mailbox: Mailbox, form: PublicForm) -> None:
    answers = form.answers()
    page.count(here=request.META.get("REMOTE_ADDR", ""), name=answers.address)
    try:
        submit(mailbox, answers, CLOCK)
    except (OSError, OperationalError) as error:
        log.exception("form %s: a message could not be kept", mailbox.name)
        raise Unavailable(
            _("Your message could not be kept just now."),
            help=_("Please send it again in a minute, or call us."),
        ) from error


@require_safe
def web_form_sent(request: HttpRequest, name: str) -> HttpResponse:
    """Thank you."""
    mailbox = _mailbox(name)
    with translation.override(_spoken(mailbox)):
        shown = {"mailbox": mailbox, "facts": FormFacts.of(mailbox.form)}
        return render(request, "mail/form_sent.html", shown)
