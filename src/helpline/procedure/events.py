"""What this room tells in the outbox."""

from uuid import UUID

RUN_OPENED = "procedure_opened"
RUN_CHANGED = "procedure_changed"
GATE_PASSED = "gate_passed"
RUN_CLOSED = "procedure_closed"
PUBLISHED = "procedure_published"
SENSITIVE_ACT = "sensitive_act"
INCIDENT_SUSPECTED = "incident_suspected"


def call_topics(call_id: UUID) -> tuple[str, ...]:
    """Live topics of pages that show a call."""
    return (f"call:{call_id}",)
