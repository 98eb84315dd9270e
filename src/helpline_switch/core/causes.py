"""Why a channel ended: ITU-T Q.850 causes, their texts as Asterisk writes them, and the SIP status that goes with each."""

from __future__ import annotations

from typing import Final

NORMAL: Final = 16
BUSY: Final = 17
NO_ANSWER: Final = 19
SUBSCRIBER_ABSENT: Final = 20
REJECTED: Final = 21
ANSWERED_ELSEWHERE: Final = 26
NO_ROUTE: Final = 3
CONGESTION: Final = 34
OUT_OF_ORDER: Final = 38
TEMPORARY_FAILURE: Final = 41

TEXTS: Final[dict[int, str]] = {
    0: "Unknown",
    1: "Unallocated (unassigned) number",
    2: "No route to specified transit network",
    3: "No route to destination",
    6: "Channel unacceptable",
    16: "Normal Clearing",
    17: "User busy",
    18: "No user responding",
    19: "User alerting, no answer",
    20: "Subscriber absent",
    21: "Call Rejected",
    22: "Number changed",
    26: "Answered elsewhere",
    27: "Destination out of order",
    28: "Invalid number format",
    31: "Normal, unspecified",
    34: "Circuit/channel congestion",
    38: "Network out of order",
    41: "Temporary failure",
    58: "Bearer capability not available",
    111: "Protocol error, unspecified",
    127: "Interworking, unspecified",
}

# What ARI calls them in DELETE /channels/{id}?reason=...
REASONS: Final[dict[str, int]] = {
    "normal": 16,
    "busy": 17,
    "congestion": 34,
    "no_answer": 19,
    "timeout": 102,
    "rejected": 21,
    "unallocated": 1,
    "normal_unspecified": 31,
    "number_incomplete": 28,
    "codec_mismatch": 58,
    "interworking": 127,
    "failure": 38,
    "answered_elsewhere": 26,
}

_SIP_TO_CAUSE: Final[dict[int, int]] = {
    401: 21,
    403: 21,
    404: 1,
    405: 127,
    406: 58,
    407: 21,
    408: 19,
    410: 22,
    415: 58,
    480: 19,
    481: 41,
    484: 28,
    486: 17,
    487: 19,
    488: 58,
    500: 38,
    502: 38,
    503: 34,
    504: 41,
    600: 17,
    603: 21,
    604: 1,
    606: 58,
}

_CAUSE_TO_SIP: Final[dict[int, tuple[int, str]]] = {
    1: (404, "Not Found"),
    2: (404, "Not Found"),
    3: (404, "Not Found"),
    17: (486, "Busy Here"),
    18: (408, "Request Timeout"),
    19: (480, "Temporarily Unavailable"),
    20: (480, "Temporarily Unavailable"),
    21: (403, "Forbidden"),
    22: (410, "Gone"),
    27: (502, "Bad Gateway"),
    28: (484, "Address Incomplete"),
    31: (480, "Temporarily Unavailable"),
    34: (503, "Service Unavailable"),
    38: (500, "Server Internal Error"),
    41: (503, "Service Unavailable"),
    58: (488, "Not Acceptable Here"),
    127: (500, "Server Internal Error"),
}

_DIAL_STATUS: Final[dict[int, str]] = {
    16: "CANCEL",
    17: "BUSY",
    18: "NOANSWER",
    19: "NOANSWER",
    21: "BUSY",
    34: "CONGESTION",
}


def text(cause: int) -> str:
    """The cause in words; "Unknown" for one without a text."""
    return TEXTS.get(cause, TEXTS[0])


def from_sip(code: int) -> int:
    """The cause for a call that was refused with this SIP status (RFC 3398 7.2.4.1, as Asterisk maps it)."""
    return _SIP_TO_CAUSE.get(code, TEMPORARY_FAILURE if code >= 500 else 127)


def to_sip(cause: int) -> tuple[int, str]:
    """Status and reason phrase with which an unanswered call is refused (603 for a plain hang-up, as Asterisk does)."""
    return _CAUSE_TO_SIP.get(cause, (603, "Decline"))


def dial_status(cause: int) -> str:
    """``dialstatus`` of the Dial event for an outgoing call that failed with this cause."""
    return _DIAL_STATUS.get(cause, "CHANUNAVAIL")


def from_reason(reason: str | None, code: str | None) -> int | None:
    """The cause named by ARI's ``reason`` or ``reason_code``; None when the words are not known."""
    if code is not None:
        return int(code) if code.isdigit() and 0 <= int(code) <= 127 else REASONS.get(code)
    return REASONS.get(reason or "normal")
