"""What a desk sorts its tickets by, set on the desk's page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from helpline.core.access import Role
from helpline.people import access as people
from helpline.tickets import actions, queries


@require_POST
@people.page(Role.DESK_ADMIN)
def new_category(request: HttpRequest, desk_id: int) -> HttpResponse:
    """Make a category, below another one when `parent` says so."""
    actor = people.actor(request)
    desk = people.desk(actor, desk_id)
    above = request.POST.get("parent", "")
    parent = queries.categories(desk).filter(pk=above).first() if above.isdigit() else None
    made = actions.create_category(actor, desk, request.POST.get("name", "")[:80], parent=parent)
    messages.success(request, _("%s is made.") % made.path)
    return redirect("people:desk", desk_id=desk_id)
