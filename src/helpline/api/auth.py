"""Who asks: a bearer token of a person (RFC 6750 section 2.1)."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from helpline.core.access import Actor
from helpline.people import actions as people_actions
from helpline.people import queries as people_queries
from helpline.people.access import actor_for


class Token(HttpBearer):
    """`Authorization: Bearer TOKEN`; made with `helpline token create USER`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The person with the roles they hold now; None for a wrong or revoked token."""
        user = people_queries.user_by_token(token)
        if user is None:
            return None
        people_actions.token_used(token)
        return actor_for(user)


def asking(request: HttpRequest) -> Actor:
    """The person behind the token of this request."""
    found = request.auth  # type: ignore[attr-defined]  # set by ninja to what `Token` gave
    assert isinstance(found, Actor)
    return found
