"""Who acts, and the gate every object passes before a view sees it."""

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from helpline.core.errors import NotAllowed


class Role(StrEnum):
    """What a person does at a desk; one person may hold several."""

    AGENT = "agent"
    SPECIALIST = "specialist"
    LEAD = "lead"
    COACH = "coach"
    PHONE_ADMIN = "phone_admin"
    DESK_ADMIN = "desk_admin"
    MANAGER = "manager"


#: Roles that answer calls and work on tickets.
WORKERS = frozenset({Role.AGENT, Role.SPECIALIST, Role.LEAD})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a signed-in person, or the system itself (`user_id` None)."""

    user_id: int | None
    name: str
    #: desk id -> roles held there
    roles: dict[int, frozenset[Role]] = field(default_factory=dict)
    is_system: bool = False

    def may(self, desk_id: int | None, *roles: Role) -> bool:
        """True when the actor holds one of `roles` at the desk (`None`: at any desk)."""
        if self.is_system:
            return True
        wanted = set(roles)
        if desk_id is None:
            return any(held & wanted for held in self.roles.values())
        return bool(self.roles.get(desk_id, frozenset()) & wanted)

    def works_at(self, desk_id: int | None) -> bool:
        """True when the actor holds any role at the desk."""
        return self.is_system or (desk_id is not None and desk_id in self.roles)

    @property
    def desk_ids(self) -> frozenset[int]:
        return frozenset(self.roles)


SYSTEM = Actor(user_id=None, name="system", is_system=True)


def require(actor: Actor, desk_id: int | None, *roles: Role) -> None:
    """Raise NotAllowed unless the actor holds one of `roles` at the desk."""
    if not actor.may(desk_id, *roles):
        raise NotAllowed(
            _("Your role does not allow this."),
            help=_("Ask your team lead or desk administrator."),
        )
