"""What a caller sees: which desk to call, what is known to be broken."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpline.acd.models import EntryPoint
from helpline.tickets.models import Incident, IncidentState


@dataclass(frozen=True, slots=True)
class DeskToCall:
    """A desk with the number its button calls."""

    name: str
    number: str
    about: str


def desks_to_call() -> list[DeskToCall]:
    """Each desk once, by its first number."""
    points = EntryPoint.objects.select_related("desk").order_by("number")
    first = {point.desk_id: point for point in reversed(points)}
    chosen = sorted(first.values(), key=lambda point: point.number)
    return [DeskToCall(point.desk.name, point.number, point.name) for point in chosen]


def current_incidents() -> Sequence[Incident]:
    """What is broken now, newest first; title and workaround are written for callers."""
    return list(
        Incident.objects.filter(state=IncidentState.OPEN).select_related("desk").order_by("-declared_at")[:5]
    )
