"""Templates and signatures: list, edit, preview, files; the signatures of a desk and one's own."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.core import placeholders
from helpline.core.access import Role
from helpline.core.errors import DeskError, Invalid, NotFound
from helpline.knowledge import access, template_actions, template_queries, words
from helpline.knowledge.models import TemplateFile
from helpline.knowledge.template_forms import TemplateForm
from helpline.people import access as people
from helpline.people.models import Desk, Team, User

reading = people.page(*Role)
writing = people.page(*access.WRITERS)
LIMIT = 200


@require_GET
@reading
def template_list(request: HttpRequest) -> HttpResponse:
    """Templates narrowed by word, language and desk; what is broken stands first."""
    actor = people.actor(request)
    given = {name: request.GET.get(name, "")[:100].strip() for name in ("text", "language", "desk")}
    desks = list(people.desks(actor))
    found = {
        "templates": list(template_queries.search(actor, **given)[:LIMIT]),
        "broken": list(template_queries.broken(actor)[:50]),
        "languages": settings.LANGUAGES,
        "desks": desks,
        "given": given,
        "may_write": actor.may(None, *access.WRITERS),
    }
    return render(request, "knowledge/templates.html", found)


@writing
def edit_template(request: HttpRequest, template_id: int | None = None) -> HttpResponse:
    """Write a new template or change one; the mail it makes is shown beside it."""
    actor = people.actor(request)
    template = template_queries.template(actor, template_id) if template_id else None
    form = TemplateForm(actor, request.POST if request.method == "POST" else None, template)
    body = request.POST.get("body", template.body if template else "")
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        desk = template.desk if template else given.pop("desk")
        try:
            saved = template_actions.save_template(actor, desk, template=template, body=body, **given)
        except Invalid as error:
            form.add_error(None, f"{error.message} {error.help}".strip())
        else:
            messages.success(request, _("The template is saved."))
            return redirect("knowledge:template", template_id=saved.pk)
    found = {"form": form, "template": template, "body": body, "names": placeholders.known()} | _preview(body)
    found["files"] = list(template.files.all()) if template else []
    found["checked"] = list(template.checked.all()) if template else []
    return render(request, "knowledge/template.html", found, status=422 if form.errors else 200)


def _preview(body: str) -> dict[str, Any]:
    try:
        return {"preview": placeholders.example(words.cleaned(body)), "trouble": ""}
    except DeskError as error:
        return {"preview": "", "trouble": f"{error.message} {error.help}".strip()}


@require_POST
@writing
def preview(request: HttpRequest) -> HttpResponse:
    """The mail the text makes, with examples for its placeholders."""
    return render(request, "knowledge/preview.html", _preview(request.POST.get("body", "")))


@require_POST
@writing
def delete_template(request: HttpRequest, template_id: int) -> HttpResponse:
    """Delete a template."""
    actor = people.actor(request)
    template_actions.delete_template(actor, template_queries.template(actor, template_id))
    messages.success(request, _("The template is deleted."))
    return redirect("knowledge:templates")


@require_POST
@writing
def add_files(request: HttpRequest, template_id: int) -> HttpResponse:
    """Put files to a template."""
    actor = people.actor(request)
    template = template_queries.template(actor, template_id)
    for one in request.FILES.getlist("files"):
        kind = one.content_type or "application/octet-stream"
        template_actions.add_file(actor, template, one.name or "file", kind, one)
    return redirect("knowledge:template", template_id=template.pk)


@require_POST
@writing
def remove_file(request: HttpRequest, template_id: int, file_id: int) -> HttpResponse:
    """Take a file away from a template."""
    actor = people.actor(request)
    template = template_queries.template(actor, template_id)
    file = TemplateFile.objects.select_related("template").filter(pk=file_id, template=template).first()
    if file is None:
        raise NotFound(_("The template has no such file."))
    template_actions.remove_file(actor, file)
    return redirect("knowledge:template", template_id=template.pk)


@writing
def signatures(request: HttpRequest, desk_id: int) -> HttpResponse:
    """Signatures of a desk and its teams, a language at a time."""
    actor = people.actor(request)
    desk = people.desk(actor, desk_id)
    if request.method == "POST":
        owner = _owner(desk, request.POST.get("owner", ""))
        body, language = request.POST.get("body", ""), _language(request.POST.get("language", ""))
        template_actions.save_signature(actor, owner, language, body)
        messages.success(request, _("The signature is saved."))
        return redirect(f"/desks/{desk.pk}/signatures/?language={language}")
    language = _language(request.GET.get("language", desk.language))
    owned = [(one, one.by_language.get(language, "")) for one in template_queries.signatures_of_desk(desk)]
    found = {"desk": desk, "owned": owned, "language": language, "languages": settings.LANGUAGES}
    return render(request, "knowledge/signatures.html", found | {"names": placeholders.known()})


def _language(given: str) -> str:
    if given not in dict(settings.LANGUAGES):
        raise Invalid(_("There is no such language."), code="language")
    return given


def _owner(desk: Desk, key: str) -> Desk | Team:
    kind, _dash, pk = key.partition("-")
    if kind == "desk" and pk == str(desk.pk):
        return desk
    team = Team.objects.filter(desk=desk, pk=int(pk)).first() if kind == "team" and pk.isdigit() else None
    if team is None:
        raise NotFound(_("There is no such team at this desk."))
    return team


@require_POST
@people.page()
def my_signature(request: HttpRequest) -> HttpResponse:
    """Set one's own signature in a language."""
    actor = people.actor(request)
    language = _language(request.POST.get("language", ""))
    template_actions.save_signature(actor, people.myself(actor), language, request.POST.get("body", ""))
    messages.success(request, _("The signature is saved."))
    return redirect(f"/me/?language={language}#signature")


def own_signature(request: HttpRequest, user: User) -> dict[str, Any]:
    """What the panel of one's own signature needs."""
    asked = request.GET.get("language", "")
    language = asked if asked in dict(settings.LANGUAGES) else user.language
    found = user.signatures.filter(language=language).first()
    return {
        "body": found.body if found else "",
        "language": language,
        "languages": settings.LANGUAGES,
        "names": placeholders.known(),
    }
