"""Scripts, recordings and archives leave the server in parts, without a warning and without filling the memory."""

import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncClient, AsyncRequestFactory, RequestFactory

from helpline.web import streaming

SOUND = bytes(range(256)) * 1000


def given(answer: HttpResponseBase, request: HttpRequest) -> Any:
    return streaming.StreamingMiddleware(lambda _request: answer)(request)


def asgi() -> ASGIRequest:
    return AsyncRequestFactory().get("/")


async def body_of(answer: Any) -> list[bytes]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [part async for part in answer]


async def test_a_static_file_comes_without_a_warning(async_client: AsyncClient) -> None:
    answer: Any = await async_client.get("/static/dist/favicon.svg")
    assert answer.status_code == 200
    assert b"".join(await body_of(answer)).lstrip().startswith(b"<svg")


async def test_a_file_keeps_its_length_and_is_closed(tmp_path: Path) -> None:
    sound = tmp_path / "talk.wav"
    sound.write_bytes(SOUND)
    file = sound.open("rb")
    answer = given(FileResponse(file, content_type="audio/wav"), asgi())
    parts = await body_of(answer)
    assert b"".join(parts) == SOUND
    assert max(map(len, parts)) <= streaming.PART + 4096
    assert answer["Content-Length"] == str(len(SOUND))
    answer.close()
    assert file.closed


async def test_only_what_is_asked_for_is_read() -> None:
    taken: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(1000):
            taken.append(number)
            yield bytes(streaming.PART)

    answer: AsyncIterator[bytes] = aiter(given(StreamingHttpResponse(chunks()), asgi()))
    assert len(await anext(answer)) == streaming.PART
    assert taken == [0]


def test_a_synchronous_server_gets_what_it_can_read() -> None:
    answer = given(StreamingHttpResponse([b"a", b"b"]), RequestFactory().get("/"))
    assert b"".join(answer) == b"ab"


def test_other_answers_are_left_alone() -> None:
    page = HttpResponse("page")
    assert given(page, asgi()) is page
