"""The HTML of our own letters as it travels: what an editor makes, and nothing that runs or spies.

Other than `html.sanitise`, which makes strangers' HTML safe to show, this keeps pictures by content id ("cid:", RFC 2392)
and links as they are.
"""

from typing import Final

import nh3

from helpline.mail.parsing.html import MAX_HTML
from helpline.mail.parsing.html_text import text_of_html, too_tangled

_TAGS: Final = frozenset(
    (
        *("a", "b", "blockquote", "br", "code", "del", "div", "em", "figcaption", "figure", "h1", "h2", "h3"),
        *(
            "h4",
            "hr",
            "i",
            "img",
            "ins",
            "li",
            "ol",
            "p",
            "pre",
            "s",
            "small",
            "span",
            "strong",
            "sub",
            "sup",
        ),
        *("table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
    )
)
_GONE: Final = frozenset(("script", "style", "title", "template", "svg", "math", "object", "iframe"))
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"style", "dir", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_STYLES: Final = frozenset(
    (
        *("color", "background-color", "font-family", "font-size", "font-style", "font-weight"),
        *("text-align", "text-decoration", "margin", "padding", "border", "border-left", "white-space"),
    )
)
#: what mail programs of today make of nothing better
_FRAME: Final = (
    '<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"></head><body>{body}</body></html>'
)


def travelling(html: str) -> str:
    """The HTML without what runs; "" when nothing is left or it is too large or too tangled to be of a person."""
    if not html.strip() or len(html) > MAX_HTML or too_tangled(html):
        return ""
    return nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_GONE),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_allow,
        filter_style_properties=set(_STYLES),
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel=None,
        strip_comments=True,
    ).strip()


def _allow(tag: str, name: str, value: str) -> str | None:
    """A picture travels with the letter or not at all: one that is fetched tells when it is read."""
    if tag == "img" and name == "src":
        return value if value.lower().startswith("cid:") else None
    return value


def framed(body: str, language: str) -> str:
    """A whole document, as mail programs expect it."""
    return _FRAME.format(language=language, body=body)


def as_text(html: str) -> str:
    """The same in plain text, for the other half of the letter."""
    return text_of_html(html).strip()
