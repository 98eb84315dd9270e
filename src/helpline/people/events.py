"""What the people room tells the others, as kinds of outbox events and the shape of their data."""

from dataclasses import dataclass
from typing import Final

from helpline.core.models import OutboxEvent

PRESENCE_CHANGED: Final = "presence_changed"
PHONE_ACCOUNT_CHANGED: Final = "phone_account_changed"
PHONE_READY_CHANGED: Final = "phone_ready_changed"
USER_CHANGED: Final = "user_changed"
DESK_CHANGED: Final = "desk_changed"
#: somebody is told something, or saw it; data: {user_id, kind, about}
NOTIFIED: Final = "notified"


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """An agent went from one state to another. `call_id` is a UUID as text or empty."""

    user_id: int
    was: str
    state: str
    reason: str
    call_id: str

    @classmethod
    def of(cls, event: OutboxEvent) -> "PresenceChanged":
        """Read back what the outbox keeps. Raises KeyError for an event of another kind."""
        data = event.data
        return cls(
            user_id=data["user_id"],
            was=data["was"],
            state=data["state"],
            reason=data["reason"],
            call_id=data["call_id"],
        )


def user_topics(user_id: int) -> tuple[str, ...]:
    """Live topics of a person: their own page, and every page that shows agents."""
    return (f"user:{user_id}", "agents")


def bell_topic(user_id: int) -> str:
    """Live topic of a person's notices."""
    return f"bell:{user_id}"
