"""Bytes to `Message`. Never raises for bad input, and never loses a part: what was odd is said in `oddities`.

Attachments are never unpacked, except `winmail.dat`, which is only another envelope (see `tnef`).
"""

from __future__ import annotations

import html as entities
import mmap
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from helpline.mail.parsing import charsets, tnef
from helpline.mail.parsing.flowed import unflow
from helpline.mail.parsing.headers import addresses, date_of, ids, raw_text_of, text_of
from helpline.mail.parsing.html import text_of_html
from helpline.mail.parsing.message import Address, Headers, Message, Part
from helpline.mail.parsing.mime import (
    HEADER_CUT,
    NO_BOUNDARY,
    TOO_DEEP,
    TOO_MANY_PARTS,
    UNCLOSED,
    Leaf,
    Tree,
    walk,
)
from helpline.mail.parsing.transfer import PIECE, Buffer

MAX_TEXT: Final = 2_097_152
MAX_TEXTS: Final = 100
MAX_EMBEDDED: Final = 16_777_216
_MAPPED_FROM: Final = 1_048_576

TEXT_CUT: Final = "text_cut"
TNEF_BROKEN: Final = "winmail_broken"
NO_SENDER: Final = "no_sender"
SENDER_GUESSED: Final = "sender_guessed"
MANY_SENDERS: Final = "many_senders"
HEADER_DOUBLED: Final = "header_doubled"
NO_DATE: Final = "no_date"
NO_MESSAGE_ID: Final = "no_message_id"
EMPTY: Final = "empty"

ODDITIES: Final = (
    *(charsets.UNKNOWN, charsets.WRONG, charsets.MISSING, charsets.NUL),
    *(TOO_DEEP, TOO_MANY_PARTS, NO_BOUNDARY, UNCLOSED, HEADER_CUT, TEXT_CUT, TNEF_BROKEN),
    *(NO_SENDER, SENDER_GUESSED, MANY_SENDERS, HEADER_DOUBLED, NO_DATE, NO_MESSAGE_ID, EMPTY),
)

_ONCE: Final = (
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "message-id",
    "in-reply-to",
    "references",
    "subject",
    "date",
)
_DELIVERED: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_TNEF_TYPES: Final = ("application/ms-tnef", "application/vnd.ms-tnef")
_FOLDERS: Final = re.compile(r".*[/\\]")
_NOT_IN_NAMES: Final = re.compile('[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"|?*]')
_EXTENSIONS: Final = {
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "text/calendar": ".ics",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/rfc822-headers": ".txt",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
}


def parse_file(path: Path) -> Message:
    """Read a raw message from a file. A large one is mapped, not loaded: its attachments are read from the file later."""
    if path.stat().st_size < _MAPPED_FROM:
        return parse(path.read_bytes())
    with path.open("rb") as file:
        return parse(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def parse(raw: Buffer) -> Message:
    """Read a raw message: any bytes at all."""
    if raw.find(b"\n") < 0 and raw.find(b"\r") >= 0:
        raw = raw[:].replace(b"\r", b"\n")
    tree = walk(raw)
    body = _Body(tree.oddities)
    for leaf in tree.leaves:
        body.take(leaf)
    return _message(tree, body.finish(), len(raw))


def embedded(part: Part) -> Message | None:
    """The message within a part of type message/rfc822 (or only its headers, text/rfc822-headers); else None."""
    if part.type not in ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"):
        return None
    return parse(part.read(MAX_EMBEDDED).lstrip(b"\r\n"))


@dataclass
class _Unit:
    """One stretch of the text: a text part, or the plain and the HTML side of one alternative."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)


@dataclass
class _Body:
    """Collects text and parts of the leaves in their order."""

    oddities: list[str]
    units: dict[int, _Unit] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    hint: str = ""
    texts: int = 0
    text: str = ""
    html: str = ""
    drawn: bool = False

    def take(self, leaf: Leaf) -> None:
        if leaf.type in _TNEF_TYPES or leaf.filename.lower() == "winmail.dat":
            self._take_winmail(leaf)
        elif self._is_text(leaf):
            self._take_text(leaf)
        else:
            self._add(leaf.filename, leaf.type, leaf.content_id, leaf.disposition, leaf.chunks, leaf.params)

    def _is_text(self, leaf: Leaf) -> bool:
        if leaf.type not in ("text/plain", "text/html") or leaf.disposition == "attachment":
            return False
        if self.texts >= MAX_TEXTS:
            return False
        return not leaf.filename or (leaf.disposition != "inline" and not self.units)

    def _take_text(self, leaf: Leaf) -> None:
        held = bytearray()
        for chunk in leaf.chunks():
            held += chunk
            if len(held) > MAX_TEXT:
                self.oddities.append(TEXT_CUT)
                self._add(leaf.filename, leaf.type, "", "attachment", leaf.chunks, leaf.params)
                break
        label = leaf.params.get("charset", "")
        self.hint = self.hint or label
        text, odd = charsets.decode(bytes(held[:MAX_TEXT]), label)
        if odd:
            self.oddities.append(odd)
        self.texts += 1
        unit = self.units.setdefault(leaf.group, _Unit())
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if leaf.params.get("format", "").lower() == "flowed":
            text = unflow(text, leaf.params.get("delsp", "").lower() == "yes")
        (unit.html if leaf.type == "text/html" else unit.plain).append(text)

    def _take_winmail(self, leaf: Leaf) -> None:
        data = bytearray()
        for chunk in leaf.chunks():
            data += chunk
            if len(data) > tnef.MAX_SIZE:
                break
        opened = tnef.read(bytes(data))
        if opened is None:
            self.oddities.append(TNEF_BROKEN)
            self._add(leaf.filename or "winmail.dat", leaf.type, "", "attachment", leaf.chunks, leaf.params)
            return
        if opened.text or opened.html:
            self.units[leaf.group] = _Unit(
                [opened.text] if opened.text else [], [opened.html] if opened.html else []
            )
        for file in opened.files:
            self._add(file.name, file.type, file.content_id, "attachment", _whole(file.data), {})

    def _add(
        self,
        name: str,
        kind: str,
        content_id: str,
        disposition: str,
        source: Callable[[], Iterator[bytes]],
        params: dict[str, str],
    ) -> None:
        self.parts.append(
            Part(
                name=file_name(name) or f"part-{len(self.parts) + 1}{_EXTENSIONS.get(kind, '')}",
                type=kind,
                size=sum(map(len, source())),
                content_id=content_id,
                inline=disposition == "inline" and kind.startswith("image/"),
                source=source,
                params=tuple(sorted(params.items())),
            )
        )

    def finish(self) -> _Body:
        """Join the stretches: plain text everywhere, HTML when there is any."""
        units = [_Unit(unit.plain, unit.html) for unit in self.units.values()]
        if any("".join(unit.html).strip() for unit in units):
            self.html = "\n".join(_html_of(unit) for unit in units)
        self.drawn = bool(self.html) and not any("".join(unit.plain).strip() for unit in units)
        self.text = "\n".join(filter(None, (_plain_of(unit) for unit in units)))
        self.parts = [_shown_in_place(part, self.html) for part in self.parts]
        return self


def _plain_of(unit: _Unit) -> str:
    plain = "\n".join(unit.plain)
    return plain if plain.strip() else "\n".join(map(text_of_html, unit.html)) or plain


def _html_of(unit: _Unit) -> str:
    said = "\n".join(unit.html)
    if said.strip():
        return said
    return "".join(f"<pre>{entities.escape(text)}</pre>" for text in unit.plain if text.strip())


def _shown_in_place(part: Part, html: str) -> Part:
    if part.inline or not part.content_id or f"cid:{part.content_id}" not in html:
        return part
    return Part(part.name, part.type, part.size, part.content_id, True, part.source, part.params)


def _whole(data: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: (data[at : at + PIECE] for at in range(0, len(data), PIECE))


def file_name(said: str) -> str:
    """A file name fit to be shown and saved: no folder, no control or direction characters, at most 150 characters."""
    bare = _NOT_IN_NAMES.sub("", _FOLDERS.sub("", charsets.clean(said).replace("\n", " "))).strip(" .")
    if len(bare) <= 150:
        return bare
    stem, dot, extension = bare.rpartition(".")
    return f"{stem[: 149 - len(extension)]}.{extension}" if dot and len(extension) <= 10 else bare[:150]


def _message(tree: Tree, body: _Body, size: int) -> Message:
    by_name: dict[str, list[str]] = {}
    for name, value in tree.headers:
        by_name.setdefault(name.lower(), []).append(raw_text_of(value, body.hint))
    headers = Headers((name, text_of(value, body.hint)) for name, value in tree.headers)
    replied = ids(headers.get("in-reply-to"))
    message_ids = ids(headers.get("message-id"))
    moment = date_of(headers.get("date"))
    sender, odd = _sender(by_name)
    plain = not body.text.strip() and not body.html.strip() and not body.parts
    flags = (
        (not message_ids, NO_MESSAGE_ID),
        (moment is None, NO_DATE),
        (plain, EMPTY),
        (_doubled(by_name), HEADER_DOUBLED),
    )
    oddities = [*body.oddities, odd, *(code for told, code in flags if told)]
    return Message(
        message_id=message_ids[0] if message_ids else "",
        in_reply_to=replied[0] if replied else "",
        references=ids(" ".join(headers.getall("references"))),
        date=moment,
        subject=headers.get("subject"),
        sender=sender,
        reply_to=addresses(by_name.get("reply-to", [])),
        to=addresses(by_name.get("to", [])),
        cc=addresses(by_name.get("cc", [])),
        delivered_to=_delivered_to(by_name),
        headers=headers,
        content_type=tree.type,
        content_params=tuple(sorted(tree.params.items())),
        text=body.text,
        html=body.html,
        text_from_html=body.drawn,
        parts=tuple(body.parts),
        size=size,
        oddities=tuple(dict.fromkeys(filter(None, oddities))),
    )


def _doubled(by_name: dict[str, list[str]]) -> bool:
    return any(len(by_name.get(name, ())) > 1 for name in _ONCE)


def _sender(by_name: dict[str, list[str]]) -> tuple[Address | None, str]:
    named = addresses(by_name.get("from", [])[:1])
    if named:
        return named[0], MANY_SENDERS if len(named) > 1 else ""
    for name in ("sender", "reply-to", "return-path"):
        other = addresses(by_name.get(name, [])[:1])
        if other:
            return other[0], SENDER_GUESSED
    return None, NO_SENDER


def _delivered_to(by_name: dict[str, list[str]]) -> tuple[str, ...]:
    values = [value for name in _DELIVERED for value in by_name.get(name, [])]
    return tuple(dict.fromkeys(address.address for address in addresses(values)))
