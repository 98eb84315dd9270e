"""G.711 by table: one look-up per sample in either direction (ITU-T G.711, tables 1 and 2).

Linear values are 16 bit (the 14 bit of u-law and the 13 bit of A-law shifted up). ``decode`` and ``encode`` work
on whole arrays of frames; the law is an offset into one joint table, so that mixed batches need no branch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PCMU, PCMA = 0, 8
RATE = 8000
FRAME = 160
SILENCE = {PCMU: b"\xff" * FRAME, PCMA: b"\xd5" * FRAME}
_BIAS = 33
_LARGEST_14_BIT = 8158

Pcm = NDArray[np.int16]
Codes = NDArray[np.uint8]


def decode(codes: Codes, laws: NDArray[np.intp] | None = None) -> NDArray[np.float32]:
    """Linear samples [legs, 160] of codes of that shape. ``laws``: 0 for u-law, 1 for A-law per row; None: all u-law."""
    if laws is None:
        return _DECODE.take(codes)
    return _DECODE.take(codes.astype(np.intp) + (laws << 8)[:, None])


def encode(pcm: Pcm, laws: NDArray[np.intp] | None = None) -> Codes:
    """Codes [legs, 160] of linear samples of that shape; ``laws`` as in ``decode``."""
    index = pcm.view(np.uint16)
    if laws is None:
        return _ENCODE.take(index)
    return _ENCODE.take(index.astype(np.intp) + (laws << 16)[:, None])


def _ulaw_value(code: int) -> int:
    code = ~code & 0xFF
    magnitude = ((2 * (code & 0x0F) + _BIAS) << (code >> 4 & 0x07)) - _BIAS
    return 4 * (-magnitude if code & 0x80 else magnitude)


def _alaw_value(code: int) -> int:
    code ^= 0x55
    segment, step = code >> 4 & 0x07, code & 0x0F
    magnitude = 2 * step + 1 if segment == 0 else (2 * step + 33) << (segment - 1)
    return 8 * (magnitude if code & 0x80 else -magnitude)


def _every_sample() -> NDArray[np.int32]:
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)


def _segment(magnitude: NDArray[np.int32]) -> NDArray[np.int32]:
    exponent: NDArray[np.int32] = np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32)
    return exponent


def _ulaw_codes() -> Codes:
    linear = _every_sample()
    magnitude = np.minimum(np.abs(linear) >> 2, _LARGEST_14_BIT) + _BIAS
    segment = _segment(magnitude) - 5
    code = (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F)
    codes: Codes = (~(code | np.where(linear < 0, 0x80, 0)) & 0xFF).astype(np.uint8)
    return codes


def _alaw_codes() -> Codes:
    linear = _every_sample()
    magnitude = np.where(linear < 0, ~linear, linear) >> 3
    segment = np.maximum(_segment(magnitude) - 4, 0)
    code = (segment << 4) | ((magnitude >> np.maximum(segment, 1)) & 0x0F)
    return ((code | np.where(linear < 0, 0, 0x80)) ^ 0x55).astype(np.uint8)


_DECODE = np.array(
    [*map(_ulaw_value, range(256)), *map(_alaw_value, range(256))],
    dtype=np.float32,
)
_ENCODE = np.concatenate([_ulaw_codes(), _alaw_codes()])
