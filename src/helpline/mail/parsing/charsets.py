"""Bytes of unknown, wrong or missing charset to text. Never raises; says when the label was no help.

The order: what the bytes prove (a byte order mark, ISO-2022 escapes, valid UTF-8), then what the label says, then what
can be guessed. A label is read as web browsers read it (WHATWG Encoding): `iso-8859-1` means windows-1252, `gb2312`
means GB18030, because senders mean that. Only charsets are looked up, never Python's other codecs (`unicode_escape`
would eat the backslashes of `C:\\new`).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

import charset_normalizer

UNKNOWN: Final = "charset_unknown"
WRONG: Final = "charset_wrong"
MISSING: Final = "charset_missing"
NUL: Final = "nul"

_ALIASES: Final = {
    **dict.fromkeys(
        ("iso-8859-1", "latin1", "latin-1", "iso8859-1", "us-ascii", "ascii", "ansi", "cp1252"),
        "windows-1252",
    ),
    **dict.fromkeys(
        ("windows1252", "x-cp1252", "ansi-x3.4-1968", "ansi_x3.4-1968", "iso_8859-1"), "windows-1252"
    ),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "cp936", "gb_2312-80", "euc-cn", "gb18030-2000"), "gb18030"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr", "ks_c_5601", "ksc5601", "korean", "windows-949"), "cp949"),
    **dict.fromkeys(
        ("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j", "csshiftjis"), "cp932"
    ),
    **dict.fromkeys(("x-euc-jp", "eucjp"), "euc-jp"),
    **dict.fromkeys(("big5", "big-5", "x-x-big5", "cn-big5", "cp950"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-9", "latin5", "iso8859-9"), "windows-1254"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical", "visual"), "iso-8859-8"),
    **dict.fromkeys(("tis-620", "iso-8859-11"), "cp874"),
    **dict.fromkeys(
        ("utf8", "utf8mb4", "utf-8-sig", "unicode-1-1-utf-8", "x-unicode20utf8", "utf_8", "cp65001"), "utf-8"
    ),
    **dict.fromkeys(("unicode-1-1-utf-7", "x-unicode-2-0-utf-7"), "utf-7"),
    **dict.fromkeys(("unicode", "ucs-2", "utf-16-le"), "utf-16le"),
    **dict.fromkeys(("macintosh", "x-mac-roman", "mac"), "mac_roman"),
    **dict.fromkeys(("koi8-r", "koi8r", "koi"), "koi8-r"),
    **dict.fromkeys(("cp50220", "cp50221", "cp50222", "csiso2022jp", "iso-2022-jp-ms"), "iso-2022-jp"),
}
_SINGLE_BYTE: Final = frozenset(
    codecs.lookup(name).name
    for name in (
        *(f"iso-8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *(f"windows-125{number}" for number in range(9)),
        *(
            "koi8-r",
            "koi8-u",
            "cp437",
            "cp850",
            "cp852",
            "cp858",
            "cp866",
            "cp874",
            "mac_roman",
            "mac_cyrillic",
            "hp-roman8",
        ),
    )
)
_MULTI_BYTE: Final = frozenset(
    codecs.lookup(name).name
    for name in (
        *(
            "utf-8",
            "utf-7",
            "utf-16",
            "utf-16le",
            "utf-16be",
            "utf-32",
            "utf-32le",
            "utf-32be",
            "gb18030",
            "hz",
            "cp949",
        ),
        *(
            "johab",
            "iso-2022-kr",
            "cp932",
            "euc-jp",
            "iso-2022-jp",
            "iso-2022-jp-1",
            "iso-2022-jp-2",
            "iso-2022-jp-3",
        ),
        *("iso-2022-jp-2004", "iso-2022-jp-ext", "shift_jis_2004", "euc_jis_2004", "big5hkscs"),
    )
)
_SEVEN_BIT: Final = frozenset({"utf-7", "hz", "iso2022_kr"})
_WIDE: Final = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JAPANESE_ESCAPE: Final = re.compile(rb"\x1b(?:\$[@B]|\$\([DOPQ]|\([JI])")
_ESCAPED_RUN: Final = re.compile(rb"\x1b(\$[@B]|\$\([DOPQ]|\([BJI])([^\x1b]*)")
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")
_WESTERN: Final = frozenset(
    "äöüÄÖÜßéèêëÉÈÊàâáãÀÂÁçÇîïíìôóòõûùúñÑåÅæÆøØœŒÿýþðÓÚÍ€£§°²³µ·«»¿¡–—‘’‚“”„…•™©®½¼¾´\xa0º׺ª"
)
_GUESSED: Final = [
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
]
_SAMPLE: Final = 16_384


def decode(data: bytes, label: str = "", hint: str = "") -> tuple[str, str]:
    """The text of these bytes, and what was odd about their charset ("" when nothing was).

    `hint` is a label that is likely when there is none (the body's charset for a raw 8-bit header). The text holds no
    NUL and no lone surrogate.
    """
    text, oddity = _decode(data, label, hint)
    if _UNFIT.search(text) is None:
        return text, oddity
    return _UNFIT.sub("\ufffd", text), oddity or NUL


def clean(text: str) -> str:
    """The text without what a database or an encoder would refuse."""
    return _UNFIT.sub("\ufffd", text)


def codec_of(label: str) -> str:
    """Python's name of the charset this label means; "" for anything that is no charset."""
    wanted = label.strip().strip("\"'").strip().lower()
    wanted = _ALIASES.get(wanted, wanted)
    if not wanted or len(wanted) > 40 or not wanted.isascii() or "\x00" in wanted:
        return ""
    try:
        name = codecs.lookup(wanted).name
    except LookupError:
        return ""
    return name if name in _SINGLE_BYTE or name in _MULTI_BYTE else ""


def _decode(data: bytes, label: str, hint: str) -> tuple[str, str]:
    codec = codec_of(label)
    unknown = UNKNOWN if label.strip() and not codec else ""
    if data.isascii() and b"\x1b" not in data and codec not in _SEVEN_BIT and codec not in _WIDE:
        return data.decode("ascii"), unknown
    for mark, marked in _MARKS:
        if data.startswith(mark):
            return data.decode(marked, "replace"), unknown
    if _JAPANESE_ESCAPE.search(data) and data.isascii():
        return _japanese(data), "" if codec.startswith(
            "iso2022"
        ) else unknown or WRONG if label.strip() else MISSING
    if codec in _MULTI_BYTE:
        return _by_label(data, codec)
    return _single_byte(data, codec, unknown, label, hint)


def _by_label(data: bytes, codec: str) -> tuple[str, str]:
    text = _strictly(data, codec)
    if text is not None:
        return text, ""
    other = _strictly(data, "utf-8")
    if other is not None:
        return other, WRONG
    text = data.decode(codec, "replace")
    broken = text.count("\ufffd")
    sound = sum(1 for char in text if char > "\x7f") - broken
    if broken <= sound // 4 + 1 and (sound or codec != "utf-8"):
        return _mend(data) if codec == "utf-8" else text, WRONG
    return guess(data), WRONG


def _single_byte(data: bytes, codec: str, unknown: str, label: str, hint: str) -> tuple[str, str]:
    text = _strictly(data, "utf-8")
    if text is not None:
        return text, unknown or (WRONG if codec else MISSING)
    said_ascii = label.strip().strip("\"'").lower() in ("us-ascii", "ascii")
    if codec and not said_ascii:
        return _strictly(data, codec) or _western(data), ""
    likely = codec_of(hint)
    if likely and likely != "utf-8":
        text = _strictly(data, likely)
    return text if text is not None else guess(data), unknown or (WRONG if said_ascii else MISSING)


def guess(data: bytes) -> str:
    """The likeliest text of bytes that are no UTF-8. Few letters beyond ASCII, all of them western: windows-1252."""
    sample = data[:_SAMPLE]
    western = _western(sample)
    beyond = [char for char in western if char > "\x7f"]
    letters = sum(1 for char in western if char.isalpha())
    if all(char in _WESTERN for char in beyond) and len(beyond) * 5 <= letters * 2:
        return _western(data)
    best = charset_normalizer.from_bytes(
        sample, cp_isolation=_GUESSED, threshold=0.3, enable_fallback=False
    ).best()
    if best is None:
        return _western(data)
    text = data.decode(best.encoding, "replace")
    return text if _plausible(text) else _western(data)


def _plausible(text: str) -> bool:
    unassigned = sum(
        1 for char in text[:_SAMPLE] if unicodedata.category(char) in ("Co", "Cn") or char == "\ufffd"
    )
    return unassigned * 20 <= len(text[:_SAMPLE])


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _western(data: bytes) -> str:
    """windows-1252, its five empty places shown as replaced."""
    return data.decode("cp1252", "replace")


def _mend(data: bytes) -> str:
    """UTF-8 with stray bytes: those alone are read as windows-1252."""
    return data.decode("utf-8", "helpline-western")


def _stray(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _western(error.object[error.start : error.end]), error.end


codecs.register_error("helpline-western", _stray)


def _japanese(data: bytes) -> str:
    """ISO-2022-JP (RFC 1468) as it is sent: with the vendors' characters in row 13, half-width kana and cut ends."""
    text = _strictly(data, "iso2022_jp_ext")
    if text is not None:
        return text
    first = data.find(b"\x1b")
    runs = [data[:first].decode("ascii", "replace")]
    runs += [_japanese_run(found[1], found[2]) for found in _ESCAPED_RUN.finditer(data)]
    return "".join(runs)


def _japanese_run(escape: bytes, run: bytes) -> str:
    if escape in (b"(B", b"(J"):
        return run.decode("ascii", "replace")
    if escape == b"(I":
        return bytes(byte | 0x80 for byte in run).decode("cp932", "replace")
    if escape not in (b"$B", b"$@"):
        return (b"\x1b" + escape + run).decode("iso2022_jp_ext", "replace")
    line, feed, rest = run.partition(b"\n")
    shifted = b"".join(_shifted(line[at], line[at + 1]) for at in range(0, len(line) - 1, 2))
    return shifted.decode("cp932", "replace") + (feed + rest).decode("ascii", "replace")


def _shifted(row: int, cell: int) -> bytes:
    """A character of JIS X 0208 (two bytes 0x21 to 0x7e) in Shift_JIS."""
    if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
        return b"?"
    lead = ((row - 0x21) >> 1) + 0x81
    if lead > 0x9F:
        lead += 0x40
    if row % 2 == 0:
        return bytes((lead, cell + 0x7E))
    return bytes((lead, cell + (0x1F if cell < 0x60 else 0x20)))
