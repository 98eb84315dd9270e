"""The facts of a message that the score is about. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from helpline.mail.junk.score import Facts, Opinion
from helpline.mail.parsing.message import Headers, Message
from helpline.mail.parsing.parse import HEADER_DOUBLED, MANY_SENDERS
from helpline.mail.trust.hops import trusted_headers
from helpline.mail.trust.verdicts import Trust, organisation


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: files a computer runs when they are opened
_RUN: Final = _words(
    "ade adp app apk appx bat chm cmd com cpl dll dmg exe hta img ins iso isp jar js jse lnk mde msc msi msix mst "
    "pif ps1 psm1 reg scf scr sct sh shb sys url vb vbe vbs vhd vxd wsc wsf wsh xll"
)
#: what a double extension pretends to be, and what else it may hide
_HARMLESS: Final = _words(
    "avi bmp csv doc docx gif jpeg jpg mov mp3 mp4 odt pdf png ppt pptx rtf txt wav xls xlsx zip"
)
_HIDDEN: Final = _RUN | {"htm", "html", "shtml", "svg", "xhtml"}
_MISLEADING: Final = re.compile(r'<a data-host="[^"]*" data-misleading="true"')
_STATUS: Final = re.compile(
    r"(?i)\A\s*(yes|no)\b(?:.{0,200}?score=(-?\d+(?:\.\d+)?))?(?:.{0,200}?required=(-?\d+(?:\.\d+)?))?"
)
_RSPAMD: Final = re.compile(r"\[\s*(-?\d+(?:\.\d+)?)\s*/\s*(-?\d+(?:\.\d+)?)\s*\]")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
#: from this score SpamAssassin calls a mail spam when it does not say otherwise
_USUAL: Final = 5.0
#: and rspamd adds its header from this one
_USUAL_RSPAMD: Final = 6.0


def facts_of(
    message: Message,
    shown_html: str,
    trust: Trust,
    relays: Collection[str] = (),
    scanner: Opinion | None = None,
) -> Facts:
    """What the message shows. `shown_html` is its HTML after sanitising, which marks links that mislead."""
    names = [_extensions(part.name) for part in message.parts]
    return Facts(
        trust=trust,
        reply_to_elsewhere=_replies_elsewhere(message),
        executable=any(one and one[-1] in _RUN for one in names),
        double_extension=any(len(one) > 1 and one[-2] in _HARMLESS and one[-1] in _HIDDEN for one in names),
        links_elsewhere=len(_MISLEADING.findall(shown_html)),
        recipients=len({address.key for address in (*message.to, *message.cc)}),
        odd_headers=MANY_SENDERS in message.oddities or HEADER_DOUBLED in message.oddities,
        upstream=upstream(message.headers, relays) if relays else None,
        scanner=scanner,
    )


def _extensions(name: str) -> list[str]:
    """What follows the dots of a file name; blanks that push the last one out of sight do not count."""
    return [one.strip().lower() for one in name.split(".")[1:]]


def _replies_elsewhere(message: Message) -> bool:
    if message.sender is None or not message.reply_to:
        return False
    home = organisation(message.sender.domain)
    return all(organisation(address.domain) != home for address in message.reply_to)


def upstream(headers: Headers, relays: Collection[str]) -> Opinion | None:
    """What the filter of a trusted relay wrote: X-Spam-Status, -Flag and -Score, X-Spamd-Result, X-Rspamd-Score.

    Only what stands in the part our relays wrote is read; others' words are a stranger's.
    """
    first: dict[str, str] = {}
    for name, value in trusted_headers(headers, relays):
        first.setdefault(name, value)
    return _status(first) or _rspamd(first) or _flag(first)


def _status(said: dict[str, str]) -> Opinion | None:
    found = _STATUS.match(said.get("x-spam-status", ""))
    if found is None:
        return None
    required = float(found[3]) if found[3] else _USUAL
    junk = found[1].lower() == "yes"
    score = float(found[2]) if found[2] else (required if junk else 0.0)
    # the word counts: a desk may have set its own limit up there
    return Opinion(max(score, required) if junk else min(score, required - 0.01), required)


def _rspamd(said: dict[str, str]) -> Opinion | None:
    pair = _RSPAMD.search(said.get("x-spamd-result", "")[:1000])
    if pair:
        return Opinion(float(pair[1]), float(pair[2]))
    score = _NUMBER.match(said.get("x-rspamd-score", "").strip())
    return Opinion(float(score[0]), _USUAL_RSPAMD) if score else None


def _flag(said: dict[str, str]) -> Opinion | None:
    score = _NUMBER.match(said.get("x-spam-score", "").strip())
    flag = said.get("x-spam-flag", "").strip().lower()
    if flag in ("yes", "true"):
        return Opinion(max(float(score[0]) if score else _USUAL, _USUAL), _USUAL)
    return Opinion(float(score[0]), _USUAL) if score else None
