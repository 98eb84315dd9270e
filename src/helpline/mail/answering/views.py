"""The answer on the ticket page: its form, the draft behind it, files, sending, taking back."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.core.access import Actor
from helpline.core.errors import Invalid, NotFound
from helpline.knowledge import template_queries
from helpline.mail.answering import composing, drafting, editor_html, filling, opening
from helpline.mail.answering.drafting import Writing
from helpline.mail.answering.models import Draft, DraftFile, DraftKind
from helpline.mail.models import Attachment, Outbound
from helpline.mail.outgoing.changes import undo
from helpline.mail.outgoing.files import MOST_BYTES, OutgoingFile
from helpline.mail.parsing.html_text import text_of_html
from helpline.mail.views import handed_out
from helpline.people import access as people
from helpline.tickets import access as tickets_access
from helpline.tickets.models import StatusKind, Ticket

working = people.page(*tickets_access.WRITERS)
#: pictures that may stand within the text
_PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
#: what a ticket mostly is after a mail was sent; the others are one click further
_MOSTLY: Final = (StatusKind.WAITING_CUSTOMER, StatusKind.SOLVED)


def panel(request: HttpRequest, ticket: Ticket) -> str:
    """The panel on the ticket page, for those who work on it."""
    actor = people.actor(request)
    kind = _kind(request.POST.get("kind") or request.GET.get("compose"))
    return render_to_string("mail/compose.html", context(actor, ticket, kind), request=request)


def context(actor: Actor, ticket: Ticket, kind: str = "") -> dict[str, Any]:
    """What the template of the panel needs."""
    found = composing.compose(actor, ticket, kind)
    return {
        "compose": found,
        "ticket": ticket,
        "kinds": _TABS,
        "after": [one for one in found.statuses if one[0] in _MOSTLY],
        "after_more": [one for one in found.statuses if one[0] not in (*_MOSTLY, StatusKind.NEW)],
    }


#: tab, its key, its icon
_TABS: Final = (
    (DraftKind.REPLY, "r", "arrow-back-up"),
    (DraftKind.REPLY_ALL, "a", "arrow-back-up-double"),
    (DraftKind.FORWARD, "f", "arrow-forward-up"),
    (DraftKind.NOTE, "i", "note"),
)


def _kind(said: str | None) -> str:
    return said if said in DraftKind.values else ""


def _ticket(request: HttpRequest, number: int) -> tuple[Actor, Ticket]:
    actor = people.actor(request)
    ticket = tickets_access.ticket(actor, number)
    tickets_access.require_work(actor, ticket.desk_id)
    return actor, ticket


def _panel(request: HttpRequest, ticket: Ticket, kind: str = "", **more: Any) -> HttpResponse:
    """The panel anew for a page that asked for it, the page for one without scripts."""
    if request.headers.get("HX-Request") != "true":
        return redirect(f"/tickets/{ticket.number}/#ticket-compose")
    found = context(people.actor(request), ticket, kind) | more
    return render(request, "mail/compose.html", found)


@require_GET
@working
def compose(request: HttpRequest, number: int) -> HttpResponse:
    """The panel as it is now."""
    actor, ticket = _ticket(request, number)
    found = context(actor, ticket, _kind(request.GET.get("kind")))
    return render(request, "mail/compose.html", found)


@require_GET
@working
def writers(request: HttpRequest, number: int) -> HttpResponse:
    """Who else writes on the ticket."""
    actor, ticket = _ticket(request, number)
    found = {"writers": composing.writers(actor, ticket), "ticket": ticket}
    return render(request, "mail/writers.html", found)


@require_POST
@working
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what is written. With `tab` the form comes back as another kind of answer."""
    actor, ticket = _ticket(request, number)
    tab = _kind(request.POST.get("tab"))
    saved = drafting.save(actor, ticket, written(request, actor, ticket, tab))
    if tab or not _wants_json(request):
        return _panel(request, ticket, tab, focus=True)
    return JsonResponse({"draft": saved is not None, "at": saved.changed_at.isoformat() if saved else ""})


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def written(request: HttpRequest, actor: Actor, ticket: Ticket, tab: str = "") -> Writing:
    """What the form holds; fields that did not come are as in the draft."""
    given, before = request.POST, drafting.own_draft(actor, ticket)
    was = _kind(given.get("kind")) or (before.kind if before else DraftKind.REPLY)
    kind = DraftKind(tab or was)
    letter = before.letter if before else None
    html = before.html if before else ""
    note = given.get("note", given.get("body", before.note if before else ""))
    words = Writing(kind, _html(request, ticket, html), note, letter=letter)
    if was == DraftKind.NOTE:
        return _with_heading(words, before)
    return _with_typed(words, request, opening.prefilled(ticket, was, opening.known(ticket, letter)), was)


def _html(request: HttpRequest, ticket: Ticket, before: str) -> str:
    if "html" in request.POST:
        return editor_html.kept(request.POST["html"], _content_ids(people.actor(request), ticket).get)
    text = request.POST.get("text")
    # without scripts: whoever changes no word keeps the formatting
    if text is None or text.replace("\r\n", "\n").strip() == text_of_html(before).strip():
        return before
    return editor_html.of_text(text)


def _content_ids(actor: Actor, ticket: Ticket) -> dict[str, str]:
    """Our own addresses of the draft's pictures -> their content ids."""
    draft = drafting.own_draft(actor, ticket)
    files = draft.files.all() if draft else []
    return {composing.file_address(ticket, one): one.content_id for one in files if one.content_id}


def _with_heading(words: Writing, before: Draft | None) -> Writing:
    if before is None:
        return words
    return replace(
        words, to=before.to, cc=before.cc, subject=before.subject, quote=before.quote, sign=before.sign
    )


def _with_typed(words: Writing, request: HttpRequest, usual: opening.Prefilled, was: str) -> Writing:
    """Addresses and subject as typed; another kind of answer begins with its own."""
    given = request.POST
    if "options" in given:
        words = replace(words, quote=given.get("quote") == "1", sign=given.get("sign") == "1")
    if words.kind not in (was, DraftKind.NOTE):
        return words

    def typed(name: str, filled: str) -> str | None:
        value = given.get(name)
        return None if value is None or value.strip() == filled else value

    return replace(
        words,
        to=typed("to", usual.to),
        cc=typed("cc", usual.cc),
        subject=typed("subject", usual.subject),
    )


@require_POST
@working
def discard(request: HttpRequest, number: int) -> HttpResponse:
    """Throw the draft away."""
    actor, ticket = _ticket(request, number)
    drafting.discard(actor, ticket)
    if request.POST.get("back") == "drafts":
        messages.success(request, _("The draft is gone."))
        return redirect("drafts")
    return _panel(request, ticket)


@require_POST
@working
def send(request: HttpRequest, number: int) -> HttpResponse:
    """Send what the form holds; for 15 s it may be taken back."""
    actor, ticket = _ticket(request, number)
    writing = written(request, actor, ticket)
    if writing.kind == DraftKind.NOTE:
        raise Invalid(_("A note is not sent."), code="kind")
    drafting.save(actor, ticket, writing)
    if writing.kind != DraftKind.FORWARD and drafting.own_draft(actor, ticket) is None:
        raise drafting.empty()
    saved = drafting.begin(actor, ticket, writing)
    drafting.send(
        actor,
        saved,
        then=request.POST.get("then", ""),
        signature=filling.signature_of(actor, ticket),
        language=next(iter(filling.languages(ticket)), ""),
    )
    return _refreshed(_panel(request, ticket), ticket)


def _refreshed(answer: HttpResponse, ticket: Ticket) -> HttpResponse:
    """Have the page's other parts ask for themselves anew at once, live feed or not."""
    answer["HX-Trigger"] = f'{{"live:ticket:{ticket.number}": ""}}'
    return answer


@require_POST
@working
def take_back(request: HttpRequest, number: int, outbound_id: UUID) -> HttpResponse:
    """The mail is no mail yet: it stands in the editor again."""
    actor, ticket = _ticket(request, number)
    outbound = Outbound.objects.select_related("letter", "mailbox", "ticket").filter(
        pk=outbound_id, ticket=ticket
    )
    found = outbound.first()
    if found is None:
        raise NotFound(_("There is no such mail on this ticket."))
    undo(actor, found)
    return _refreshed(_panel(request, ticket, focus=True), ticket)


@require_POST
@working
def add_files(request: HttpRequest, number: int) -> HttpResponse:
    """Take files to go along. A picture for the text (`inline`) is answered by its address, others by the list."""
    actor, ticket = _ticket(request, number)
    given = request.FILES.getlist("files")
    if not given:
        raise Invalid(_("Choose a file first."), code="empty")
    if sum(one.size or 0 for one in given) > MOST_BYTES:
        raise drafting.too_large()
    inline = request.POST.get("inline") == "1" and all(one.content_type in _PICTURES for one in given)
    kind = DraftKind(_kind(request.POST.get("kind")) or DraftKind.REPLY)
    if "options" in request.POST:
        drafting.save(actor, ticket, written(request, actor, ticket))
    begun = drafting.begin(actor, ticket, Writing(kind))
    rows = drafting.attach(actor, begun, [_kept(one, inline) for one in given])
    if inline:
        return JsonResponse({"url": composing.file_address(ticket, rows[0])})
    return _files(request, ticket, begun)


def _kept(given: UploadedFile[bytes], inline: bool) -> OutgoingFile:
    content_id = drafting.content_id() if inline else ""
    kind = given.content_type or "application/octet-stream"
    return OutgoingFile.keep(given.name or "file", kind, given.chunks(), content_id)


def _files(request: HttpRequest, ticket: Ticket, draft: Draft) -> HttpResponse:
    if request.headers.get("HX-Request") != "true":
        return redirect(f"/tickets/{ticket.number}/#ticket-compose")
    attached = DraftFile.objects.filter(draft=draft, content_id="")
    return render(request, "mail/compose_files.html", {"files": attached, "ticket": ticket})


@require_POST
@working
def insert(request: HttpRequest, number: int) -> HttpResponse:
    """Put a template into the answer: its words for the editor and the list of files, or the whole form."""
    actor, ticket = _ticket(request, number)
    wanted = request.POST.get("template", "")
    found = template_queries.template(actor, int(wanted) if wanted.isdigit() else 0)
    if found.desk_id != ticket.desk_id:
        raise NotFound(_("There is no such template at this desk."))
    writing = written(request, actor, ticket)
    drafting.save(actor, ticket, writing)
    begun = drafting.begin(actor, ticket, writing)
    words = filling.insert(actor, ticket, begun, found)
    if _wants_json(request):
        attached = DraftFile.objects.filter(draft=begun, content_id="")
        files = render_to_string("mail/compose_files.html", {"files": attached, "ticket": ticket}, request)
        return JsonResponse({"html": words, "files": files})
    drafting.save(actor, ticket, replace(writing, html=f"{writing.html}{words}"))
    return _panel(request, ticket, writing.kind, focus=True)


def _own_file(actor: Actor, ticket: Ticket, file_id: int) -> DraftFile:
    mine = DraftFile.objects.filter(draft__user_id=actor.user_id or 0, draft__ticket=ticket)
    found = mine.select_related("draft").filter(pk=file_id).first()
    if found is None:
        raise NotFound(_("There is no such file in your draft."))
    return found


@require_GET
@working
def file(request: HttpRequest, number: int, file_id: int) -> HttpResponse:
    """A file of one's own draft."""
    actor, ticket = _ticket(request, number)
    found = _own_file(actor, ticket, file_id)
    row = Attachment(name=found.name, type=found.type, sha256=found.sha256, inline=bool(found.content_id))
    return handed_out(row, found.pk)


@require_POST
@working
def remove_file(request: HttpRequest, number: int, file_id: int) -> HttpResponse:
    """Take a file out of the draft again."""
    actor, ticket = _ticket(request, number)
    found = _own_file(actor, ticket, file_id)
    drafting.remove_file(actor, found)
    return _files(request, ticket, found.draft)


@require_GET
@working
def my_drafts(request: HttpRequest) -> HttpResponse:
    """The person's drafts, narrowed by a word."""
    actor = people.actor(request)
    text = request.GET.get("text", "")[:100].strip()
    found = composing.my_drafts(actor)
    if text:
        found = found.filter(ticket__subject__icontains=text)
    rows = list(found[:100])
    return render(request, "mail/drafts.html", {"drafts": rows, "text": text})
