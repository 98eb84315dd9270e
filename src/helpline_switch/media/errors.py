"""What the media side raises. The ``code`` crosses the process border, so one class has one code."""

from __future__ import annotations


class MediaError(Exception):
    """A media command failed; the text says why."""

    code = "media"


class NoPortFree(MediaError):
    """Every RTP port of the configured range is taken."""

    code = "no-port-free"


class UnknownLeg(MediaError):
    """No leg has this id (never opened, or closed)."""

    code = "unknown-leg"


class UnknownRoom(MediaError):
    """No room has this id (never opened, or closed)."""

    code = "unknown-room"


class UnknownPlayback(MediaError):
    """No playback with this id is queued or running."""

    code = "unknown-playback"


class UnknownRecording(MediaError):
    """No recording with this id is running."""

    code = "unknown-recording"


class AlreadyExists(MediaError):
    """A leg, room, playback or recording of this id is there already."""

    code = "already-exists"


class BadRequest(MediaError):
    """A parameter has a value that cannot be carried out."""

    code = "bad-request"


class ProcessGone(MediaError):
    """The media process died before it answered; it is being restarted, empty."""

    code = "process-gone"


BY_CODE: dict[str, type[MediaError]] = {
    kind.code: kind
    for kind in (
        MediaError,
        NoPortFree,
        UnknownLeg,
        UnknownRoom,
        UnknownPlayback,
        UnknownRecording,
        AlreadyExists,
        BadRequest,
        ProcessGone,
    )
}
