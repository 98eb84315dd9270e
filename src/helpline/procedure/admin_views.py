"""Pages of procedures: the list, a version to read, edit, compare and preview."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from helpline.acd.models import Queue
from helpline.core.access import Actor, Role
from helpline.core.errors import NotFound
from helpline.people import access as people_access
from helpline.people.access import actor, page
from helpline.people.models import Desk
from helpline.procedure import access, actions, edit_form, placeholders, publishing
from helpline.procedure.default import LANGUAGES, default_document
from helpline.procedure.document import Document
from helpline.procedure.models import Procedure, ProcedureVersion
from helpline.procedure.parsing import DocumentInvalid, parse

reading = page(*Role)
editing = page(*access.EDITORS)


@require_GET
@reading
def listing(request: HttpRequest) -> HttpResponse:
    """Procedures of the actor's desks with the version in use."""
    who = actor(request)
    rows = list(access.procedures(who).prefetch_related("versions"))
    shown = [(row, max(row.versions.all(), key=lambda one: one.number, default=None)) for row in rows]
    return render(request, "procedure/list.html", {"rows": shown, "may_edit": who.may(None, *access.EDITORS)})


def _version(procedure: Procedure, number: str) -> ProcedureVersion:
    """The version of that number, the one in use for an empty text. Raises NotFound."""
    versions = procedure.versions.select_related("published_by").order_by("-number")
    found = versions.filter(number=int(number)).first() if number.isdecimal() else versions.first()
    if found is None:
        raise NotFound(_("This procedure has no such version."))
    return found


def _page(request: HttpRequest, procedure: Procedure, version: ProcedureVersion) -> dict[str, Any]:
    return {
        "procedure": procedure,
        "version": version,
        "document": parse(version.document),
        "versions": procedure.versions.select_related("published_by").order_by("-number"),
        "may_edit": actor(request).may(procedure.desk_id, *access.EDITORS),
    }


@require_GET
@reading
def detail(request: HttpRequest, procedure_id: int) -> HttpResponse:
    """A version to read, the one in use unless `?version=` asks for another."""
    procedure = access.procedure(actor(request), procedure_id)
    version = _version(procedure, request.GET.get("version", ""))
    return render(request, "procedure/detail.html", _page(request, procedure, version))


@require_http_methods(["GET", "POST"])
@editing
def edit(request: HttpRequest, procedure_id: int) -> HttpResponse:
    """Edit the version in use and publish the next one; what is wrong is named beside what was typed."""
    procedure = access.procedure(actor(request), procedure_id)
    access.require_editor(actor(request), procedure)
    version = _version(procedure, "")
    document = parse(version.document)
    if request.method == "GET":
        return _edit_page(request, procedure, version, document)
    based_on = request.POST.get("based_on", "")
    typed = edit_form.edited(document, request.POST)
    try:
        made = actions.publish(
            actor(request),
            procedure,
            typed,
            note=request.POST.get("note", ""),
            based_on=int(based_on) if based_on.isdecimal() else None,
        )
    except DocumentInvalid as invalid:
        return _edit_page(request, procedure, version, document, invalid)
    messages.success(
        request, _("Version %(number)d is in use from the next call on.") % {"number": made.number}
    )
    return redirect("procedure:detail", procedure_id=procedure.pk)


def _edit_page(
    request: HttpRequest,
    procedure: Procedure,
    version: ProcedureVersion,
    document: Document,
    invalid: DocumentInvalid | None = None,
) -> HttpResponse:
    shown = {
        "procedure": procedure,
        "version": version,
        "steps": [_typed_step(part, request) for part in edit_form.step_parts(document)],
        "ways": [_typed_way(part, request) for part in edit_form.way_parts(document)],
        "note": request.POST.get("note", ""),
        "problems": _named(invalid, document) if invalid else (),
        "names": placeholders.NAMES,
    }
    return render(request, "procedure/edit.html", shown, status=invalid.status if invalid else 200)


def _typed_step(part: edit_form.StepPart, request: HttpRequest) -> dict[str, str]:
    names = ("title", "say", "aim", "ticks", "hints")
    typed = {name: request.POST.get(f"{part.key}-{name}", getattr(part, name)) for name in names}
    return {"key": part.key, **typed}


def _typed_way(part: edit_form.WayPart, request: HttpRequest) -> dict[str, str]:
    name = f"{part.gate}-{part.key}"
    return {
        "name": name,
        "label": request.POST.get(f"{name}-label", part.label),
        "say": request.POST.get(f"{name}-say", part.say),
    }


def _named(invalid: DocumentInvalid, document: Document) -> list[tuple[str, str]]:
    """Problems with the title of the step they are in instead of its place in the data."""
    titles = {f"steps[{number}]": step.title for number, step in enumerate(document.steps)}
    titles |= {f"gates[{number}]": gate.title for number, gate in enumerate(document.gates)}
    return [(titles.get(one.place.partition(".")[0], one.place), one.message) for one in invalid.problems]


@require_GET
@reading
def compare(request: HttpRequest, procedure_id: int) -> HttpResponse:
    """What differs between two versions: `?before=1&after=2`; the last two unless asked otherwise."""
    procedure = access.procedure(actor(request), procedure_id)
    after = _version(procedure, request.GET.get("after", ""))
    before = _version(procedure, request.GET.get("before", "") or str(max(after.number - 1, 1)))
    lines = publishing.differences(parse(before.document), parse(after.document))
    shown = {"procedure": procedure, "before": before, "after": after, "lines": lines}
    return render(request, "procedure/compare.html", shown)


@require_GET
@reading
def preview(request: HttpRequest, procedure_id: int) -> HttpResponse:
    """The words of a version with a made-up call filled in."""
    procedure = access.procedure(actor(request), procedure_id)
    version = _version(procedure, request.GET.get("version", ""))
    document = parse(version.document)
    facts = _made_up(procedure.desk)
    said = [(step, placeholders.plain(step.say, facts)) for step in document.steps]
    ways = [
        (gate, [(way, placeholders.plain(way.say, facts)) for way in gate.ways]) for gate in document.gates
    ]
    shown = {"procedure": procedure, "version": version, "steps": said, "gates": ways}
    return render(request, "procedure/preview.html", shown)


def _made_up(desk: Desk) -> dict[str, str]:
    return {
        "desk": desk.name,
        "agent": "Ada",
        "caller": "Carl Jansen",
        "ticket": "1042",
        "next_steps": _("A specialist looks at your connection."),
        "due": _("tomorrow at noon"),
    }


@require_http_methods(["GET", "POST"])
@editing
def create(request: HttpRequest) -> HttpResponse:
    """A new procedure for a queue or language; it starts with the seven steps."""
    who = actor(request)
    if request.method == "POST":
        return _create(request, who)
    desks = [desk for desk in people_access.desks(who) if who.may(desk.pk, *access.EDITORS)]
    shown = {
        "desks": desks,
        "queues": Queue.objects.filter(desk__in=desks).select_related("desk").order_by("desk__name", "name"),
        "languages": LANGUAGES,
    }
    return render(request, "procedure/new.html", shown)


def _create(request: HttpRequest, who: Actor) -> HttpResponse:
    posted = request.POST
    desk_id, queue_id = posted.get("desk", ""), posted.get("queue", "")
    desk = people_access.desk(who, int(desk_id) if desk_id.isdecimal() else 0)
    queue = Queue.objects.filter(desk=desk, pk=int(queue_id)).first() if queue_id.isdecimal() else None
    if queue_id and queue is None:
        raise NotFound(_("This queue belongs to another desk."))
    language = posted.get("language", "")
    document = default_document(language or desk.language)
    name = posted.get("name", "").strip() or _("Handling a call")
    made = actions.create_procedure(who, desk, name[:80], document, queue=queue, language=language)
    return redirect("procedure:edit", procedure_id=made.pk)
