"""A folder of this machine: for trying things out where no mail server is. Nothing leaves."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from helpline.mail.transports.envelope import Answer, Envelope, Fate, Turn, Undelivered

#: what stands where a server's code would
CODE = "folder"


@dataclass(frozen=True, slots=True)
class FolderTransport:
    """Each letter is a file `ID.eml`; the same letter is the same file however often it is written."""

    folder: Path

    def deliver(self, envelope: Envelope, turn: Turn) -> Mapping[str, Answer]:
        """Write it beside, then give it its name."""
        try:
            self._write(envelope, turn)
        except OSError as error:
            raise Undelivered(Answer(Fate.LATER, "", str(error)[:500]), everything=True) from error
        return dict.fromkeys(envelope.recipients, Answer(Fate.TAKEN, CODE, f"{envelope.id}.eml"))

    def _write(self, envelope: Envelope, turn: Turn) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f".{secrets.token_hex(8)}.part"
        try:
            with beside.open("xb") as file:
                file.write(envelope.raw)
                file.flush()
                os.fsync(file.fileno())
            turn.hand()
            beside.replace(self.folder / f"{envelope.id}.eml")
        finally:
            with suppress(FileNotFoundError):
                beside.unlink()
