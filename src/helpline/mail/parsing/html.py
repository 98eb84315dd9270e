"""HTML mail made safe to show, and HTML to plain text.

`sanitise` lets nh3 (an HTML5 parser with a list of what is allowed) have the last word on every tag and attribute. What
it hands back loads nothing from elsewhere: a remote picture keeps its address in `data-remote-src`, for a click; a link
carries `data-host`, where it goes, and `data-misleading` when its text names another host. What webmail quotes has the
class `mail-quote`; Outlook's quotation begins at `data-quote-below` and goes on to the end.
"""

from __future__ import annotations

import html as entities
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import nh3

from helpline.mail.parsing.html_text import text_of_html, too_tangled

__all__ = ["Shown", "as_html", "sanitise", "text_of_html"]

_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "address",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_GONE: Final = frozenset(
    [
        "script",
        "style",
        "title",
        "template",
        "svg",
        "math",
        "object",
        "embed",
        "applet",
        "iframe",
        "frameset",
        "noframes",
        "noembed",
    ]
)
_SIZES: Final = frozenset({"width", "height"})
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"style", "dir", "lang", "class"},
    "a": {"href"},
    "img": {"src", "alt", *_SIZES},
    "blockquote": {"type"},
    "font": {"color", "size", "face"},
    "ol": {"start", "type"},
    "table": {"align", "border", "cellpadding", "cellspacing", "bgcolor", *_SIZES},
    **{cell: {"align", "valign", "bgcolor", "colspan", "rowspan", *_SIZES} for cell in ("td", "th")},
    "tr": {"align", "valign", "bgcolor"},
    "div": {"align", "id"},
    **{block: {"align"} for block in ("p", "h1", "h2", "h3", "h4", "h5", "h6")},
}
_STYLES: Final = frozenset(
    [
        "color",
        "background-color",
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
        "font-variant",
        "text-align",
        "text-decoration",
        "text-indent",
        "line-height",
        "letter-spacing",
        "white-space",
        "vertical-align",
        "width",
        "height",
        "max-width",
        "padding",
        "padding-top",
        "padding-bottom",
        "padding-left",
        "padding-right",
        "margin",
        "margin-top",
        "margin-bottom",
        "margin-left",
        "margin-right",
        "border",
        "border-top",
        "border-bottom",
        "border-left",
        "border-right",
        "border-color",
        "border-style",
        "border-width",
        "border-collapse",
        "border-spacing",
        "list-style-type",
        "direction",
    ]
)
_STYLE_HARM: Final = re.compile(
    r"(?i)url|expression|import|behaviou?r|binding|image|attr\s*\(|var\s*\(|\\|<|margin[^;]*:[^;]*-"
)
_QUOTED_BELOW: Final = frozenset({"divRplyFwdMsg", "appendonsend", "mail-editor-reference-message-container"})
_QUOTES: Final = frozenset(
    {"gmail_quote", "gmail_quote_container", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote"}
)
_PICTURE_DATA: Final = re.compile(r"(?i)data:image/(?:png|gif|jpe?g|webp|bmp);base64,[a-z0-9+/=\s]*\Z")
_LINK: Final = re.compile(r"(?i)(?:https?://|mailto:|tel:)")
_SPACE: Final = re.compile("[\x00-\x20\x7f\u200b\ufeff]+")
_NUMBER: Final = re.compile(r"\d{1,4}%?\Z")
_COLOUR: Final = re.compile(r"(?i)#?[a-z0-9]{1,20}\Z")
_LINK_TEXT: Final = re.compile(r'<a data-host="([^"]*)"( href="[^"]*"[^>]*)>\s*([^<\s]{4,300})\s*<')
_LOOKS_LIKE_HOST: Final = re.compile(r"(?i)(?:https?://)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?:[:/?#].*)?\Z")
MAX_HTML: Final = 2_097_152


@dataclass(frozen=True, slots=True)
class Shown:
    """HTML safe to put into a page, and how many remote pictures it would load after a click."""

    html: str
    remote_images: int = 0


def sanitise(html: str, inline: Callable[[str], str | None] | None = None) -> Shown:
    """Make a mail's HTML safe. `inline` gives the desk's own address for a content id ("cid:" pictures), or None.

    HTML too large or too tangled for a browser to like is shown as its text.
    """
    if len(html) > MAX_HTML or too_tangled(html):
        return Shown(as_html(text_of_html(html)))
    rules = _Rules(secrets.token_hex(12), inline or (lambda _content_id: None))
    cleaned = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_GONE),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=rules.allow,
        filter_style_properties=set(_STYLES),
        url_schemes={"http", "https", "mailto", "tel", "cid", "data", rules.scheme},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )
    return Shown(rules.finish(cleaned), rules.remote)


def as_html(text: str) -> str:
    """Plain text as HTML, its lines kept."""
    return f'<pre style="white-space:pre-wrap">{entities.escape(text)}</pre>'


class _Rules:
    """What is allowed of each attribute. A secret scheme marks what becomes another attribute after nh3 is done."""

    def __init__(self, secret: str, inline: Callable[[str], str | None]) -> None:
        self.scheme = f"h{secret}"
        self.inline = inline
        self.remote = 0

    def allow(self, tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return self._link(value)
        if name == "src":
            return self._picture(value)
        if name == "style":
            return _style(value)
        if name == "id":
            return f"{self.scheme}:below" if value in _QUOTED_BELOW else None
        if name == "class":
            return "mail-quote" if _QUOTES & set(value.split()) else None
        return _plain(name, value)

    def _link(self, value: str) -> str | None:
        url = _SPACE.sub("", value)
        if not _LINK.match(url):
            return None
        return f"{self.scheme}:{_host_of(url)};{_quoted(url)}"

    def _picture(self, value: str) -> str | None:
        url = _SPACE.sub("", value)
        if url.lower().startswith("cid:"):
            own = self.inline(url[4:])
            return f"{self.scheme}:own;{_quoted(own)}" if own else None
        if _PICTURE_DATA.match(url):
            return url
        if url.startswith("//"):
            url = f"https:{url}"
        if not url.lower().startswith(("http://", "https://")):
            return None
        self.remote += 1
        return f"{self.scheme}:remote;{_quoted(url)}"

    def finish(self, cleaned: str) -> str:
        """Turn the marked values into attributes; no text of the sender's can hold the secret."""
        out = cleaned.replace(f'src="{self.scheme}:remote;', 'data-remote-src="')
        out = out.replace(f'src="{self.scheme}:own;', 'src="')
        out = out.replace(f'id="{self.scheme}:below"', 'data-quote-below="true"')
        out = re.sub(rf'href="{self.scheme}:([^";]*);', r'data-host="\1" href="', out)
        return _LINK_TEXT.sub(_judge, out)


def _judge(found: re.Match[str]) -> str:
    said = _LOOKS_LIKE_HOST.match(entities.unescape(found[3]))
    if said is None or _same_site(said[1].lower(), found[1]):
        return found[0]
    return found[0].replace(" href=", ' data-misleading="true" href=', 1)


def _same_site(said: str, host: str) -> bool:
    said, host = said.removeprefix("www."), host.removeprefix("www.")
    return said == host or host.endswith(f".{said}")


def _host_of(url: str) -> str:
    """Where a link goes: the host, or for mail the domain; only characters that need no quoting."""
    scheme, _colon, rest = url.partition(":")
    try:
        host = urlsplit(url).hostname or "" if scheme.lower().startswith("http") else rest.partition("?")[0]
    except ValueError:
        host = "?"
    return quote(host, safe="@.-+:[]")[:255]


def _quoted(url: str) -> str:
    return quote(url, safe="%/:?#[]@!$&()*+,;=~-._")


def _style(value: str) -> str | None:
    kept = [part for part in value.split(";") if part.strip() and not _STYLE_HARM.search(part)]
    return ";".join(kept) or None


def _plain(name: str, value: str) -> str | None:
    if name in (
        "width",
        "height",
        "border",
        "cellpadding",
        "cellspacing",
        "colspan",
        "rowspan",
        "start",
        "size",
    ):
        return value.strip() if _NUMBER.match(value.strip()) else None
    if name in ("color", "bgcolor"):
        return value.strip() if _COLOUR.match(value.strip()) else None
    return value
