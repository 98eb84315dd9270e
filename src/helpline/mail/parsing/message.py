"""What a mail says, once its bytes were read: plain data, no I/O, nothing that can fail later.

Every string in here is fit for a database and for a header: no NUL, no lone surrogate, and no line break in anything
that came from a header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as RFC 5322 (section 3.4) writes it: a name for people and the address itself (as written)."""

    name: str
    address: str

    @property
    def key(self) -> str:
        """The address for comparing: lower case. Few hosts tell `Carl@` from `carl@`, and no person does."""
        return self.address.casefold()

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].casefold()

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class Headers:
    """The headers of a message or part in their order: decoded, unfolded, names in any case."""

    __slots__ = ("_by_name", "_pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = tuple(pairs)
        by_name: dict[str, list[str]] = {}
        for name, value in self._pairs:
            by_name.setdefault(name.lower(), []).append(value)
        self._by_name = {name: tuple(values) for name, values in by_name.items()}

    def get(self, name: str, default: str = "") -> str:
        """The first value of this header, or the default."""
        values = self._by_name.get(name.lower())
        return values[0] if values else default

    def getall(self, name: str) -> tuple[str, ...]:
        """All values of this header, in their order."""
        return self._by_name.get(name.lower(), ())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __repr__(self) -> str:
        return f"Headers({list(self._pairs)!r})"


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is not the text: an attachment, a picture within the text, an embedded message, a report.

    `type` is the content type in lower case, `size` the decoded size in bytes, `content_id` without its angle brackets,
    `inline` true when the text means to show it in place. `name` is a file name without any folder; may be empty.
    The bytes are never unpacked or looked into here.
    """

    name: str
    type: str
    size: int
    content_id: str
    inline: bool
    source: Callable[[], Iterator[bytes]] = field(repr=False, compare=False)
    params: tuple[tuple[str, str], ...] = ()

    def chunks(self) -> Iterator[bytes]:
        """The decoded bytes piece by piece (at most about 64 KiB each), so that nobody need hold them all."""
        return self.source()

    def read(self, limit: int | None = None) -> bytes:
        """The decoded bytes in one; at most about `limit` of them if a limit is given."""
        held = bytearray()
        for chunk in self.source():
            held += chunk
            if limit is not None and len(held) >= limit:
                return bytes(held[:limit])
        return bytes(held)


@dataclass(frozen=True, slots=True)
class Message:
    """One mail. What it does not say is empty ("" or ()); only `date` and `sender` may be None.

    * `message_id` and `in_reply_to` keep their angle brackets; `in_reply_to` is the first id of that header and
      `references` all ids of References, oldest first, each once. `ancestors` joins both.
    * `date` is aware, or None when missing or unreadable.
    * `sender` is From (RFC 5322, 3.6.2); when From is missing or useless, Sender, Reply-To or Return-Path.
    * `text` is the plain text; of a mail in HTML only it is drawn from that (`text_from_html`). Lines end in "\\n".
    * `html` is as the sender wrote it: never show it before `html.sanitise`.
    * `parts` are all other parts in their order, those in winmail.dat included.
    * `oddities` says by code what had to be guessed or was cut: see `parse.ODDITIES`.
    """

    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    date: datetime | None = None
    subject: str = ""
    sender: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    headers: Headers = field(default_factory=Headers)
    content_type: str = "text/plain"
    content_params: tuple[tuple[str, str], ...] = ()
    text: str = ""
    html: str = ""
    text_from_html: bool = False
    parts: tuple[Part, ...] = ()
    size: int = 0
    oddities: tuple[str, ...] = ()

    @property
    def ancestors(self) -> tuple[str, ...]:
        """The ids this mail answers, the nearest first: In-Reply-To, then References from its end."""
        return tuple(dict.fromkeys(filter(None, (self.in_reply_to, *reversed(self.references)))))

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every address this mail names as a receiver, in lower case, each once."""
        named = [address.key for address in (*self.to, *self.cc)]
        return tuple(dict.fromkeys([*named, *(address.casefold() for address in self.delivered_to)]))

    def param(self, name: str) -> str:
        """A parameter of the whole message's content type, such as `report-type`; "" when missing."""
        return dict(self.content_params).get(name.lower(), "")
