import asyncio
import wave

import numpy as np
import pytest

from helpline_switch.media import wav
from helpline_switch.media.prompts import PromptMissing, PromptStore, SpeechFailed
from helpline_switch.sounds.catalogue import LANGUAGES, SPOKEN


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_typed_message_is_spoken_in_every_language(tmp_path, language):
    path = await PromptStore(tmp_path).speech(SPOKEN["goodbye"][language], language)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
    samples = wav.read(path)
    assert 0.8 < len(samples) / 8000 < 8
    assert 1000 < np.sqrt(np.mean(samples**2)) < 4000
    assert np.abs(samples).max() < 23000


async def test_the_same_text_is_spoken_once(tmp_path):
    store = PromptStore(tmp_path)
    first, second = await asyncio.gather(
        store.speech("Good  morning", "en"), store.speech("Good morning", "en-GB")
    )
    assert first == second
    written = first.stat().st_mtime_ns
    assert (await PromptStore(tmp_path).speech("Good morning", "en")).stat().st_mtime_ns == written
    assert await store.speech("Good morning", "de") != first


@pytest.mark.parametrize(
    ("text", "language"), [("hello", "xx"), ("  ", "en"), ("a" * 5000, "en"), ("...", "en")]
)
async def test_what_cannot_be_spoken_is_refused(tmp_path, text, language):
    with pytest.raises(SpeechFailed):
        await PromptStore(tmp_path).speech(text, language)


async def test_sounds_of_the_catalogue_are_made_at_the_first_start(tmp_path):
    store = PromptStore(tmp_path)
    with pytest.raises(PromptMissing):
        store.sound("please-wait", "en")
    await store.prepare(["en", "xx"])
    assert len(wav.read(store.sound("please-wait", "nl"))) > 8000
    assert len(wav.read(store.sound("beep", "en"))) == 2000


async def test_a_sound_laid_down_by_the_desk_wins(tmp_path):
    store = PromptStore(tmp_path)
    wav.write(tmp_path / "sounds/nl/please-wait.wav", np.ones(160, np.float32))
    await store.prepare(["en"])
    assert store.sound("please-wait", "nl-BE") == tmp_path / "sounds/nl/please-wait.wav"
    assert store.sound("please-wait", "en") != store.sound("please-wait", "nl")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", "", "nothing"])
async def test_a_name_cannot_leave_the_directories(tmp_path, name):
    (tmp_path / "secret.wav").write_bytes(b"")
    with pytest.raises(PromptMissing):
        PromptStore(tmp_path).sound(name, "en")
