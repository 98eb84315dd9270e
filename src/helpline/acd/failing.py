"""What it means for a call that the switch did not do what was ordered."""

from typing import TYPE_CHECKING

import structlog

from helpline.acd import heard
from helpline.acd.ordered import FetchRecording, Ordered
from helpline.telephony import events, listener, recordings
from helpline.telephony import orders as o
from helpline.telephony.ari import AriError, AriUnavailable
from helpline.telephony.models import Recording, RecordingState

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

ABSENT, OUT_OF_ORDER = 20, 38


def failed(conductor: "Conductor", ordered: Ordered, error: Exception) -> None:
    """An order was refused, or the switch is away. Nobody may be left waiting for what will not come."""
    order = ordered.do
    status = error.status if isinstance(error, AriError) else 0
    if isinstance(order, o.Originate):
        cause = _cause(error)
        for fact in listener.leg_gone(order.leg, cause, str(error), conductor.clock):
            heard.tell(conductor, fact)
    elif isinstance(order, o.Play):
        heard.tell(conductor, events.PlaybackEnded(order.playback, failed=status != 404))
    elif isinstance(order, o.Record):
        _no_sound(conductor, order.name, error)
    elif isinstance(order, FetchRecording):
        if not isinstance(error, AriUnavailable):
            _no_sound(conductor, order.name, error)
        return
    if status == 404 or (isinstance(order, o.Join) and status in {400, 409}):
        log.info("order_for_something_gone", order=repr(order))
    else:
        log.warning("order_failed", order=repr(order), error=str(error))


def _cause(error: Exception) -> int:
    """Q.850: why nobody could be rung. Asterisk does not say; then the phone is not there."""
    if isinstance(error, AriUnavailable) or not isinstance(error, AriError):
        return OUT_OF_ORDER
    return error.cause or ABSENT


def _no_sound(conductor: "Conductor", name: str, error: Exception) -> None:
    row = Recording.objects.filter(name=name).first()
    if row is not None and row.state == RecordingState.LIVE:
        reason = error.message if isinstance(error, AriError) else str(error)
        recordings.failed(name, reason, conductor.clock)


def fetched(conductor: "Conductor", order: FetchRecording, kept: recordings.Kept) -> None:
    """The sound of a call is at home."""
    recordings.stored(order.name, kept, conductor.clock, failure=order.failure)
