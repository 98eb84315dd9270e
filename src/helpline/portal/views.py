"""The caller's side: no account, no ticket number needed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from helpline.portal import queries
from helpline.telephony import guests
from helpline.web.security import phone_ws_urls

KEYPAD = "123456789*0#"


@require_safe
def call_page(request: HttpRequest) -> HttpResponse:
    """One button that calls a desk from the browser, as a guest the switch knows nothing of."""
    wanted = request.GET.get("desk", "")
    desks = queries.desks_to_call()
    chosen = next((desk.number for desk in desks if desk.number == wanted), desks[0].number if desks else "")
    return render(
        request,
        "portal/call.html",
        {
            "desks": desks,
            "chosen": chosen,
            "incidents": queries.current_incidents(),
            "keypad": KEYPAD,
            "ws_url": " ".join(phone_ws_urls(request)),
            "realm": "helpline",
            "guest": guests.new_name(),
        },
    )
