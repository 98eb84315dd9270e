"""Which topics of an event an actor may hear of. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from helpline.core.access import Actor
from helpline.core.models import OutboxEvent

#: topics that name no person or thing; an event of no desk is told through these
COMMON = frozenset({"queues", "agents", "incidents", "tickets", "calls"})


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """What a page learns: that something of a kind happened and whom it concerns; never what it says."""

    id: int
    kind: str
    desk_id: int | None
    topics: tuple[str, ...]

    @classmethod
    def of(cls, row: OutboxEvent) -> "LiveEvent":
        return cls(id=row.pk, kind=row.kind, desk_id=row.desk_id, topics=tuple(row.topics))


def topics_for(actor: Actor, event: LiveEvent, wanted: Collection[str]) -> list[str]:
    """Topics of the event the page asked for and the actor may know of; empty when it is none of theirs.

    An event of a desk is for those who work there. One of no desk (a person's presence) is told by its
    common topics, and in full only to the person it names.
    """
    asked = [topic for topic in event.topics if topic in wanted]
    own = f"user:{actor.user_id}"
    if event.desk_id is not None and actor.works_at(event.desk_id):
        return asked
    if event.desk_id is None:
        return [topic for topic in asked if topic in COMMON or topic == own or own in event.topics]
    return [topic for topic in asked if topic == own]
