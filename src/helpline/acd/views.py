"""Posts of the phone bar: each asks the acd process and answers with what came of it, as JSON."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.acd import commands
from helpline.core.errors import DeskError, Invalid, NotFound
from helpline.people.access import actor
from helpline.people.models import PhoneAccount, User
from helpline.web.security import phone_ws_urls

#: what may be in a form beside arguments of the verb
_NOT_ARGS = frozenset({"csrfmiddlewaretoken", "call"})


@require_POST
def phone_verb(request: HttpRequest, verb: str) -> HttpResponse:
    """204 when it is done, with the command's result as JSON if there is one; else {code, message, help}."""
    try:
        given = _given(request)
        args = {key: value for key, value in given.items() if key not in _NOT_ARGS}
        command = commands.do(actor(request), verb, _call(given), **args)
    except DeskError as error:
        return refusal(error)
    if command.result:
        return JsonResponse(command.result)
    return HttpResponse(status=204)


def _given(request: HttpRequest) -> dict[str, Any]:
    """Form fields, or a JSON object."""
    if request.content_type != "application/json":
        return {key: str(value) for key, value in request.POST.items()}
    try:
        found = json.loads(request.body)
    except ValueError as error:
        raise Invalid(_("This is no JSON."), code="json") from error
    if not isinstance(found, dict):
        raise Invalid(_("Send a JSON object."), code="json")
    return found


def _call(given: dict[str, Any]) -> UUID | None:
    text = str(given.get("call") or "")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(_("There is no such call at your desks."), code="no_call") from error


def refusal(error: DeskError) -> JsonResponse:
    """What is wrong and what helps."""
    told = {"code": error.code, "message": str(error.message), "help": str(error.help)}
    return JsonResponse(told, status=error.status)


@require_GET
def phone_credentials(request: HttpRequest) -> HttpResponse:
    """What the browser's phone needs to register; only ever one's own. Never kept by anybody on the way."""
    try:
        who = actor(request)
        account = PhoneAccount.objects.filter(user=who.user_id).select_related("user").first()
        if account is None:
            raise NotFound(
                _("You have no telephone account."), code="no_account", help=_("Ask your desk administrator.")
            )
    except DeskError as error:
        return refusal(error)
    response = JsonResponse(_credentials(request, account, account.user))
    response["Cache-Control"] = "no-store"
    return response


def _credentials(request: HttpRequest, account: PhoneAccount, user: User) -> dict[str, Any]:
    return {
        "username": account.username,
        "ha1": account.ha1_md5,
        "realm": account.realm,
        "uri": f"sip:{account.username}@{account.realm}",
        "ws_urls": phone_ws_urls(request),
        "display_name": user.display_name,
        "ice_servers": [],
    }
