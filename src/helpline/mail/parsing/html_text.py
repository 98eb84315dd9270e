"""HTML to plain text in one pass over its characters: no tree, so nothing a sender nests can cost more than its length.

Quotations (`blockquote`) become lines with "> ", as plain mail has them, so that `quoting` understands both.
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass, field
from typing import Final

_TAG: Final = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""")
_SIMPLE_TAG: Final = re.compile(r"<(/?)([a-zA-Z][^\s/><]*+)([^>]*+)>")
_TAG_NAME: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_ATTRIBUTE: Final = re.compile(r"""(?i)\b(href|alt)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_BLANK: Final = re.compile(r"[ \t\r\n\f]+")
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_SPACED: Final = frozenset(
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"]
)
_SILENT: Final = frozenset(
    ["script", "style", "title", "template", "noframes", "iframe", "object", "svg", "math", "select"]
)
_FORMATTING: Final = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
_MANY_TAGS: Final = 10_000
_TANGLED: Final = 400
_DEEP: Final = 2_000
_LONGEST_TAG: Final = 2_000
MAX_TEXT: Final = 2_097_152


def too_tangled(html: str) -> bool:
    """True for HTML whose tree would be far larger or deeper than its text: unclosed formatting, endless nesting."""
    if html.count("<") < _TANGLED:
        return False
    formatting = depth = deepest = tangle = 0
    for found in _TAG_NAME.finditer(html):
        step = -1 if found[1] else 1
        depth += step
        deepest = max(deepest, depth)
        if found[2].lower() in _FORMATTING:
            formatting = max(0, formatting + step)
            tangle = max(tangle, formatting)
    unclosed = len(re.findall(r"(?i)<(?:br|img|hr|col|meta|input|wbr|link|p|li|td|tr|th|o:p)\b", html))
    return tangle > _TANGLED or deepest - unclosed > _DEEP


def text_of_html(html: str) -> str:
    """The text a reader of this HTML sees: lines, lists, links with their address, quotations with "> "."""
    html = html[:MAX_TEXT]
    text = _Text(_SIMPLE_TAG if html.count("<") > _MANY_TAGS else _TAG)
    at = 0
    while at < len(html):
        opens = html.find("<", at)
        if opens < 0:
            text.say(html[at:])
            break
        text.say(html[at:opens])
        at = text.markup(html, opens)
    return text.finish()


@dataclass
class _Text:
    tag: re.Pattern[str]
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    quotes: int = 0
    pre: int = 0
    link: str = ""
    link_from: int = 0
    gap: bool = False

    def say(self, raw: str) -> None:
        """Text between tags."""
        if not raw:
            return
        said = entities.unescape(raw)
        if self.pre:
            first, *others = said.replace("\r\n", "\n").split("\n")
            self._add(first)
            for other in others:
                self._end_line(keep_empty=True)
                self._add(other)
            return
        self._add(_BLANK.sub(" ", said))

    def _add(self, said: str) -> None:
        if said == " " and (not self.line or self.line[-1].endswith(" ")):
            return
        if said:
            self.line.append(said)

    def markup(self, html: str, at: int) -> int:
        """Read the tag, comment or lone "<" here; where to go on."""
        if html.startswith("<!--", at):
            end = html.find("-->", at + 4)
            return len(html) if end < 0 else end + 3
        if html.startswith(("<!", "<?"), at):
            end = html.find(">", at)
            return len(html) if end < 0 else end + 1
        if html.find(">", at) < 0:  # no tag can end any more
            self._add(entities.unescape(html[at:]))
            return len(html)
        found = self.tag.match(html, at, at + _LONGEST_TAG) or _SIMPLE_TAG.match(html, at)
        if found is None:
            self._add("<")
            return at + 1
        name = found[2].lower()
        if name in _SILENT and not found[1] and not found[3].endswith("/"):
            return _after_silent(html, name, found.end())
        self._tag(name, bool(found[1]), found[3])
        return found.end()

    def _tag(self, name: str, closing: bool, attributes: str) -> None:
        if name == "br":
            self._end_line(keep_empty=True)
        elif name == "img":
            self._add(_attribute(attributes, "alt"))
        elif name in ("td", "th") and closing:
            self._add(" ")
        elif name == "a":
            self._link(closing, attributes)
        elif name in _BLOCKS:
            self._block(name, closing)

    def _block(self, name: str, closing: bool) -> None:
        self._end_line()
        step = -1 if closing else 1
        self.gap = self.gap or name in _SPACED
        if name == "blockquote":
            if not closing:
                self._gap()
            self.quotes = min(20, max(0, self.quotes + step))
        elif name == "pre":
            self.pre = max(0, self.pre + step)
        elif name == "li" and not closing:
            self._add("- ")
        elif name == "hr":
            self._add("-" * 5)
            self._end_line()

    def _link(self, closing: bool, attributes: str) -> None:
        if not closing:
            self.link, self.link_from = (
                entities.unescape(_attribute(attributes, "href")).strip(),
                len(self.line),
            )
            return
        shown = "".join(self.line[self.link_from :]).strip()
        target = self.link.removeprefix("mailto:")
        if self.link.lower().startswith(("http://", "https://", "mailto:")) and target.rstrip("/") not in (
            shown,
            f"{shown}/",
        ):
            self._add(f" <{target}>")
        self.link = ""

    def _gap(self) -> None:
        if self.gap and self.lines and self.lines[-1].strip("> "):
            self.lines.append("> " * self.quotes)
        self.gap = False

    def _end_line(self, keep_empty: bool = False) -> None:
        said = "".join(self.line)
        said = said.replace("\xa0", " ").rstrip() if self.pre else said.replace("\xa0", " ").strip()
        self.line, self.link_from = [], 0
        if said:
            self._gap()
        if said or keep_empty:
            self.lines.append("> " * self.quotes + said)

    def finish(self) -> str:
        self._end_line()
        text = "\n".join(line.rstrip() for line in self.lines).strip("\n")
        text = re.sub(r"\n{3,}", "\n\n", text)
        return f"{text}\n" if text else ""


def _attribute(attributes: str, name: str) -> str:
    for found in _ATTRIBUTE.finditer(attributes[:_LONGEST_TAG]):
        if found[1].lower() == name:
            return found[2] or found[3] or found[4] or ""
    return ""


def _after_silent(html: str, name: str, at: int) -> int:
    """Past the end of an element nobody reads; past everything when it never ends."""
    found = re.compile(rf"(?i)</{name}[^>]*>").search(html, at)
    return found.end() if found else len(html)
