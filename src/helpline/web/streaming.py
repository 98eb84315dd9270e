"""Files and other bodies that come in parts, handed to an asynchronous server without holding up anybody."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

#: bytes read in a thread before the server is asked to send them
PART = 64 * 1024


class StreamingMiddleware:
    """Makes an answer that is read step by step one that an ASGI server can wait for.

    Django would read the whole body into memory first, and warn. Stands before whatever gives such answers.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        waits = isinstance(request, ASGIRequest) and isinstance(answer, StreamingHttpResponse)
        if waits and not answer.is_async:  # type: ignore[attr-defined]  # a StreamingHttpResponse has it
            answer.streaming_content = parts(answer.streaming_content)  # type: ignore[attr-defined]  # as above
        return answer


async def parts(body: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in parts of about `PART`, read in threads."""
    left = iter(body)
    while part := await asyncio.to_thread(_next_part, left):
        yield part


def _next_part(left: Iterator[bytes]) -> bytes:
    """The next bytes, empty at the end."""
    found, size = [], 0
    for chunk in left:
        found.append(chunk)
        size += len(chunk)
        if size >= PART:
            break
    return b"".join(found)
