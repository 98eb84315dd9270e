"""Bytes that came with mails: handed out through the gate, and never as anything a browser would run."""

from typing import Final
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from helpline.core.errors import NotFound
from helpline.mail import access, store
from helpline.mail.models import Attachment
from helpline.people.access import actor, page

#: pictures a browser draws and never runs (SVG may carry programs)
_PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})


@require_safe
@page()
def raw(request: HttpRequest, inbound_id: UUID) -> HttpResponse:
    """The message as it came in, to be saved."""
    row = access.inbound(actor(request), inbound_id)
    if row.raw_erased_at is not None:
        raise NotFound(_("The bytes of this message were erased."), code="erased")
    return _handed_out(row.sha256, f"{row.pk}.eml", "")


@require_safe
@page()
def part(request: HttpRequest, inbound_id: UUID, place: int) -> HttpResponse:
    """What the message carries at this place: a picture to be shown in its text, or a file to be saved."""
    row = access.inbound(actor(request), inbound_id)
    letter = getattr(row, "letter", None)
    found = letter.attachments.filter(place=place).first() if letter else None
    if found is None:
        raise NotFound(_("The message has no such part."))
    return handed_out(found, place)


def handed_out(found: Attachment, place: int) -> HttpResponse:
    """A file of a letter: a picture to be shown in its text, or anything else to be saved."""
    shown = found.type if found.inline and found.type in _PICTURES else ""
    return _handed_out(found.sha256, found.name or f"part-{place}", shown)


def _handed_out(sha256: str, name: str, shown_as: str) -> HttpResponse:
    answer = FileResponse(
        store.opened(sha256),
        as_attachment=not shown_as,
        filename=name,
        content_type=shown_as or "application/octet-stream",
    )
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, max-age=86400"
    return answer  # type: ignore[return-value]  # streamed
