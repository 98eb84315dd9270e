"""SIP messages on a byte stream, and the length of a body in characters and in bytes.

The SIP stack below us reads and writes text and counts Content-Length in characters; the wire counts bytes
(RFC 3261 20.14). ``to_text`` and ``to_wire`` translate between the two.
"""

from __future__ import annotations

import re
from typing import Final

PING: Final = b"\r\n\r\n"
PONG: Final = b"\r\n"
MAX_HEAD: Final = 16_384
MAX_BODY: Final = 65_536

_LENGTHS = re.compile(rb"^(?:content-length|l)[ \t]*+:([^\r\n]*+)", re.I | re.M)
_LENGTH_LINE = re.compile(r"^((?:content-length|l)[ \t]*:)[ \t]*([^\r\n]*)", re.I | re.M)
_START = re.compile(
    rb"(?:SIP/2\.0 [1-6]\d\d[ \r]|[A-Za-z0-9.!%*_+`'~-]{1,64} \S{1,2000} SIP/\d{1,3}\.\d{1,3}\r\n)"
)
_NUMBER = re.compile(r"[0-9]{1,10}[ \t]*+")
_LONGEST_START = 2_100


class FrameError(ValueError):
    """The stream can no longer be trusted: it must be closed (RFC 3261 18.3)."""


class Framer:
    """Cuts a byte stream into whole messages. Memory is bounded by the head and body limits."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Whole messages, in order; a keep-alive is returned as ``PING`` (RFC 5626 4.4.1). Raises FrameError."""
        self._buffer += data
        messages: list[bytes] = []
        while self._buffer:
            message = self._keep_alive() if self._buffer[0] in b"\r\n" else self._message()
            if message is None:
                break
            if message:
                messages.append(message)
        return messages

    def _keep_alive(self) -> bytes | None:
        """PING, b"" for line ends skipped between messages, None when more bytes are needed."""
        buffer = self._buffer
        if buffer.startswith(PING):
            del buffer[:4]
            return PING
        if PING.startswith(bytes(buffer)):
            return None
        if not buffer.startswith(PONG):
            raise FrameError("stray line end")
        del buffer[:2]
        return b""

    def _message(self) -> bytes | None:
        buffer = self._buffer
        head_end = buffer.find(PING)
        if (head_end >= 0 or len(buffer) > _LONGEST_START) and not _START.match(buffer):
            raise FrameError("not SIP")
        if head_end > MAX_HEAD or (head_end < 0 and len(buffer) > MAX_HEAD):
            raise FrameError("headers too long")
        if head_end < 0:
            return None
        end = head_end + len(PING) + _body_length(bytes(buffer[:head_end]))
        if len(buffer) < end:
            return None
        message = bytes(buffer[:end])
        del buffer[:end]
        return message


def _body_length(head: bytes) -> int:
    values = {value.strip(b" \t") for value in _LENGTHS.findall(head)}
    if len(values) != 1:
        raise FrameError("Content-Length missing or ambiguous")
    value = values.pop()
    if not value.isdigit() or len(value) > 6 or int(value) > MAX_BODY:
        raise FrameError("Content-Length out of range")
    return int(value)


def to_text(data: bytes) -> str:
    """The message as text with Content-Length counted in characters. Raises UnicodeDecodeError."""
    text = data.decode("utf-8")
    if text.isascii():
        return text
    head, blank, body = text.partition("\r\n\r\n")
    stated = _LENGTH_LINE.search(head)
    if stated is None or not _NUMBER.fullmatch(stated[2]):
        return text
    wanted = int(stated[2])
    raw = body.encode()
    if wanted > len(raw):
        return text
    body = raw[:wanted].decode("utf-8")
    return _with_length(head, len(body)) + blank + body


def to_wire(text: str) -> bytes:
    """The message as bytes with Content-Length counted in bytes."""
    if text.isascii():
        return text.encode("ascii")
    head, blank, body = text.partition("\r\n\r\n")
    raw = body.encode()
    return (_with_length(head, len(raw)) + blank).encode() + raw


def _with_length(head: str, length: int) -> str:
    return _LENGTH_LINE.sub(lambda found: f"{found[1]} {length}", head)
