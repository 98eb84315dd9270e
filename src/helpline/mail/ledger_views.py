"""The ledger's pages: every message that came in, what became of it and why; filed again, or taken all the same."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from helpline.core.access import Actor
from helpline.core.errors import Conflict, Invalid
from helpline.mail import access, actions, queries, store
from helpline.mail.letters.oddity_words import in_words
from helpline.mail.models import Inbound, Reason, Verdict
from helpline.mail.queries import Wanted
from helpline.people.access import actor, page

reading = page(*access.READERS)
replaying = page(*access.REPLAYERS)
BULK_LIMIT: Final = 200
#: bytes of a message in which its headers are looked for
_HEADERS: Final = 1 << 16
AGAIN: Final = (Verdict.FAILED, Verdict.PARKED)


@require_safe
@reading
def ledger(request: HttpRequest) -> HttpResponse:
    """The ledger with its filters and figures; by itself only the rows for a refresh."""
    who = actor(request)
    wanted = _wanted(request.GET)
    shown = {
        "page": queries.ledger(who, wanted, request.GET.get("after", "")),
        "wanted": wanted,
        "narrowed": wanted != Wanted(),
        "here": _address(request.GET),
        "desk_ids": sorted(who.desk_ids),
        "may_replay": who.may(None, *access.REPLAYERS),
        "again": AGAIN,
    }
    if request.GET.get("part") == "rows":
        return render(request, "mail/ledger_rows.html", shown)
    return render(request, "mail/ledger.html", shown | _choices(who))


def _choices(who: Actor) -> dict[str, Any]:
    totals = queries.totals(who)
    return {
        "totals": totals,
        "verdicts": Verdict.choices,
        "reasons": Reason.choices,
        "verdict_sums": [(value, label, totals.sums[value]) for value, label in Verdict.choices],
    }


def _wanted(given: QueryDict) -> Wanted:
    return Wanted(
        mailbox=given.get("mailbox", ""),
        verdict=given.get("verdict", ""),
        reason=given.get("reason", ""),
        sender=given.get("sender", ""),
        text=given.get("text", "").strip()[:120],
    )


def _address(query: QueryDict) -> str:
    """The query string of this list without what belongs to one request."""
    kept = query.copy()
    for name in ("part", "inbound", "after"):
        kept.pop(name, None)
    return kept.urlencode()


@require_safe
@reading
def message(request: HttpRequest, inbound_id: UUID) -> HttpResponse:
    """One message: what it is, why it is where it is, what it says."""
    who = actor(request)
    row = access.inbound(who, inbound_id)
    letter = getattr(row, "letter", None)
    shown = {
        "row": row,
        "letter": letter,
        "attachments": list(letter.attachments.all()) if letter else [],
        "headers": _headers(row),
        "oddities": [in_words(code) for code in row.oddities],
        "may_replay": who.may(row.mailbox.desk_id, *access.REPLAYERS) and row.verdict in AGAIN,
        "first": row.first,
    }
    return render(request, "mail/message.html", shown)


def _headers(row: Inbound) -> str:
    """The headers as they came; empty when the bytes are gone."""
    if row.raw_erased_at is not None:
        return ""
    try:
        with store.opened(row.sha256) as file:
            beginning = file.read(_HEADERS)
    except FileNotFoundError:
        return ""
    head = beginning.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return head.decode("utf-8", "replace")


@require_POST
@replaying
def replay(request: HttpRequest) -> HttpResponse:
    """Have the chosen messages filed again."""
    who = actor(request)
    rows = _chosen(who, request.POST.getlist("inbound"))
    done = 0
    for row in rows:
        try:
            actions.replay(who, row)
        except Conflict:
            continue
        done += 1
    if not done:
        raise Conflict(
            _("None of these can be filed again."), help=_("Only messages that failed or were parked can.")
        )
    told = ngettext("%d message is filed again.", "%d messages are filed again.", done)
    messages.success(request, told % done)
    return redirect(_back(request))


def _chosen(who: Actor, given: list[str]) -> list[Inbound]:
    try:
        ids = {UUID(one) for one in given if one}
    except ValueError as error:
        raise Invalid(_("This choice cannot be used."), code="choice") from error
    if not ids:
        raise Invalid(_("Choose messages first."), code="empty")
    if len(ids) > BULK_LIMIT:
        raise Invalid(
            _("That is too many at once."), help=_("Choose at most %d messages.") % BULK_LIMIT, code="many"
        )
    mine = [pk for pk in who.desk_ids if who.may(pk, *access.REPLAYERS)]
    rows = access.visible(who).filter(pk__in=ids, mailbox__desk__in=mine)
    return list(rows.select_related("mailbox").order_by("received_at", "pk"))


def _back(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    fits = back.startswith("/mail/ledger/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if fits else "/mail/ledger/"


@require_POST
@replaying
def accept(request: HttpRequest, inbound_id: UUID) -> HttpResponse:
    """Take a parked message for the desk all the same."""
    who = actor(request)
    row = access.inbound(who, inbound_id)
    actions.accept(who, row)
    try:
        actions.file(row.pk)
    except (OperationalError, InterfaceError, OSError) as error:
        # The worker has it too.
        messages.info(request, _("It is accepted and filed in a moment: %(error)s") % {"error": error})
        return redirect("mail_message", row.pk)
    kept = access.inbound(who, inbound_id)
    if kept.ticket is None:
        messages.warning(request, _("It is accepted, and could still not be filed. Its page says why."))
        return redirect("mail_message", row.pk)
    messages.success(request, _("It is ticket %(number)d now.") % {"number": kept.ticket.number})
    return redirect("tickets:ticket", kept.ticket.number)
