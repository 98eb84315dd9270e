"""The interface itself: address, token, refusals as JSON, and its description at `/api/v1/openapi.json`."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from helpline.api.auth import Token
from helpline.api.shapes import Refusal
from helpline.core.errors import DeskError

#: answers every address may give beside its own
REFUSALS = {400: Refusal, 401: Refusal, 403: Refusal, 404: Refusal, 409: Refusal, 422: Refusal, 503: Refusal}

api = NinjaAPI(
    title="Helpline",
    version="1",
    description=(
        "Calls, tickets and agents of the desks you work at. Moments are UTC (RFC 3339), durations are seconds. "
        "Every refusal has a stable code, says what is wrong and what helps."
    ),
    urls_namespace="api",
    auth=Token(),
    docs_url=None,
)


def _refused(request: HttpRequest, status: int, code: str, message: str, help: str = "") -> HttpResponse:
    body: dict[str, Any] = {"code": code, "message": message, "help": help}
    answer = api.create_response(request, body, status=status)
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="helpline"'
    return answer


@api.exception_handler(DeskError)
def desk_error(request: HttpRequest, error: DeskError) -> HttpResponse:
    """A refusal of a room, with its own status."""
    return _refused(request, error.status, error.code, str(error.message), str(error.help))


@api.exception_handler(AuthenticationError)
def no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """No token, or none that is known."""
    return _refused(
        request,
        401,
        "no_token",
        _("The token is missing or not known."),
        _("Send Authorization: Bearer TOKEN."),
    )


@api.exception_handler(ValidationError)
def unfit(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Input that does not have the shape described; names each place."""
    places = (
        f"{'.'.join(str(part) for part in one.get('loc', ()))}: {one.get('msg', '')}" for one in error.errors
    )
    return _refused(request, 422, "invalid", _("The input cannot be used."), "; ".join(places))


@api.exception_handler(Http404)
def no_such_thing(request: HttpRequest, error: Http404) -> HttpResponse:
    """An address that names nothing."""
    return _refused(request, 404, "not_found", _("There is no such thing."))


@api.exception_handler(HttpError)
def bad_request(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that cannot be read."""
    return _refused(request, error.status_code, "invalid", str(error))
