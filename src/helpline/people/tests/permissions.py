"""Permissions as a table: who may open which address, in one place per room.

Each room's table is `{address: roles that may}`; whoever is not named is refused, and a guest is sent to sign in.
"""

from collections.abc import Iterable

from django.test import Client

from helpline.core.access import Role
from helpline.people.models import User
from helpline.people.tests.factories import UserFactory

ALL = frozenset(Role)


def answers(path: str, method: str, user: User | None, data: dict[str, str] | None = None) -> int:
    """The status a person gets for an address."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return getattr(client, method)(path, data or {}).status_code


def is_let_in(status: int) -> bool:
    """Let through the door; what the view then says of the input is another matter."""
    return status not in {401, 403, 404, 405, 500}


def wrongs(
    path: str, method: str, allowed: Iterable[Role], desk, data: dict[str, str] | None = None
) -> list[str]:
    """What is not as the table says: one line each, for a guest and every role at the desk."""
    found = []
    guest = answers(path, method, None, data)
    if guest != 302:
        found.append(f"{method} {path}: a guest got {guest}")
    for role in Role:
        user = UserFactory(roles=[(desk, role)])
        status = answers(path, method, user, data)
        if is_let_in(status) != (role in allowed):
            found.append(f"{method} {path}: {role} got {status}")
    return found
