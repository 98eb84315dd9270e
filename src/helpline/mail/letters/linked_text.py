"""Plain text with links that can be clicked. Pure; what comes out is safe to put into a page."""

import html
import re
from collections.abc import Iterator
from typing import Final

from django.utils.safestring import SafeString, mark_safe

_LINK: Final = re.compile(r"""(?i)\bhttps?://[^\s<>"'`{}|\\^\x00-\x1f\x7f。、，「」『』【】（）]{3,2000}""")
#: what ends a sentence ends no address
_AFTER: Final = ".,:;!?…"
_BRACKETS: Final = (("(", ")"), ("[", "]"))


def linked(text: str) -> SafeString:
    """The text escaped, web addresses in it made links that open elsewhere and tell nothing of us."""
    return mark_safe("".join(_pieces(text)))  # every piece is escaped below


def _pieces(text: str) -> Iterator[str]:
    done = 0
    for found in _LINK.finditer(text):
        url = _trimmed(found[0])
        shown = html.escape(url)
        yield html.escape(text[done : found.start()])
        yield f'<a href="{shown}" target="_blank" rel="noopener noreferrer nofollow">{shown}</a>'
        done = found.start() + len(url)
    yield html.escape(text[done:])


def _trimmed(url: str) -> str:
    while True:
        shorter = url.rstrip(_AFTER)
        for opening, closing in _BRACKETS:
            if shorter.endswith(closing) and shorter.count(closing) > shorter.count(opening):
                shorter = shorter[:-1]
        if shorter == url:
            return url
        url = shorter
