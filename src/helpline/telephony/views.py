"""The sound of a call, to those who may hear it."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from helpline.core.errors import DeskError, NotFound
from helpline.people.access import actor, page
from helpline.telephony import access, recordings
from helpline.telephony.asterisk import speech
from helpline.telephony.models import RecordingState

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_CHUNK = 1 << 16
_KEY = re.compile(r"[0-9a-f]{64}")


@require_safe
@page()
def recording_file(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """WAV with byte ranges (RFC 9110 section 14); the first bytes count as one access."""
    who = actor(request)
    recording = access.recording(who, recording_id)
    path = recordings.path_of(recording)
    if recording.state != RecordingState.STORED or not path.is_file():
        raise NotFound(
            _("The sound of this call is not here."),
            code="no_sound",
            help=recording.failure or _("It may still be on its way, or its time is over."),
        )
    first, last = _wanted(request.headers.get("Range", ""), path.stat().st_size)
    if first == 0:
        recordings.accessed(recording, who.user_id, "download" if "download" in request.GET else "listen")
    return _answer(path, first, last, whole="Range" not in request.headers)  # type: ignore[return-value]  # streamed


@require_safe
def prompt_file(request: HttpRequest, key: str) -> HttpResponse:
    """A rendered prompt, for Asterisk, which signs in nowhere: whoever knows the name of the sound may hear it."""
    path = speech.folder() / f"{key}.wav"
    if not _KEY.fullmatch(key) or not path.is_file():
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type="audio/wav")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


class _BadRange(DeskError):
    status = 416
    default_code = "range"


def _wanted(header: str, size: int) -> tuple[int, int]:
    """First and last byte asked for; all of it for a header we do not understand."""
    match = _RANGE.match(header)
    if not match or match.groups() == ("", ""):
        return 0, size - 1
    start, end = match.groups()
    if not start:
        return max(0, size - int(end)), size - 1
    first, last = int(start), min(int(end), size - 1) if end else size - 1
    if first > last:
        raise _BadRange(_("The sound is shorter than that."))
    return first, last


def _answer(path: Path, first: int, last: int, *, whole: bool) -> StreamingHttpResponse:
    response: StreamingHttpResponse
    if whole:
        response = FileResponse(path.open("rb"), content_type="audio/wav")
    else:
        response = StreamingHttpResponse(_part(path, first, last), status=206, content_type="audio/wav")
        response["Content-Range"] = f"bytes {first}-{last}/{path.stat().st_size}"
        response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-store"
    return response


def _part(path: Path, first: int, last: int) -> Iterator[bytes]:
    left = last - first + 1
    with path.open("rb") as file:
        file.seek(first)
        while left > 0:
            chunk = file.read(min(_CHUNK, left))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk
