"""Pages of mailboxes: the list with how each is, a new one, one to change; checks and permissions at providers."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpline.core import heartbeat
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as CLOCK
from helpline.core.errors import Conflict, DeskError, Invalid, NotFound
from helpline.mail import access, queries
from helpline.mail.access import ADMINS
from helpline.mail.incoming import copies
from helpline.mail.mailboxes import actions
from helpline.mail.mailboxes import shown as mailbox_shown
from helpline.mail.mailboxes.alarms import LIVE_KINDS
from helpline.mail.mailboxes.forms import GROUPS, MailboxForm
from helpline.mail.mailboxes.troubles import SourceTrouble
from helpline.mail.models import Mailbox, MailboxKind
from helpline.mail.shell_parts import TOLD
from helpline.mail.sources import accounts
from helpline.people.access import actor, desks, page
from helpline.people.models import Desk

watching = page(*TOLD)
setting = page(*ADMINS)
shows_and_takes = require_http_methods(["GET", "HEAD", "POST"])


def _mine(who: Actor) -> list[Desk]:
    """The desks whose mailboxes the person sets up, by name."""
    return [desk for desk in desks(who) if who.may(desk.pk, *ADMINS)]


def _mailbox(who: Actor, name: str) -> Mailbox:
    """A mailbox the person sets up. Raises NotFound at other desks, NotAllowed without the role."""
    found = access.mailbox(who, name)
    require(who, found.desk_id, *ADMINS)
    return found


@require_safe
@watching
def mailbox_list(request: HttpRequest) -> HttpResponse:
    """The mailboxes of the person's desks; by itself only the rows when one changes."""
    who = actor(request)
    totals = queries.totals(who)
    shown = {
        "rows": [mailbox_shown.row_of(mailbox, counts, CLOCK) for mailbox, counts in totals.rows],
        "admin_of": {desk.pk for desk in _mine(who)},
        "postman_missing": _needs_postman(totals) and not _postman_up(),
    }
    part = request.headers.get("HX-Target") == "mailbox-rows"
    return render(request, "mail/mailbox_rows.html" if part else "mail/mailboxes.html", shown)


def _needs_postman(totals: queries.Totals) -> bool:
    return any(mailbox.active and mailbox.kind in LIVE_KINDS for mailbox, _counts in totals.rows)


def _postman_up() -> bool:
    pulse = heartbeat.pulses(CLOCK).get("postman")
    return bool(pulse and pulse.up)


@shows_and_takes
@setting
def new_mailbox(request: HttpRequest) -> HttpResponse:
    """Make a mailbox of a kind."""
    who = actor(request)
    mine = _mine(who)
    wanted = request.GET.get("desk", "")
    desk = next((each for each in mine if str(each.pk) == wanted), mine[0])
    asked = request.GET.get("kind", "")
    kind = asked if asked in GROUPS else MailboxKind.IMAP
    form = MailboxForm(kind, request.POST if request.method == "POST" else None, language=desk.language)
    made: list[Mailbox] = []
    if form.is_bound and _tried(form, lambda: made.append(actions.save_mailbox(who, desk, form.facts()))):
        messages.success(request, _("%(name)s is made.") % {"name": made[0].name})
        return redirect("mailbox", made[0].name)
    shown = {"form": form, "desk": desk, "desks": mine, "kind": kind, "kinds": MailboxKind.choices}
    return render(request, "mail/new_mailbox.html", shown, status=422 if form.is_bound else 200)


@shows_and_takes
@setting
def mailbox(request: HttpRequest, name: str) -> HttpResponse:
    """Change one."""
    who = actor(request)
    found = _mailbox(who, name)
    form = MailboxForm(found.kind, request.POST if request.method == "POST" else None, mailbox=found)
    if form.is_bound and _tried(
        form, lambda: actions.save_mailbox(who, found.desk, form.facts(), mailbox=found)
    ):
        messages.success(request, _("Saved."))
        return redirect("mailbox", found.name)
    # a refused form must not show what was not saved
    kept = _mailbox(who, name) if form.is_bound else found
    shown = {"form": form} | mailbox_shown.page_of(request, kept, CLOCK)
    return render(request, "mail/mailbox.html", shown, status=422 if form.is_bound else 200)


@require_POST
@setting
def mailbox_check(request: HttpRequest) -> HttpResponse:
    """Try what the form says without keeping it; what was wrong, in plain words."""
    who = actor(request)
    known = request.POST.get("known", "")
    row = _mailbox(who, known) if known else Mailbox(desk=_mine(who)[0])
    asked = row.kind if known else request.POST.get("kind", "")
    if asked not in accounts.FETCHED:
        raise NotFound(_("There is nothing to check."))
    form = MailboxForm(asked, request.POST, mailbox=row if known else None)
    return render(request, "mail/check.html", _checked(form, row))


def _checked(form: MailboxForm, row: Mailbox) -> dict[str, Any]:
    drafted: list[Mailbox] = []

    def draft() -> None:
        values = {name: getattr(row, name) for name in ("pk", "secret", "position", "looked_at")}
        values |= actions.drafted(row, form.facts())
        drafted.append(Mailbox(desk=row.desk, **values))

    if not _tried(form, draft):
        return {"errors": form.errors.values()}
    try:
        return {"works": accounts.check(drafted[0], CLOCK)}
    except SourceTrouble as trouble:
        return {"trouble": mailbox_shown.words_of(trouble.code), "detail": trouble.detail}


@require_POST
@setting
def mailbox_switch(request: HttpRequest, name: str) -> HttpResponse:
    """Switch it on (`on`=1) or off."""
    who = actor(request)
    on = request.POST.get("on") == "1"
    actions.switch_mailbox(who, _mailbox(who, name), on)
    said = _("%(name)s is on.") if on else _("%(name)s is off. What it got stays.")
    messages.success(request, said % {"name": name})
    return redirect("mailboxes")


@require_POST
@setting
def mailbox_try(request: HttpRequest, name: str) -> HttpResponse:
    """Do not wait for the next try."""
    who = actor(request)
    actions.try_now(who, _mailbox(who, name))
    messages.success(request, _("It is tried now."))
    return redirect("mailbox", name)


@require_safe
@watching
def mail_notice(request: HttpRequest) -> HttpResponse:
    """Mailboxes with an alarm, and the counts of the rail."""
    who = actor(request)
    shown = {"alarmed": queries.alarmed(who), "failed": queries.failed(who)}
    return render(request, "mail/notice.html", shown)


def _tried(form: MailboxForm, do: Callable[[], object]) -> bool:
    """Do it when the form is fine; a refusal is written beside the field it is about."""
    if not form.is_valid():
        return False
    try:
        do()
    except (Conflict, Invalid) as error:
        form.add_error(_field_of(form, error), f"{error.message} {error.help}".strip())
        return False
    return True


def _field_of(form: MailboxForm, error: DeskError) -> str | None:
    code = "questions" if error.code == "fields" else error.code
    return code if code in form.fields else None


@require_POST
@setting
def desk_copies(request: HttpRequest, name: str) -> HttpResponse:
    """Keep what becomes of one mail to several mailboxes of the mailbox's desk."""
    who = actor(request)
    copies.set_copies(who, _mailbox(who, name).desk, request.POST.get("copies", ""))
    messages.success(request, _("Saved."))
    return redirect("mailbox", name)
