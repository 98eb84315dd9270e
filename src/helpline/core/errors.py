"""Refusals a person can act on: each has a stable code, says what is wrong and what helps."""

from typing import ClassVar

from django.utils.functional import Promise

Text = str | Promise


class DeskError(Exception):
    """Base of every refusal. `code` is stable for programs, `message` and `help` are for people."""

    status: ClassVar[int] = 400
    default_code: ClassVar[str] = "refused"

    def __init__(self, message: Text, *, code: str = "", help: Text = "") -> None:
        super().__init__(str(message))
        self.code = code or self.default_code
        self.message = message
        self.help = help


class NotAllowed(DeskError):
    """The person may not do this."""

    status = 403
    default_code = "not_allowed"


class NotFound(DeskError):
    """No such thing, or none this person may see."""

    status = 404
    default_code = "not_found"


class Conflict(DeskError):
    """Somebody or something else came first; the state no longer allows it."""

    status = 409
    default_code = "conflict"


class Invalid(DeskError):
    """The input cannot be used."""

    status = 422
    default_code = "invalid"


class Unavailable(DeskError):
    """A part the act needs does not answer now; trying again later helps."""

    status = 503
    default_code = "unavailable"
