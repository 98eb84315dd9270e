"""HTML between the editor of the page and the draft: what an editor makes, and nothing that runs or spies.

In a draft a picture is "cid:ID" of one of its files, as it will travel; in the editor it has an address of ours.
"""

import html as entities
import re
from collections.abc import Callable, Mapping
from typing import Final

import nh3

from helpline.mail.outgoing import html as outgoing_html
from helpline.mail.parsing import charsets
from helpline.mail.parsing.html import MAX_HTML
from helpline.mail.parsing.html_text import too_tangled

#: around a picture the editor puts a frame with its name and size, which are not meant for the receiver
_GONE: Final = frozenset(("figcaption", "script", "style"))
_CID: Final = re.compile(r'(<img\b[^>]*?\bsrc=")cid:([^"]*)(")')
_LOST: Final = re.compile(r"<img(?![^>]*\bsrc=)[^>]*>")
_EMPTY: Final = re.compile(r"(?:<[^>]*>|&nbsp;|\s)*\Z")


def kept(given: str, content_id_of: Callable[[str], str | None]) -> str:
    """What the editor sent, as a draft keeps it; `content_id_of` knows our own addresses of pictures.

    "" when nothing but frames and blanks is left, or when no person could have written so much.
    """
    given = charsets.clean(given)
    if len(given) > MAX_HTML or too_tangled(given):
        return ""

    def allow(tag: str, name: str, value: str) -> str | None:
        if (tag, name) != ("img", "src") or value.startswith("cid:"):
            return value
        own = content_id_of(value)
        return f"cid:{own}" if own else None

    framed = nh3.clean(
        given,
        tags=(nh3.ALLOWED_TAGS | {"figure"}) - _GONE,
        clean_content_tags=set(_GONE),
        attributes={"a": {"href"}, "img": {"src", "alt", "width", "height"}, "ol": {"start"}},
        attribute_filter=allow,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel=None,
    )
    cleaned = _LOST.sub("", outgoing_html.travelling(framed))
    return "" if _EMPTY.match(cleaned.replace("<img", "x<img")) else cleaned


def for_editor(html: str, addresses: Mapping[str, str]) -> str:
    """The draft's HTML with its pictures at our own addresses (content id -> address); others are left out."""

    def shown(found: re.Match[str]) -> str:
        address = addresses.get(entities.unescape(found[2]))
        return f"{found[1]}{entities.escape(address)}{found[3]}" if address else "<img "

    return _LOST.sub("", _CID.sub(shown, html))


def of_text(text: str) -> str:
    """Plain text as the editor would have made it: a block a paragraph."""
    blocks = re.split(r"\n{2,}", charsets.clean(text).replace("\r\n", "\n").strip())
    return "".join(
        f"<div>{'<br>'.join(map(entities.escape, one.splitlines()))}</div>" for one in blocks if one
    )
