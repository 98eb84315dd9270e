"""A message on its way through our door: its bytes go to the disk as they come, memory sees a piece at a time."""

import asyncio
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

from helpline.mail import store

#: so much is gathered before it is written
_PIECE: Final = 1 << 18
#: of a message that becomes too large so much is kept, for its headers
_BEGINNING: Final = 1 << 16
_END: Final = b".\r\n"


class Spool:
    """The content of DATA (RFC 5321 section 4.5.2), without its dots, in a file that has no name.

    `limit` in bytes: of what is larger only `beginning` is kept and `size` goes on counting. Raises OSError when the
    disk takes no more; what comes after is read and forgotten, as the other side expects.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._file = store.scratch()
        self._gathered = bytearray()
        self.size = 0
        self.beginning = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def too_large(self) -> bool:
        """True when there is more than the limit allows."""
        return self.size > self._limit

    async def take(self, reader: asyncio.StreamReader) -> None:
        """Read up to the lone dot. Raises CancelledError when the connection ends before, and OSError."""
        trouble: OSError | None = None
        begins = True
        while True:
            piece, ends = await _line(reader)
            if begins and piece == _END:
                break
            if trouble is None:
                try:
                    await self._add(piece[1:] if begins and piece.startswith(b".") else piece)
                except OSError as error:
                    trouble = error
            begins = ends
        if trouble is not None:
            raise trouble
        self._write()

    async def _add(self, piece: bytes) -> None:
        self.size += len(piece)
        if len(self.beginning) < _BEGINNING:
            self.beginning += piece[: _BEGINNING - len(self.beginning)]
        if self.too_large:
            self._gathered.clear()
            return
        self._gathered += piece
        if len(self._gathered) >= _PIECE:
            await asyncio.to_thread(self._write)

    def _write(self) -> None:
        self._file.write(self._gathered)
        self._gathered.clear()

    def pieces(self) -> Iterator[bytes]:
        """The message from its beginning; may be asked for again."""
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece


async def _line(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """A line, or a piece of one that is very long; whether the line ends here."""
    try:
        return await reader.readuntil(b"\r\n"), True
    except asyncio.LimitOverrunError as error:
        return await reader.readexactly(max(error.consumed, 1)), False
