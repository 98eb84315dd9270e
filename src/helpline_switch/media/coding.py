"""Codecs that keep a state per leg: G.722 (ITU-T) and Opus (RFC 6716), both to and from 8 kHz.

The rooms are mixed at 8 kHz. G.722 has a mode of its own for that (only its lower band is coded), Opus takes 8 kHz
in and is brought down from 48 kHz coming out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError
from G722 import G722
from numpy.typing import NDArray

from helpline_switch.media.errors import BadRequest
from helpline_switch.media.formats import Format
from helpline_switch.media.g711 import FRAME, RATE

Pcm = NDArray[np.int16]
Samples = NDArray[np.float32]
_OPUS_RATE = 48_000
_OPUS_FRAME = 960
_OPUS_BITS = "24000"
_DOWN = 6
_TAPS = 16 * _DOWN + 1
# Microseconds of one frame by configuration number, in the order of RFC 6716 table 2.
_SILK, _HYBRID, _CELT = (10, 20, 40, 60), (10, 20), (2.5, 5, 10, 20)
_OPUS_MS = (*_SILK * 3, *_HYBRID * 2, *_CELT * 4)


class Coder(Protocol):
    """Both directions of one leg."""

    def encode(self, pcm: Pcm) -> bytes:
        """20 ms [160] as the payload of a packet."""
        ...

    def decode(self, payload: bytes) -> Samples | None:
        """The samples of a payload [160 per 20 ms]; None when it cannot be read."""
        ...


def coder(form: Format) -> Coder:
    """A fresh state for a leg. Raises BadRequest for G.711, which has none."""
    if form.codec == "G722":
        return G722Coder()
    if form.codec == "opus":
        return OpusCoder()
    raise BadRequest(f"{form.codec} is coded by table")


class G722Coder:
    """64 kbit/s; the upper band is neither made nor heard."""

    def __init__(self) -> None:
        self._out, self._in = G722(RATE, 64_000), G722(RATE, 64_000)

    def encode(self, pcm: Pcm) -> bytes:
        return bytes(self._out.encode(pcm))

    def decode(self, payload: bytes) -> Samples | None:
        return np.array(self._in.decode(payload), np.float32)


class OpusCoder:
    """Mono speech at 24 kbit/s; stereo from the far side is mixed down by the decoder."""

    def __init__(self) -> None:
        self._out = _context("w", RATE)
        self._in = _context("r", _OPUS_RATE)
        self._past = np.zeros(_TAPS - 1, np.float32)

    def encode(self, pcm: Pcm) -> bytes:
        frame = av.AudioFrame.from_ndarray(pcm[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE
        return b"".join(bytes(packet) for packet in self._out.encode(frame))

    def decode(self, payload: bytes) -> Samples | None:
        try:
            frames = self._in.decode(av.Packet(payload))
        except FFmpegError:
            return None
        if not frames:
            return None
        return self._down(np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32))

    def _down(self, samples: Samples) -> Samples:
        """48 kHz to 8 kHz: low-pass, then every sixth sample; the filter runs on over the packets."""
        joined = np.concatenate([self._past, samples])
        self._past = joined[len(samples) :]
        windows = np.lib.stride_tricks.sliding_window_view(joined, _TAPS)[_DOWN - 1 :: _DOWN]
        low: Samples = windows @ _LOW_PASS
        return low


def opus_ticks(payload: bytes) -> int:
    """How many 20 ms an Opus packet lasts, 0 for one that is shorter, broken or no multiple (RFC 6716 3.1, 3.2)."""
    if not payload:
        return 0
    code = payload[0] & 3
    count = 1 if code == 0 else 2 if code < 3 else payload[1] & 63 if len(payload) > 1 else 0
    milliseconds = _OPUS_MS[payload[0] >> 3] * count
    return int(milliseconds // 20) if milliseconds % 20 == 0 and milliseconds <= 120 else 0


def opus_short(payload: bytes) -> float:
    """The milliseconds of an Opus packet with one frame that is shorter than 20 ms, 0 for any other."""
    if len(payload) < 2 or payload[0] & 3:
        return 0
    milliseconds = _OPUS_MS[payload[0] >> 3]
    return milliseconds if milliseconds < 20 else 0


def join_opus(packets: Sequence[bytes]) -> bytes:
    """One packet with the frames of several that ``opus_short`` knows and that begin alike: of code 3, each frame with
    its length (RFC 6716 3.2.5)."""
    frames = [packet[1:] for packet in packets]
    lengths = b"".join(_opus_length(len(frame)) for frame in frames[:-1])
    return bytes([packets[0][0] | 3, 0x80 | len(frames)]) + lengths + b"".join(frames)


def _opus_length(size: int) -> bytes:
    """RFC 6716 3.2.1."""
    if size < 252:
        return bytes([size])
    first = 252 + (size & 3)
    return bytes([first, (size - first) >> 2])


def _context(mode: Literal["r", "w"], rate: int) -> AudioCodecContext:
    made = av.CodecContext.create("libopus", mode)
    made.sample_rate, made.layout = rate, "mono"
    if mode == "w":
        made.format = "s16"
        made.options = {
            "application": "voip",
            "b": _OPUS_BITS,
            "compression_level": "4",
            "fec": "1",
            "packet_loss": "5",
        }
    made.open()
    return made


def _low_pass() -> Samples:
    """A windowed sinc that keeps what lies below 3.6 kHz."""
    at = np.arange(_TAPS) - _TAPS // 2
    taps = np.sinc(2 * 3600 / _OPUS_RATE * at) * np.blackman(_TAPS)
    kept: Samples = (taps / taps.sum()).astype(np.float32)
    return kept


_LOW_PASS = _low_pass()
assert _OPUS_FRAME // _DOWN == FRAME
