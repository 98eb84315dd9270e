"""Why a call ended: SIP status codes, ITU-T Q.850 causes and the Reason header (RFC 3326)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'
NORMAL: Final = 16
ANSWERED_ELSEWHERE: Final = 26
TIMER_EXPIRED: Final = 102

_TEXTS: Final = {
    1: "Unallocated number",
    3: "No route to destination",
    16: "Normal call clearing",
    17: "User busy",
    18: "No user responding",
    19: "No answer from user",
    21: "Call rejected",
    22: "Number changed",
    26: "Answered elsewhere",
    27: "Destination out of order",
    28: "Invalid number format",
    31: "Normal, unspecified",
    38: "Network out of order",
    41: "Temporary failure",
    42: "Switch congestion",
    58: "Bearer capability not available",
    102: "Recovery on timer expiry",
    127: "Interworking, unspecified",
}
# RFC 3398 7.2.4.1 and 8.2.6.1, as far as a help desk meets them.
_CODE_OF: Final = {
    1: 404,
    2: 404,
    3: 404,
    17: 486,
    18: 408,
    19: 480,
    21: 403,
    22: 410,
    27: 502,
    28: 484,
    38: 503,
    41: 503,
    42: 503,
    58: 488,
    102: 504,
    127: 500,
}
_CAUSE_OF: Final = {
    200: ANSWERED_ELSEWHERE,
    401: 21,
    403: 21,
    404: 1,
    407: 21,
    408: 18,
    410: 22,
    480: 19,
    484: 28,
    486: 17,
    487: NORMAL,
    488: 58,
    500: 41,
    502: 38,
    503: 41,
    504: TIMER_EXPIRED,
    600: 17,
    603: 21,
    604: 1,
    606: 58,
}
_PHRASES: Final = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    405: "Method Not Allowed",
    416: "Unsupported URI Scheme",
    422: "Session Interval Too Small",
    415: "Unsupported Media Type",
    420: "Bad Extension",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    482: "Loop Detected",
    481: "Call/Transaction Does Not Exist",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    502: "Bad Gateway",
    504: "Server Time-out",
    505: "Version Not Supported",
    600: "Busy Everywhere",
    603: "Decline",
    606: "Not Acceptable",
}
_REASON = re.compile(r'\s*([A-Za-z0-9.]+)\s*((?:;[^;"]*(?:"[^"]*")?[^;"]*)*)')
_CAUSE = re.compile(r";\s*cause\s*=\s*(\d{1,3})\b", re.I)
_TEXT = re.compile(r';\s*text\s*=\s*(?:"([^"]*)"|([^\s;]+))', re.I)


def phrase(code: int) -> str:
    """The usual reason phrase of a SIP status code."""
    if code in _PHRASES:
        return _PHRASES[code]
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "Failure"


def code_for(q850: int) -> int:
    """The status with which to refuse a caller for that cause."""
    return _CODE_OF.get(q850, 480)


def q850_for(code: int) -> int:
    """The cause a SIP status stands for; 31 when it says nothing particular."""
    return _CAUSE_OF.get(code, 31)


def text_for(q850: int) -> str:
    """The cause in words, as ITU-T Q.850 puts it (protocol text, not for users)."""
    return _TEXTS.get(q850, "Unknown")


def reason_for(q850: int) -> str:
    """The value of a Reason header for that cause."""
    return f'Q.850;cause={q850};text="{text_for(q850)}"'


def check_reason(raw: str) -> str:
    """The value unchanged if it may be sent as a Reason header. Raises ValueError."""
    if not raw.isprintable() or not raw.isascii() or not _REASON.fullmatch(raw) or not _CAUSE.search(raw):
        raise ValueError(f"not a Reason header value: {raw!r}")
    return raw


def read_reason(raw: str | None, code: int = 0) -> tuple[int, str]:
    """Cause and text of a Reason header; without one, of the status ``code`` (0: normal clearing)."""
    cause = _CAUSE.search(raw) if raw else None
    if raw is None or cause is None:
        q850 = q850_for(code) if code else NORMAL
        return q850, text_for(q850)
    number = int(cause[1])
    q850 = q850_for(number) if raw.strip().upper().startswith("SIP") else number
    found = _TEXT.search(raw)
    return q850, (found[1] or found[2] or "") if found else text_for(q850)
