"""Reliable provisional responses to a call that came in (RFC 3262 3). Import in the SIP thread only."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from sippy.Time.Timeout import Timeout

from helpline_switch.sip.capabilities import extra, first, tokens

_T1: Final = 0.5
_TRIES_SECONDS: Final = 64 * _T1


class Provisional:
    """The 180 of one call. ``on_lost`` is called when a caller who insists on PRACK never sends one."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self.wanted = False
        self._on_lost = on_lost
        self._transaction: Any = None
        self._manager: Any = None
        self._cseq = 0
        self._number = 0
        self._sent: str | None = None
        self._pause = _T1
        self._spent = 0.0
        self._timer: Any = None

    def took(self, request: Any, transaction: Any, manager: Any) -> None:
        """The INVITE that is to be answered."""
        self.wanted = "100rel" in tokens(request, "require")
        self._transaction, self._manager = transaction, manager
        self._cseq = request.getHFBody("cseq").getCSeqNum()

    def headers(self) -> tuple[Any, ...]:
        """What makes the next provisional response reliable."""
        self._number = self._number + 1 if self._number else 1 + secrets.randbelow(2**31 - 1)
        return extra("require", "100rel"), extra("rseq", str(self._number))

    def sent(self) -> None:
        """It is on the way: from now on it is repeated until the PRACK comes."""
        self._sent = self._transaction.data
        self._pause, self._spent = _T1, 0.0
        self._timer = Timeout(self._again, self._pause)

    @property
    def is_pending(self) -> bool:
        """Whether a PRACK is awaited; no second one may be sent meanwhile (RFC 3262 3)."""
        return self._sent is not None

    def acknowledge(self, request: Any) -> int:
        """The status for a PRACK: 481 when it fits nothing that we sent and wait for."""
        wanted = f"{self._number} {self._cseq} INVITE"
        if self._sent is None or " ".join(first(request, "rack").split()) != wanted:
            return 481
        self.stop()
        return 200

    def stop(self) -> None:
        """No repetition any more."""
        self._sent = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _again(self) -> None:
        t = self._transaction
        if self._sent is None or t.userv is None or t.data != self._sent:
            return
        self._spent += self._pause
        self._pause *= 2
        if self._spent + self._pause > _TRIES_SECONDS:
            self.stop()
            self._on_lost()
            return
        self._manager.transmitData(t.userv, t.data, t.address)
        self._timer = Timeout(self._again, self._pause)
