"""winmail.dat: the envelope Outlook puts around a mail in its own format (MS-OXTNEF), opened within bounds.

Read here and not by a library: the one on the package index has had no release for years, copies the rest of the file
for every attribute and raises on broken ones. `read` never raises and looks at each byte at most twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from helpline.mail.parsing.charsets import clean, decode

MAX_SIZE: Final = 67_108_864
MAX_FILES: Final = 500
_MAX_PROPERTIES: Final = 5_000
_MAX_RTF: Final = 4_194_304
_SIGNATURE: Final = 0x223E9F78

# attribute ids (MS-OXTNEF 2.1.3.1), the low half
_BODY: Final = 0x800C
_FILE_DATA: Final = 0x800F
_FILE_TITLE: Final = 0x8010
_FILE_BEGINS: Final = 0x9002
_MESSAGE_PROPERTIES: Final = 0x9003
_FILE_PROPERTIES: Final = 0x9005
_CODE_PAGE: Final = 0x9007

# property ids (MS-OXPROPS)
_P_BODY: Final = 0x1000
_P_RTF: Final = 0x1009
_P_HTML: Final = 0x1013
_P_DATA: Final = 0x3701
_P_NAME: Final = 0x3704
_P_LONG_NAME: Final = 0x3707
_P_TYPE: Final = 0x370E
_P_CONTENT_ID: Final = 0x3712
_P_CODE_PAGE: Final = 0x3FDE

# property types (MS-OXCDATA 2.11.1): sizes of the fixed ones, as stored
_FIXED: Final = {
    0x02: 4,
    0x03: 4,
    0x04: 4,
    0x05: 8,
    0x06: 8,
    0x07: 8,
    0x0A: 4,
    0x0B: 4,
    0x14: 8,
    0x40: 8,
    0x48: 16,
    0x01: 0,
}
_STRING: Final = 0x1E
_WIDE_STRING: Final = 0x1F
_OBJECT: Final = 0x0D
_VARIABLE: Final = frozenset({_STRING, _WIDE_STRING, _OBJECT, 0x102})
_MANY: Final = 0x1000
_EMBEDDED_MESSAGE: Final = bytes.fromhex("0703020000000000c000000000000046")

_RTF_START: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


@dataclass(slots=True)
class File:
    """An attachment within winmail.dat."""

    name: str = ""
    type: str = "application/octet-stream"
    content_id: str = ""
    data: bytes = b""


@dataclass(slots=True)
class Winmail:
    """What winmail.dat held."""

    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)


def read(data: bytes) -> Winmail | None:
    """Open winmail.dat; None when it is none, is broken before anything useful, or is over `MAX_SIZE`."""
    if len(data) > MAX_SIZE or len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return None
    opened, page, rtf = Winmail(), "cp1252", b""
    for name, value in _attributes(memoryview(data)):
        if name == _CODE_PAGE and len(value) >= 4:
            page = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _FILE_BEGINS:
            if len(opened.files) >= MAX_FILES:
                break
            opened.files.append(File())
        elif name == _BODY:
            opened.text = _text(bytes(value), page)
        elif name == _MESSAGE_PROPERTIES:
            rtf = _message(opened, value, page) or rtf
        elif opened.files:
            _file(opened.files[-1], name, value, page)
    return _finished(opened, rtf)


def _finished(opened: Winmail, rtf: bytes) -> Winmail | None:
    opened.files = [file for file in opened.files if file.data or file.name]
    if rtf and not opened.text and not opened.html:
        opened.files.insert(0, File("body.rtf", "application/rtf", "", unpack_rtf(rtf)))
    return opened if opened.files or opened.text or opened.html else None


def _attributes(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """(id, data) of each attribute: level (1 byte), id (4), length (4), data, checksum (2)."""
    at = 6
    while at + 11 <= len(data):
        _level, name, length = struct.unpack_from("<BII", data, at)
        yield name & 0xFFFF, data[at + 9 : at + 9 + length]
        at += 11 + length


def _message(opened: Winmail, value: memoryview, page: str) -> bytes:
    """Take the bodies from the message's properties; hands back compressed RTF."""
    rtf, html, html_page = b"", b"", page
    for name, kind, data in _properties(value):
        if name == _P_BODY:
            opened.text = _string(data, kind, page)
        elif name == _P_HTML:
            opened.html = _string(data, kind, page) if kind in (_STRING, _WIDE_STRING) else ""
            html = b"" if opened.html else data
        elif name == _P_CODE_PAGE and len(data) >= 4:
            html_page = f"cp{struct.unpack_from('<I', data)[0]}"
        elif name == _P_RTF:
            rtf = data
    if html:
        opened.html = decode(html.rstrip(b"\0"), html_page)[0]
    return rtf


def _file(file: File, name: int, value: memoryview, page: str) -> None:
    if name == _FILE_TITLE:
        file.name = file.name or _text(bytes(value), page)
    elif name == _FILE_DATA:
        file.data = bytes(value)
    elif name == _FILE_PROPERTIES:
        for known, kind, data in _properties(value):
            _file_property(file, known, kind, data, page)


def _file_property(file: File, name: int, kind: int, data: bytes, page: str) -> None:
    if name == _P_LONG_NAME or (name == _P_NAME and not file.name):
        file.name = _string(data, kind, page)
    elif name == _P_TYPE:
        said = _string(data, kind, page).strip().lower()
        file.type = said if said.count("/") == 1 and said.isascii() and " " not in said else file.type
    elif name == _P_CONTENT_ID:
        file.content_id = _string(data, kind, page).strip("<> ")
    elif name == _P_DATA and not file.data:
        file.data = data[16:] if kind == _OBJECT else data
        if kind == _OBJECT and data[:16] == _EMBEDDED_MESSAGE:
            file.type = "application/ms-tnef"


def _properties(value: memoryview) -> Iterator[tuple[int, int, bytes]]:
    """(id, type, data of the first value) of each property (MS-OXTNEF 2.1.3.4); stops at the first broken one."""
    if len(value) < 4:
        return
    count, at = struct.unpack_from("<I", value)[0], 4
    for _ in range(min(count, _MAX_PROPERTIES)):
        if at + 4 > len(value):
            return
        kind, name = struct.unpack_from("<HH", value, at)
        at = _past_name(value, at + 4) if name >= 0x8000 else at + 4
        first, at = _value(value, at, kind)
        if at < 0:
            return
        yield name, kind & ~_MANY, first


def _past_name(value: memoryview, at: int) -> int:
    """Past the name of a named property: GUID, kind, then a number or a string."""
    if at + 24 > len(value):
        return len(value) + 1
    kind, length = struct.unpack_from("<II", value, at + 16)
    return at + 24 + (_padded(length) if kind == 1 else 0)


def _value(value: memoryview, at: int, kind: int) -> tuple[bytes, int]:
    """The first value of a property and where the next property begins; -1 when this one is broken."""
    many, single = bool(kind & _MANY), kind & ~_MANY
    if single not in _VARIABLE and single not in _FIXED:
        return b"", -1
    count = 1
    if many or single in _VARIABLE:
        if at + 4 > len(value):
            return b"", -1
        count, at = struct.unpack_from("<I", value, at)[0], at + 4
    first = b""
    for number in range(count):
        length, at = _length(value, at, single)
        if length < 0 or at + length > len(value):
            return b"", -1
        if number == 0:
            first = bytes(value[at : at + length])
        if length == 0 and single in _FIXED:
            break
        at += _padded(length)
    return first, at


def _length(value: memoryview, at: int, kind: int) -> tuple[int, int]:
    if kind in _FIXED:
        return _FIXED[kind], at
    if at + 4 > len(value):
        return -1, at
    return struct.unpack_from("<I", value, at)[0], at + 4


def _padded(length: int) -> int:
    return length + -length % 4


def _string(data: bytes, kind: int, page: str) -> str:
    if kind == _WIDE_STRING:
        return clean(data.decode("utf-16-le", "replace").rstrip("\0"))
    return _text(data, page)


def _text(data: bytes, page: str) -> str:
    return decode(data.rstrip(b"\0"), page)[0].replace("\r\n", "\n")


def unpack_rtf(packed: bytes) -> bytes:
    """Compressed RTF (MS-OXRTFCP) as RTF, at most 4 MiB of it; as it is when it is not compressed."""
    if len(packed) < 16:
        return packed
    size, magic = struct.unpack_from("<I", packed, 4)[0], packed[8:12]
    if magic != b"LZFu":
        return packed[16 : 16 + size] if magic == b"MELA" else packed
    window = bytearray(_RTF_START.ljust(4096, b"\0"))
    write, out, at, limit = len(_RTF_START), bytearray(), 16, min(size, _MAX_RTF)
    while at < len(packed) and len(out) < limit:
        flags, at = packed[at], at + 1
        for bit in range(8):
            run, at, done = _run(packed, at, bool(flags >> bit & 1), window, write)
            for byte in run:
                window[write] = byte
                write = (write + 1) % 4096
            out += run
            if done:
                return bytes(out[:limit])
    return bytes(out[:limit])


def _run(packed: bytes, at: int, reference: bool, window: bytearray, write: int) -> tuple[bytes, int, bool]:
    """The bytes of one token: a byte as it is, or a stretch of the last 4096; true when it says the end."""
    if at + (2 if reference else 1) > len(packed):
        return b"", at, True
    if not reference:
        return packed[at : at + 1], at + 1, False
    token = packed[at] << 8 | packed[at + 1]
    offset, length = token >> 4, (token & 15) + 2
    if offset == write:
        return b"", at + 2, True
    run = bytearray()
    period = (write - offset) % 4096
    for step in range(length):
        run.append(run[step - period] if step >= period else window[(offset + step) % 4096])
    return bytes(run), at + 2, False
