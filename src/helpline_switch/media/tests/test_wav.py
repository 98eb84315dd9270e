import io
import wave

import numpy as np
import pytest

from helpline_switch.media import wav
from helpline_switch.media.composer import compose
from helpline_switch.media.tests.phones import ADA, BEN, audible, levels


def file_of(samples, rate: int, channels: int = 1, width: int = 2) -> bytes:
    scaled = {1: samples / 256 + 128, 2: samples, 4: samples * 65536}[width]
    kind = {1: np.uint8, 2: np.dtype("<i2"), 4: np.dtype("<i4")}[width]
    data = np.repeat(scaled.astype(kind)[:, None], channels, axis=1)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data.tobytes())
    return out.getvalue()


def tone(frequency: float, rate: int, seconds: float = 1.5, level: float = 5000):
    return level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize(
    ("rate", "channels", "width"),
    [
        (8000, 1, 2),
        (8000, 2, 2),
        (8000, 1, 1),
        (11025, 1, 2),
        (22050, 1, 2),
        (44100, 2, 2),
        (48000, 1, 4),
        (6000, 1, 2),
    ],
)
def test_whatever_is_uploaded_becomes_the_same_sound(tmp_path, rate, channels, width):
    path = tmp_path / "prompt.wav"
    path.write_bytes(file_of(tone(ADA, rate), rate, channels, width))
    samples = wav.read(path)
    assert len(samples) == pytest.approx(12000, abs=1)
    assert levels(samples)[ADA] == pytest.approx(5000, rel=0.03)
    assert audible(levels(samples)) == {ADA}


def test_what_lies_above_the_telephone_band_does_not_come_back_below_it(tmp_path):
    path = tmp_path / "prompt.wav"
    path.write_bytes(file_of(tone(8000 - BEN, 48000) + tone(ADA, 48000), 48000))
    measured = levels(wav.read(path))
    assert measured[BEN] < 20
    assert measured[ADA] == pytest.approx(5000, rel=0.03)


def test_it_is_written_whole_and_read_back(tmp_path):
    samples = tone(ADA, 8000, 0.1).astype(np.float32)
    wav.write(tmp_path / "deep" / "a.wav", samples)
    assert np.abs(wav.read(tmp_path / "deep" / "a.wav") - samples).max() <= 1
    assert [each.name for each in (tmp_path / "deep").iterdir()] == ["a.wav"]


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 an mp3", file_of(tone(ADA, 8000), 8000)[:30]])
def test_what_is_no_wav_is_refused(tmp_path, content):
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(wav.UnreadableAudio, match=r"x\.wav"):
        wav.read(path)


def test_the_music_is_even_and_never_clips():
    music = compose()
    seconds = np.sqrt((music.reshape(-1, 8000) ** 2).mean(axis=1))
    assert np.abs(music).max() <= 7001
    assert seconds.min() > 300
