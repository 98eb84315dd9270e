"""Who acts in a request, and the door of every page."""

from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor, Role, require
from helpline.core.errors import NotAllowed, NotFound
from helpline.people import queries
from helpline.people.models import Desk, RoleGrant, User
from helpline.web import signed_in

View = Callable[..., HttpResponse]


def actor_for(user: User) -> Actor:
    """The actor a user is, with the roles held now (one query). A deactivated user holds none.

    Notes on the user the time zone of the first desk, in which pages show moments.
    """
    roles: dict[int, set[Role]] = defaultdict(set)
    grants = RoleGrant.objects.filter(user=user, user__is_active=True).order_by("-desk_id")
    for desk_id, role, zone in grants.values_list("desk_id", "role", "desk__timezone"):
        roles[desk_id].add(Role(role))
        user.desk_timezone = zone
    return Actor(
        user_id=user.pk,
        name=user.username,
        roles={desk_id: frozenset(held) for desk_id, held in roles.items()},
    )


def actor(request: HttpRequest) -> Actor:
    """Who sent the request, read once per request. Raises NotAllowed when nobody is signed in."""
    found = signed_in.actor(request)
    if found is None:
        raise NotAllowed(_("Please sign in."), code="sign_in")
    return found


def user_from(request: HttpRequest) -> User | None:
    """Who sent the request: signed in, or with a bearer token (RFC 6750 section 2.1). A token opens only
    reading here, because a page's posts are proved by the form they come from; the API takes it for all."""
    if isinstance(request.user, User):
        return request.user
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or request.method not in {"GET", "HEAD"}:
        return None
    found = queries.user_by_token(token.strip())
    if found is not None:
        request.user = found
    return found


def desk(actor: Actor, desk_id: int) -> Desk:
    """A desk the actor works at. Raises NotFound otherwise."""
    found = desks(actor).filter(pk=desk_id).first()
    if found is None:
        raise NotFound(_("There is no such desk, or you do not work there."))
    return found


def desks(actor: Actor) -> QuerySet[Desk]:
    """Queryset of the desks the actor works at, by name."""
    every = Desk.objects.order_by("name")
    return every if actor.is_system else every.filter(pk__in=actor.desk_ids)


def myself(actor: Actor) -> User:
    """The user an actor is. Raises NotAllowed for the system, which is nobody."""
    found = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    if found is None:
        raise NotAllowed(_("Please sign in."), code="sign_in")
    return found


def user(actor: Actor, username: str) -> User:
    """A colleague: somebody who holds a role at one of the actor's desks. Raises NotFound otherwise."""
    found = users(actor).filter(username=username).first()
    if found is None:
        raise NotFound(_("There is no such person at your desks."))
    return found


def users(actor: Actor) -> QuerySet[User]:
    """Queryset of the people at the actor's desks, by name."""
    every = User.objects.order_by("first_name", "username")
    return every if actor.is_system else every.filter(grants__desk__in=actor.desk_ids).distinct()


def page(*roles: Role) -> Callable[[View], View]:
    """Door of a view: sends strangers to the sign-in page and asks for one of `roles` at any desk (none
    given: anybody signed in). Moments are shown in the time zone of the person's first desk. Refusals of the
    view itself become pages in web.middleware."""

    def door(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if user_from(request) is None:
                return _to_sign_in(request)
            who = actor(request)
            if roles:
                require(who, None, *roles)
            with timezone.override(_zone(request)):
                return view(request, *args, **kwargs)

        return guarded

    return door


def _zone(request: HttpRequest) -> ZoneInfo:
    """Where the clock of the person at the page goes: at their first desk."""
    return ZoneInfo(getattr(request.user, "desk_timezone", "UTC"))


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if "Authorization" in request.headers:
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="helpline"'})
    if request.headers.get("HX-Request") == "true":
        # a fragment's own address is no page to come back to
        return HttpResponse(status=401, headers={"HX-Redirect": str(settings.LOGIN_URL)})
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseRedirect(str(settings.LOGIN_URL))
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?next={quote(request.get_full_path())}")
