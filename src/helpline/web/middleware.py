"""What every answer of the desk needs: language, refusals in readable form, headers."""

import logging
from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _

from helpline.core import outbox
from helpline.core.errors import DeskError, NotAllowed, NotFound
from helpline.web import security
from helpline.web.refusals import refuse

log = logging.getLogger(__name__)
NO_PAGE = NotFound(_("There is no such page."), help=_("Go back, or search with the / key."))


class ShellMiddleware:
    """Language of the signed-in person, DeskError as an answer, security headers, no copies of pages in caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.csp_nonce = security.new_nonce()  # type: ignore[attr-defined]  # read by web/base.html
        _speak_users_language(request)
        if _opens_the_shell(request):
            # before the view reads anything: what happens meanwhile is then told to the page, twice rather than never
            request.live_after = outbox.last_id()  # type: ignore[attr-defined]  # read by web.context
        answer = self.get_response(request)
        if answer.status_code == 404 and request.resolver_match is None:
            answer = refuse(request, NO_PAGE)
        _add_headers(request, answer)
        return answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Refusals become answers; anything else is a fault and goes on to Django's handler."""
        known = _as_desk_error(error)
        if known is None:
            return None
        log.info("%s %s refused: %s %s", request.method, request.path, known.code, known.message)
        return refuse(request, known)


def _opens_the_shell(request: HttpRequest) -> bool:
    """A browser asks for a whole page, from which a live feed will start."""
    is_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    return is_page and "HX-Request" not in request.headers and request.user.is_authenticated


def _as_desk_error(error: Exception) -> DeskError | None:
    if isinstance(error, DeskError):
        return error
    if isinstance(error, Http404):
        return NO_PAGE
    if isinstance(error, PermissionDenied):
        return NotAllowed(_("You may not do this."), help=_("Ask your team lead or desk administrator."))
    return None


def _speak_users_language(request: HttpRequest) -> None:
    user = request.user
    if user.is_authenticated and user.language and user.language != translation.get_language():
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language()


def _add_headers(request: HttpRequest, answer: HttpResponse) -> None:
    if not answer.get("Content-Type", "").startswith("text/html"):
        return
    nonce = str(request.csp_nonce)  # type: ignore[attr-defined]  # set above
    answer.headers.setdefault("Content-Security-Policy", security.policy(request, nonce))
    answer.headers.setdefault("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
    answer.headers.setdefault("Cache-Control", "no-store")
    patch_vary_headers(answer, ("HX-Request", "HX-Target"))
