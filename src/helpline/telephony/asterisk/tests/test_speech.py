"""Typed text becomes a sound that Asterisk fetches, and that nobody else can guess."""

import base64
import io
import wave

import pytest
from django.test import Client

from helpline.telephony.ari import AriError
from helpline.telephony.asterisk import speech


def typed(text: str, language: str = "en") -> str:
    return f"speech:{language}:{base64.urlsafe_b64encode(text.encode()).decode()}"


async def test_the_words_are_rendered_once_and_other_media_stays(client: Client) -> None:
    first = await speech.playable([typed("The mail server is down."), "tone:ring"])
    again = await speech.playable([typed("The mail  server is down.", "en-GB")])
    assert first[1] == "tone:ring"
    assert again == first[:1]
    assert first[0].startswith("sound:http://127.0.0.1:")
    key = first[0].rpartition("/")[2]
    assert [path.name for path in speech.folder().iterdir() if path.name == key] == [key]


async def test_texts_that_cannot_be_spoken_are_told() -> None:
    for uri in (typed("words", "xx"), typed("  "), "speech:en:%%%"):
        with pytest.raises(AriError):
            await speech.playable([uri])


@pytest.mark.django_db
def test_asterisk_fetches_it_without_signing_in(client: Client) -> None:
    from asgiref.sync import async_to_sync

    (uri,) = async_to_sync(speech.playable)([typed("Please hold the line.")])
    path = "/" + uri.split("/", 3)[3]
    answer = client.get(path)
    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (8000, 1)
        assert sound.getnframes() > 4000


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["0" * 64, "short", "..%2f..%2fsecret.key"])
def test_nothing_else_is_given_out(client: Client, key: str) -> None:
    assert client.get(f"/prompts/{key}.wav").status_code == 404
