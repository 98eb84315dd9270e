"""HTML of templates and signatures: what an editor makes and nothing else, with its placeholders checked."""

import html as entities
import re
from typing import Final

import nh3

from helpline.core import placeholders
from helpline.core.errors import Invalid

_TAGS: Final = frozenset(
    (
        *("a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "i", "li", "ol", "p"),
        *("pre", "strong", "u", "ul"),
    )
)
_LINK: Final = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
_MARKUP: Final = re.compile(r"<(?:div|p|br|a|strong|em|ul|ol|li|h1|blockquote|pre|b|i)\b", re.IGNORECASE)
MOST: Final = 100_000


def cleaned(given: str) -> str:
    """The text or HTML as it is kept. Raises Invalid for an unknown placeholder, or when it is too long."""
    if len(given) > MOST:
        raise Invalid("too long", code="too_long")
    html = given if _MARKUP.search(given) else of_text(given)
    html = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    ).strip()
    placeholders.check(html)
    return html if re.sub(r"<[^>]*>|&nbsp;|\s", "", html) else ""


def of_text(text: str) -> str:
    """Plain text as HTML, a block a paragraph."""
    blocks = re.split(r"\n{2,}", text.replace("\r\n", "\n").strip())
    return "<div><br></div>".join(
        f"<div>{'<br>'.join(map(entities.escape, one.splitlines()))}</div>" for one in blocks if one
    )


def links(html: str) -> list[str]:
    """The addresses its links lead to, each once."""
    return [entities.unescape(one) for one in dict.fromkeys(_LINK.findall(html))]
