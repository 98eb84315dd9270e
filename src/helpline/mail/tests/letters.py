"""Mails as customers' programs write them, built in code: raw bytes, for the parser to read."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from helpline.mail.parsing.message import Message
from helpline.mail.parsing.parse import parse

DESK = "support@desk.example"
CARL = "Carl Customer <carl@customer.example>"


def raw(
    body: bytes | str = "Hello,\r\nthe printer is on fire.\r\n",
    *,
    headers: Iterable[tuple[str, str | bytes]] = (),
    sender: str | None = CARL,
    subject: str | bytes | None = "Printer",
    to: str = DESK,
    message_id: str | None = "<m1@customer.example>",
    content_type: str = "",
    encoding: str = "",
) -> bytes:
    """A message in CRLF lines; what is None is left out."""
    told: list[tuple[str, str | bytes | None]] = [
        ("From", sender),
        ("To", to),
        ("Subject", subject),
        ("Message-ID", message_id),
        ("Date", "Mon, 02 Mar 2026 10:00:00 +0100"),
        *headers,
        ("Content-Type", content_type or None),
        ("Content-Transfer-Encoding", encoding or None),
    ]
    lines = [name.encode() + b": " + _bytes(value) for name, value in told if value is not None]
    return b"\r\n".join([*lines, b"", _bytes(body)])


def part(body: bytes | str, content_type: str, encoding: str = "", *more: str) -> bytes:
    """A part of a multipart, its headers and body."""
    lines = [
        f"Content-Type: {content_type}",
        *([f"Content-Transfer-Encoding: {encoding}"] if encoding else []),
        *more,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + _bytes(body)


def multipart(parts: Iterable[bytes], boundary: str = "=_b", preamble: bytes = b"") -> bytes:
    """The body of a multipart with these parts."""
    mark = b"--" + boundary.encode()
    return preamble + b"".join(mark + b"\r\n" + one + b"\r\n" for one in parts) + mark + b"--\r\n"


def mixed(parts: Iterable[bytes], kind: str = "mixed", boundary: str = "=_b", **told: object) -> bytes:
    """A whole message of these parts."""
    content_type = f'multipart/{kind}; boundary="{boundary}"'
    return raw(multipart(parts, boundary), content_type=content_type, **told)  # type: ignore[arg-type]


def attachment(data: bytes, name: str = "log.pdf", kind: str = "application/pdf") -> bytes:
    lines = base64.encodebytes(data).replace(b"\n", b"\r\n")
    return part(
        lines, f'{kind}; name="{name}"', "base64", f'Content-Disposition: attachment; filename="{name}"'
    )


def letter(text: str, **told: object) -> Message:
    """A parsed mail of plain UTF-8 text."""
    told.setdefault("content_type", "text/plain; charset=utf-8")
    return parse(raw(text, **told))  # type: ignore[arg-type]


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value
