"""What the verbs of the core raise. ``ari`` turns each class into one HTTP status."""

from __future__ import annotations


class SwitchError(Exception):
    """A request cannot be carried out; the text says why."""


class NotFound(SwitchError):
    """There is no channel, bridge, playback or recording of this id or name."""


class Conflict(SwitchError):
    """The thing is in the wrong state, or the chosen id is taken."""


class BadParameter(SwitchError):
    """A parameter is missing or has a value that means nothing."""


class Unprocessable(SwitchError):
    """The parameters are well formed but do not fit together."""


class NotReachable(SwitchError):
    """The endpoint to be called is unknown, not registered, or there is no media for it. ``cause`` is Q.850."""

    def __init__(self, message: str, cause: int) -> None:
        super().__init__(message)
        self.cause = cause
