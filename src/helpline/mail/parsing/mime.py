"""The tree of a message (RFC 2045, 2046) as spans of its bytes, within bounds. Never raises, copies no body.

Only multiparts are entered; an embedded message (`message/rfc822`) is a leaf, as is everything else.
"""

from __future__ import annotations

import email.message
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from helpline.mail.parsing.charsets import decode
from helpline.mail.parsing.headers import Raw, decode_words, raw_text_of, split
from helpline.mail.parsing.transfer import Buffer, decoded

MAX_DEPTH: Final = 20
MAX_PARTS: Final = 1_000
MAX_HEADER_BLOCK: Final = 4_194_304
_PART_HEADER_BLOCK: Final = 65_536
_CONTENT_VALUE: Final = 4_096

TOO_DEEP: Final = "too_deep"
TOO_MANY_PARTS: Final = "too_many_parts"
NO_BOUNDARY: Final = "no_boundary"
UNCLOSED: Final = "unclosed_multipart"
HEADER_CUT: Final = "header_cut"

_TYPE: Final = re.compile(r"\s*([\w!#$&^.+-]{1,100})\s*/\s*([\w!#$&^.+-]{1,100})")
_GUESSED_BOUNDARY: Final = re.compile(rb"(?m)^--([^\s-][^\r\n]{0,68}?)[ \t]*\r?$")


@dataclass(slots=True)
class Leaf:
    """A part that is no multipart: what its headers say and where its body lies.

    `group` tells leaves of one multipart/alternative (the outermost) from others; `alternative` that there is one.
    """

    raw: Buffer
    start: int
    end: int
    type: str
    params: dict[str, str]
    disposition: str = ""
    filename: str = ""
    encoding: str = ""
    content_id: str = ""
    group: int = 0
    alternative: bool = False

    def chunks(self) -> Iterator[bytes]:
        return decoded(self.raw, self.start, self.end, self.encoding)


@dataclass(slots=True)
class Tree:
    """The headers of the whole message, its content type and its leaves in their order."""

    headers: list[Raw]
    type: str
    params: dict[str, str]
    leaves: list[Leaf] = field(default_factory=list)
    oddities: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Span:
    headers: list[Raw]
    start: int
    end: int
    depth: int
    default: str
    group: int = 0
    alternative: bool = False


def walk(raw: Buffer) -> Tree:
    """Take a whole message apart."""
    headers, start, cut = split(raw[:MAX_HEADER_BLOCK])
    root = _Span(headers, start, len(raw), 0, "text/plain")
    kind, params = content_type(headers, root.default)
    tree = Tree(headers, kind, params, oddities=[HEADER_CUT] if cut or start >= MAX_HEADER_BLOCK else [])
    waiting = [root]
    while waiting:
        span = waiting.pop()
        children = _children(raw, span, tree, len(waiting))
        if children is None:
            tree.leaves.append(_leaf(raw, span, len(tree.leaves)))
        else:
            waiting += reversed(children)
    return tree


def _children(raw: Buffer, span: _Span, tree: Tree, waiting: int) -> list[_Span] | None:
    """The parts of a multipart; None for a leaf, and for a multipart that cannot be entered."""
    kind, params = content_type(span.headers, span.default)
    if not kind.startswith("multipart/"):
        return None
    if span.depth >= MAX_DEPTH:
        tree.oddities.append(TOO_DEEP)
        return None
    room = MAX_PARTS - len(tree.leaves) - waiting
    bodies = _bodies(raw, span, params.get("boundary", ""), room, tree)
    if not bodies:
        return None
    alternative = span.alternative or kind == "multipart/alternative"
    group = span.group if span.alternative or not alternative else span.start
    default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
    made = []
    for start, end in bodies:
        headers, length, _cut = split(raw[start : min(end, start + _PART_HEADER_BLOCK)])
        made.append(_Span(headers, start + length, end, span.depth + 1, default, group, alternative))
    return made


def _bodies(raw: Buffer, span: _Span, boundary: str, room: int, tree: Tree) -> list[tuple[int, int]]:
    """Where the parts between the delimiter lines lie; empty when there is no delimiter."""
    mark = boundary.encode("utf-8", "replace").rstrip()
    found, closed = _cut(raw, span, mark, room) if mark else ([], False)
    if not found:
        tree.oddities.append(NO_BOUNDARY)
        guessed = _GUESSED_BOUNDARY.search(raw, span.start, min(span.end, span.start + 4096))
        found, closed = _cut(raw, span, guessed[1], room) if guessed else ([], False)
        if not closed:
            return []
    if not closed:
        tree.oddities.append(TOO_MANY_PARTS if len(found) >= room else UNCLOSED)
    return found


def _cut(raw: Buffer, span: _Span, mark: bytes, room: int) -> tuple[list[tuple[int, int]], bool]:
    bodies: list[tuple[int, int]] = []
    begun = -1
    for line, after, closing in _delimiters(raw, span, b"--" + mark):
        if begun >= 0:
            bodies.append((begun, max(begun, _before_break(raw, line, begun))))
        if closing:
            return bodies, True
        begun = after
        if len(bodies) + 1 >= room:
            break
    if begun >= 0:
        bodies.append((begun, span.end))
    return bodies, False


def _delimiters(raw: Buffer, span: _Span, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """(start of the line, start of the next line, whether it closes) of each delimiter line (RFC 2046, 5.1.1)."""
    at = span.start
    while True:
        line = raw.find(mark, at, span.end)
        if line < 0:
            return
        end = raw.find(b"\n", line, span.end)
        after = span.end if end < 0 else end + 1
        at = line + len(mark)
        if line != span.start and raw[line - 1 : line] != b"\n":
            continue
        rest = raw[at : min(after, at + 200)].strip()
        if rest in (b"", b"--") or (rest.startswith(b"--") and not rest[2:].strip(b"- \t")):
            yield line, after, bool(rest)
            at = after


def _before_break(raw: Buffer, line: int, floor: int) -> int:
    """The line break before a delimiter belongs to the delimiter."""
    if line - 2 >= floor and raw[line - 2 : line] == b"\r\n":
        return line - 2
    return line - 1


def _leaf(raw: Buffer, span: _Span, number: int) -> Leaf:
    kind, params = content_type(span.headers, span.default)
    if kind.startswith("multipart/"):
        kind = "text/plain"
    disposition, disposed = _with_params(_value(span.headers, "content-disposition"))
    name = disposed.get("filename") or params.get("name", "")
    return Leaf(
        raw=raw,
        start=span.start,
        end=span.end,
        type=kind,
        params=params,
        disposition=disposition.strip().lower(),
        filename=name,
        encoding=_value(span.headers, "content-transfer-encoding").partition(";")[0].strip().lower(),
        content_id=_value(span.headers, "content-id").strip().strip("<>").strip()[:500],
        group=span.group if span.alternative else -1 - number,
        alternative=span.alternative,
    )


def content_type(headers: list[Raw], default: str) -> tuple[str, dict[str, str]]:
    """The content type in lower case and its parameters; the default when there is none, or a broken one."""
    value = _value(headers, "content-type")
    if not value.strip():
        return default, {}
    kind, params = _with_params(value)
    found = _TYPE.match(kind)
    return (f"{found[1]}/{found[2]}".lower() if found else "text/plain"), params


def _value(headers: list[Raw], name: str) -> str:
    for known, value in headers:
        if known.lower() == name:
            return raw_text_of(value[:_CONTENT_VALUE])
    return ""


def _with_params(value: str) -> tuple[str, dict[str, str]]:
    """A value and its parameters, continued and in other charsets too (RFC 2231)."""
    main = value.partition(";")[0]
    if ";" not in value:
        return main, {}
    holder = email.message.Message()
    holder["Content-Type"] = value
    try:
        pairs = holder.get_params([], unquote=True)
    except (ValueError, TypeError, IndexError, LookupError):
        return main, {}
    return main, {name.lower(): _param(said) for name, said in pairs[1:]}


def _param(said: str | tuple[str | None, str | None, str]) -> str:
    if isinstance(said, str):
        return decode_words(said)
    charset, _language, text = said
    return decode_words(decode(text.encode("latin-1", "replace"), charset or "utf-8")[0])
