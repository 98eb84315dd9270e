"""How long a call waited, talked and was held: folded from the moments at which its state changed.

Every second between the first and the last state counts exactly once, so that
flow + wait + talk + hold = the whole call.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from helpline.telephony.models import CallEvent, CallState

_KINDS = {
    CallState.FLOW: "flow",
    CallState.QUEUED: "wait",
    CallState.OFFERED: "wait",
    CallState.TALKING: "talk",
    CallState.HELD: "hold",
}


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds with milliseconds."""

    flow_s: Decimal
    wait_s: Decimal
    talk_s: Decimal
    hold_s: Decimal


def seconds(value: float) -> Decimal:
    """Seconds to three decimals."""
    return Decimal(round(value * 1000)) / 1000


def fold(changes: Iterable[tuple[datetime, str]], now: datetime) -> Times:
    """`changes`: (moment, state) in order; the last state lasts until `now` unless it is `ended`."""
    sums = dict.fromkeys(("flow", "wait", "talk", "hold"), 0.0)
    since: datetime | None = None
    state = ""
    for at, following in [*changes, (now, str(CallState.ENDED))]:
        kind = _KINDS.get(CallState(state)) if state else None
        if kind and since:
            sums[kind] += (at - since).total_seconds()
        since, state = at, following
    return Times(*(seconds(sums[kind]) for kind in ("flow", "wait", "talk", "hold")))


def times_of(call_id: UUID, now: datetime) -> Times:
    """The times of a call so far."""
    rows = CallEvent.objects.filter(call_id=call_id, kind="state").order_by("at", "id")
    return fold([(row.at, row.data["state"]) for row in rows], now)
