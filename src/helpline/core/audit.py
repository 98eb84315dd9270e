"""Who did what to which object."""

from collections.abc import Mapping
from typing import Any

from helpline.core.access import Actor
from helpline.core.clock import SYSTEM, Clock
from helpline.core.models import AuditRow


def record(
    actor: Actor,
    verb: str,
    subject_kind: str,
    subject_id: object,
    *,
    desk_id: int | None = None,
    changes: Mapping[str, Any] | None = None,
    clock: Clock = SYSTEM,
) -> AuditRow:
    """Write one audit row in the action's transaction. `changes` must be plain JSON data without secrets."""
    return AuditRow.objects.create(
        at=clock.now(),
        actor_id=actor.user_id,
        actor_name=actor.name,
        verb=verb,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        desk_id=desk_id,
        changes=dict(changes or {}),
    )
