"""What browser media raises."""

from __future__ import annotations


class BrowserMediaError(Exception):
    """The browser's media could not be set up; the text says why."""


class UnknownBrowserLeg(BrowserMediaError):
    """No browser leg has this id."""


class BadBrowserSdp(BrowserMediaError):
    """The browser's description lacks what DTLS-SRTP and ICE need, or has it in a form we do not pass on."""


class IceRestartRefused(BrowserMediaError):
    """A re-INVITE wants new ICE credentials or another certificate; answer 488, the call goes on as it was."""


class GatewayGone(BrowserMediaError):
    """The gateway process died before it answered; it is being restarted, empty."""
