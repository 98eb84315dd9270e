"""``python -m helpline_switch.media.speak VOICE TARGET``: speak the text on standard input into a WAV file.

A process of its own, because the library keeps global state, is not re-entrant, and may hang on odd input.
"""

from __future__ import annotations

import ctypes
import sys
import tempfile
from pathlib import Path

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from helpline_switch.media import wav
from helpline_switch.media.g711 import RATE

_RETRIEVAL = 1
_DONT_EXIT = 0x8000
_CHARACTERS = 1
_UTF_8 = 1
_OK = 0
_RATE_PARAMETER = 1
_WORDS_PER_MINUTE = 155
_LONGEST_DATA_PATH = 140
_LEVEL, _PEAK = 3200.0, 22000.0
_MARGIN_S = 0.1
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
Samples = NDArray[np.float32]


class SpeakingFailed(Exception):
    """The library refused: unknown voice or text without sound."""


def speak(text: str, voice: str) -> Samples:
    """The text as 8 kHz samples at an even level. Raises SpeakingFailed."""
    with tempfile.TemporaryDirectory(prefix="speech") as shelter:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        rate = library.espeak_Initialize(_RETRIEVAL, 0, _data_path(Path(shelter)), _DONT_EXIT)
        if rate <= 0:
            raise SpeakingFailed("the speech data cannot be read")
        samples = _synthesise(library, text, voice)
    return levelled(wav.resample(samples, rate))


def levelled(samples: Samples) -> Samples:
    """Without silence around it, brought to one loudness, never clipped, with a short pause at both ends."""
    loud = np.flatnonzero(np.abs(samples) > 100)
    if not len(loud):
        raise SpeakingFailed("nothing to be heard")
    spoken = samples[loud[0] : loud[-1] + 1]
    voiced = spoken[np.abs(spoken) > 100]
    gain = min(_LEVEL / float(np.sqrt(np.mean(voiced**2))), _PEAK / float(np.abs(spoken).max()))
    margin = np.zeros(int(_MARGIN_S * RATE), np.float32)
    return np.concatenate([margin, spoken * np.float32(gain), margin])


def _data_path(shelter: Path) -> bytes:
    """The library copies the path into 160 bytes: a longer one is reached through a short link."""
    path = Path(espeakng_loader.get_data_path())
    if len(bytes(path)) > _LONGEST_DATA_PATH:
        link = shelter / "espeak-ng-data"
        link.symlink_to(path)
        path = link
    return bytes(path)


def _synthesise(library: ctypes.CDLL, text: str, voice: str) -> Samples:
    pieces: list[NDArray[np.int16]] = []

    def take(wave: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if count > 0:
            pieces.append(np.ctypeslib.as_array(wave, (count,)).copy())
        return 0

    # The library keeps only the address: the object must live until it has spoken.
    callback = _CALLBACK(take)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != _OK:
        raise SpeakingFailed(f"no voice {voice}")
    library.espeak_SetParameter(_RATE_PARAMETER, _WORDS_PER_MINUTE, 0)
    data = text.encode() + b"\0"
    length = ctypes.c_size_t(len(data))
    if library.espeak_Synth(data, length, 0, _CHARACTERS, 0, _UTF_8, None, None) != _OK:
        raise SpeakingFailed("the text is refused")
    library.espeak_Synchronize()
    return np.concatenate([np.zeros(0, np.int16), *pieces]).astype(np.float32)


def main() -> None:
    """Exit status 1 with one line on standard error if it fails."""
    voice, target = sys.argv[1:3]
    try:
        wav.write(Path(target), speak(sys.stdin.buffer.read().decode(), voice))
    except (SpeakingFailed, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
