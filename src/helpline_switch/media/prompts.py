"""Prompts as WAV files: typed text spoken by espeak-ng, the sounds of the switch, sounds laid into the data directory."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from helpline_switch.media import wav
from helpline_switch.media.tones import sines
from helpline_switch.sounds.catalogue import BEEPS, SPOKEN

log = logging.getLogger(__name__)
VOICES = {"en": "en", "nl": "nl", "fi": "fi", "fr": "fr", "de": "de", "ja": "ja"}
FALLBACK = "en"
LONGEST_TEXT = 4000
_TIMEOUT_S = 20.0
_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)


class PromptMissing(Exception):
    """No sound of this name exists in this language, in English or without language."""


class SpeechFailed(Exception):
    """The text could not be spoken: unknown language, or the synthesiser failed or took too long."""


class PromptStore:
    """Prompts under ``data_dir``, 8 kHz mono 16 bit.

    ``sounds/`` holds what people put there (``sounds/LANGUAGE/NAME.wav`` or ``sounds/NAME.wav``) and wins over
    ``built/``, which holds what this class made of the catalogue. ``speech/`` is the cache of spoken texts.
    """

    def __init__(self, data_dir: Path) -> None:
        self._speech = data_dir / "speech"
        self._places = (data_dir / "sounds", data_dir / "built")
        self._turn = asyncio.Lock()

    async def prepare(self, languages: Sequence[str] = (FALLBACK,)) -> None:
        """Make the sounds of the catalogue that the disk lacks; await it once at start.

        A language that cannot be spoken is logged and left out.
        """
        built = self._places[1]
        for name, (frequencies, seconds) in BEEPS.items():
            if not (built / f"{name}.wav").exists():
                await asyncio.to_thread(wav.write, built / f"{name}.wav", sines(frequencies, seconds))
        for language in languages:
            try:
                await self._prepare_language(built, language)
            except SpeechFailed as failure:
                log.error("no sounds in %s: %s", language, failure)

    async def speech(self, text: str, language: str) -> Path:
        """The text as a WAV file, spoken now or taken from the cache. Raises SpeechFailed."""
        voice = VOICES.get(_base(language))
        if voice is None:
            raise SpeechFailed(f"no voice speaks {language!r}")
        text = " ".join(text.split())
        if not text or len(text) > LONGEST_TEXT:
            raise SpeechFailed(f"text of {len(text)} characters; 1 to {LONGEST_TEXT} can be spoken")
        key = hashlib.sha256(f"{_base(language)}\0{voice}\0{text}".encode()).hexdigest()
        path = self._speech / f"{key}.wav"
        if not path.exists():
            async with self._turn:
                if not path.exists():
                    await _spoken(text, voice, path)
        return path

    def sound(self, name: str, language: str) -> Path:
        """The file of a named sound in this language, else in English, else without language. Raises PromptMissing."""
        if _NAME.fullmatch(name):
            for folder in dict.fromkeys((language, _base(language), FALLBACK, "")):
                for place in self._places:
                    path = place / folder / f"{name}.wav"
                    if path.is_file():
                        return path
        raise PromptMissing(f"no sound {name[:80]!r} in {language!r}")

    async def _prepare_language(self, built: Path, language: str) -> None:
        for name, texts in SPOKEN.items():
            path = built / _base(language) / f"{name}.wav"
            if _base(language) in texts and not path.exists():
                spoken = await self.speech(texts[_base(language)], language)
                await asyncio.to_thread(_copy, spoken, path)


def _base(language: str) -> str:
    return re.split("[-_]", language.lower())[0]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(source.read_bytes())
    part.replace(target)


async def _spoken(text: str, voice: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "helpline_switch.media.speak",
        voice,
        str(path),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, complaint = await asyncio.wait_for(process.communicate(text.encode()), _TIMEOUT_S)
    except TimeoutError as error:
        raise SpeechFailed(f"speaking took longer than {_TIMEOUT_S:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise SpeechFailed(complaint.decode(errors="replace").strip()[-300:] or "the synthesiser failed")
