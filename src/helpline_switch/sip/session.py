"""Session timers: a call whose other side died without a word ends (RFC 4028). Import in the SIP thread only."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sippy.Time.Timeout import Timeout

from helpline_switch.sip.capabilities import extra, first, tokens

log = logging.getLogger(__name__)

_EXPIRES = re.compile(r"\s*(\d{1,9})\s*(?:;(.*))?")
_REFRESHER = re.compile(r"(?:^|;)\s*refresher\s*=\s*(uac|uas)\b", re.I)
_GRACE: Final = 32
_SOON: Final = 2.0
_LONGEST: Final = 86_400

Side = Literal["uac", "uas"]


@dataclass(frozen=True, slots=True)
class SessionExpires:
    """A Session-Expires header: seconds, and who refreshes ("uac" is the sender of the request)."""

    seconds: int
    refresher: Side | None

    @classmethod
    def of(cls, message: Any) -> SessionExpires | None:
        """None when the message has none, or one that cannot be read."""
        found = _EXPIRES.fullmatch(first(message, "session-expires"))
        if found is None:
            return None
        who = _REFRESHER.search(found[2] or "")
        side: Side | None = None
        if who is not None:
            side = "uac" if who[1].lower() == "uac" else "uas"
        return cls(min(int(found[1]), _LONGEST), side)


def too_brief(request: Any, floor: int) -> bool:
    """Whether a request asks for a shorter session than we refresh (RFC 4028 9): answer 422 with Min-SE."""
    asked = SessionExpires.of(request)
    return asked is not None and asked.seconds < floor and "timer" in tokens(request, "supported")


class SessionTimer:
    """The timer of one dialog.

    ``refresh`` asks the peer whether it is there; ``expire`` ends the call. ``wanted`` seconds are proposed, fewer
    than ``floor`` refused.
    """

    def __init__(
        self, wanted: int, floor: int, refresh: Callable[[], None], expire: Callable[[], None]
    ) -> None:
        self._wanted, self.floor = max(wanted, floor), floor
        self._refresh, self._expire = refresh, expire
        self._seconds = 0
        self._ours = False
        self._timers: list[Any] = []

    @property
    def is_running(self) -> bool:
        """Whether both sides agreed on a timer."""
        return bool(self._timers)

    def proposal(self) -> tuple[Any, ...]:
        """The headers of a request that begins or refreshes a session (RFC 4028 7.1, 7.4)."""
        asked = f"{self._seconds or self._wanted}"
        if self._seconds:
            asked += f";refresher={'uac' if self._ours else 'uas'}"
        return extra("session-expires", asked), extra("min-se", str(self.floor))

    def was_too_brief(self, response: Any) -> bool:
        """A 422: takes the peer's minimum. False when trying again with it makes no sense (RFC 4028 7.3)."""
        least = first(response, "min-se").partition(";")[0].strip()
        if not least.isdecimal() or not (self._seconds or self._wanted) < int(least) <= _LONGEST:
            return False
        self.floor = self._wanted = int(least)
        if self._seconds:
            self._seconds = int(least)
        return True

    def confirmed(self, response: Any) -> None:
        """The 2xx to our request: without Session-Expires there is no timer (RFC 4028 7.2)."""
        agreed = SessionExpires.of(response)
        if agreed is None:
            self.stop()
            return
        self._start(max(agreed.seconds, self.floor), ours=agreed.refresher != "uas")

    def answer(self, request: Any) -> tuple[Any, ...]:
        """The headers of our 2xx to a request, and the timer by them (RFC 4028 9): we refresh unless the peer says
        that it does. A peer that knows no timers, behind no proxy that does, gets none."""
        asked = SessionExpires.of(request)
        knows = "timer" in tokens(request, "supported")
        if not knows and (asked is None or asked.seconds < self.floor):
            self.stop()
            return ()
        least = first(request, "min-se").partition(";")[0].strip()
        seconds = asked.seconds if asked else max(self._wanted, int(least) if least.isdecimal() else 0)
        side: Side = "uac" if asked and asked.refresher == "uac" and knows else "uas"
        self._start(seconds, ours=side == "uas")
        headers = (extra("session-expires", f"{seconds};refresher={side}"),)
        return (*headers, extra("require", "timer")) if side == "uac" else headers

    def later(self, seconds: float = _SOON) -> None:
        """The refresh could not be sent or was refused for the moment: again in a little while."""
        if self._timers:
            self._timers.append(Timeout(self._refresh, seconds))

    def stop(self) -> None:
        """No timer any more."""
        for timer in self._timers:
            timer.cancel()
        self._timers = []

    def _start(self, seconds: int, *, ours: bool) -> None:
        self.stop()
        self._seconds, self._ours = seconds, ours
        self._timers.append(Timeout(self._expire, seconds - min(_GRACE, seconds / 3)))
        if ours:
            self._timers.append(Timeout(self._refresh, seconds / 2))
