"""No server transaction is left behind, whatever goes wrong while a request is handled. Import in the SIP thread only."""

from __future__ import annotations

import logging
from typing import Any, Final

from sippy.SipTransactionManager import RINGING, TRYING
from sippy.Time.MonoTime import MonoTime

from helpline_switch.sip.causes import phrase

log = logging.getLogger(__name__)

_UNANSWERED_SECONDS: Final = 64.0


def answer_failure(manager: Any, request: Any, key: Any) -> None:
    """Handling raised: the sender gets 500 and the transaction ends as after any final answer."""
    transaction = manager.tserver.get(key)
    if transaction is None or transaction.state not in (TRYING, RINGING):
        return
    try:
        manager.sendResponse(request.genResponse(500, phrase(500)), transaction)
    except Exception:
        log.exception("no answer to a failed request could be made")
        discard(manager, transaction)


def sweep(manager: Any) -> None:
    """Drops requests (INVITE has a timer of its own) that nobody answered in 64 s; their sender gave up at 32 s."""
    now = MonoTime()
    for transaction in tuple(manager.tserver.values()):
        waits = transaction.method != "INVITE" and transaction.state in (TRYING, RINGING)
        if waits and now - transaction.rtime > _UNANSWERED_SECONDS:
            log.error("nobody answered a %s in %d s", transaction.method, _UNANSWERED_SECONDS)
            discard(manager, transaction)


def discard(manager: Any, transaction: Any) -> None:
    """Removes a server transaction with its timers."""
    for name in ("teA", "teD", "teE", "teF", "teG"):
        timer = getattr(transaction, name, None)
        if timer is not None:
            timer.cancel()
    manager.tserver.pop(transaction.tid, None)
    transaction.cleanup()
