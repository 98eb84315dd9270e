"""Who did what to which object."""

from collections.abc import Iterable, Mapping
from typing import Any

from helpline.core import gathering
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM, Clock
from helpline.core.models import AuditRow
from helpline.core.redaction import Redactor, rewrite, sweep


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
    row = AuditRow(
        at=clock.now(),
        actor_id=actor.user_id,
        actor_name=actor.name,
        verb=verb,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        desk_id=desk_id,
        changes=dict(changes or {}),
    )
    gathering.write(row)
    return row


def redact(subject_kind: str, subject_ids: Iterable[object], redactor: Redactor) -> None:
    """Take a person out of the rows about these subjects."""
    ids = [str(one) for one in subject_ids]
    rewrite(AuditRow.objects.filter(subject_kind=subject_kind, subject_id__in=ids), ["changes"], redactor)


def blank(subject_kind: str, subject_id: object) -> None:
    """Keep who did what and when to the subject, not what it was before and after."""
    AuditRow.objects.filter(subject_kind=subject_kind, subject_id=str(subject_id)).update(changes={})


def redact_desk(desk_id: int, redactor: Redactor) -> None:
    """Take a person out of all rows of a desk that mention them."""
    sweep(AuditRow.objects.filter(desk_id=desk_id), ["changes"], redactor)
