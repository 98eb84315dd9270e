"""A refusal as the asker can read it: a page, a notice on the page, or JSON. All three say why and what helps."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from helpline.core.errors import DeskError
from helpline.web.context import wants_main_only


def refuse(request: HttpRequest, error: DeskError) -> HttpResponse:
    """Render a DeskError for whoever asked."""
    if _wants_json(request):
        return _json(error)
    if request.headers.get("HX-Request") == "true" and not _is_page_visit(request):
        return _notice(request, error)
    return _page(request, error)


def _wants_json(request: HttpRequest) -> bool:
    accept = request.headers.get("Accept", "")
    return request.path.startswith("/api/") or ("application/json" in accept and "text/html" not in accept)


def _is_page_visit(request: HttpRequest) -> bool:
    history = request.headers.get("HX-History-Restore-Request") == "true"
    return request.method == "GET" and (history or wants_main_only(request))


def _facts(error: DeskError) -> dict[str, object]:
    return {
        "status": error.status,
        "code": error.code,
        "message": str(error.message) or _("That did not work."),
        "help": str(error.help),
    }


def _json(error: DeskError) -> JsonResponse:
    facts = _facts(error)
    return JsonResponse({key: facts[key] for key in ("code", "message", "help")}, status=error.status)


def _notice(request: HttpRequest, error: DeskError) -> HttpResponse:
    answer = render(request, "web/refusal_toast.html", _facts(error), status=error.status)
    answer["HX-Retarget"] = "#toasts"
    answer["HX-Reswap"] = "beforeend"
    answer["HX-Push-Url"] = "false"
    return answer


def _page(request: HttpRequest, error: DeskError) -> HttpResponse:
    user = getattr(request, "user", None)
    inside = user is not None and user.is_authenticated
    template = "web/refusal.html" if inside else "web/refusal_plain.html"
    return render(request, template, _facts(error), status=error.status)
