"""Typed text for Asterisk, which cannot speak: rendered here, fetched by Asterisk over HTTP and kept in its cache.

The embedded switch takes `speech:LANGUAGE:base64url(UTF-8)` itself; for Asterisk such a URI becomes
`sound:http://DESK/prompts/SHA256.wav`. The name tells nothing and cannot be guessed; the words are those any caller hears.
"""

import asyncio
import base64
import binascii
import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from helpline.telephony.ari import AriError

_SPEECH = "speech:"
_SPEAK_S = 20.0
_turn: dict[str, asyncio.Lock] = {}


def folder() -> Path:
    """Where rendered prompts lie."""
    return Path(settings.MEDIA_ROOT) / "prompts"


async def playable(media: Iterable[str]) -> list[str]:
    """The media URIs as Asterisk takes them. Raises AriError for text that cannot be spoken."""
    return [await _sound(uri) if uri.startswith(_SPEECH) else uri for uri in media]


async def _sound(uri: str) -> str:
    language, text = _read(uri)
    key = hashlib.sha256(f"{language}\0{text}".encode()).hexdigest()
    path = folder() / f"{key}.wav"
    if not path.exists():
        async with _turn.setdefault(key, asyncio.Lock()):
            if not path.exists():
                await _speak(text, language, path)
        _turn.pop(key, None)
    return f"sound:{settings.ENV.prompts_url}/prompts/{key}.wav"


def _read(uri: str) -> tuple[str, str]:
    """(language, text) of a speech URI."""
    _, language, encoded = uri.split(":", 2)
    try:
        text = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise AriError(422, f"text that cannot be read: {error}") from error
    return language.lower().partition("-")[0] or "en", " ".join(text.split())


async def _speak(text: str, language: str, path: Path) -> None:
    """By the synthesiser that comes with the embedded switch, as a program of its own; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.wav")
    speak = [sys.executable, "-m", "helpline_switch.media.speak", language, str(part)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*speak, stdin=pipe, stderr=pipe)
    try:
        _, complaint = await asyncio.wait_for(process.communicate(text.encode()), _SPEAK_S)
    except TimeoutError as error:
        raise AriError(500, f"speaking took longer than {_SPEAK_S:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise AriError(500, complaint.decode(errors="replace").strip()[-200:] or "the synthesiser failed")
    part.replace(path)
