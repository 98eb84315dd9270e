"""Who is signed in, for the shell. Who may do what is the business of `people`, which is above us."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from helpline.core.access import Actor


def actor(request: HttpRequest) -> Actor | None:
    """The signed-in actor, read once per request; None for a guest."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    known = getattr(request, "shell_actor", None)
    if known is None:
        known = import_string(getattr(settings, "ACTOR_SOURCE", "helpline.people.access.actor_for"))(user)
        request.shell_actor = known  # type: ignore[attr-defined]  # kept for this request
    return cast(Actor, known)
