"""A thin client of the Asterisk REST Interface: REST requests, and an event stream that comes back by itself.

Names, fields and status codes are those of Asterisk 22 (docs.asterisk.org, "Asterisk REST Interface").
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import structlog

log = structlog.get_logger(__name__)

Event = dict[str, Any]
APP = "helpline"
#: how the version of the embedded switch begins
EMBEDDED = "helpline-switch"
#: seconds a REST request may take, and the pauses between attempts to reach the event stream
REQUEST_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
_CHUNK = 1 << 16


class AriError(Exception):
    """The switch refused. `status` as in ARI: 404 unknown, 409 wrong state, 422 bad parameter.

    `cause`: Q.850, why nothing could be rung, where the switch says so (the embedded one does).
    """

    def __init__(self, status: int, message: str, path: str = "", cause: int | None = None) -> None:
        super().__init__(f"{path}: {status} {message}")
        self.status = status
        self.message = message
        self.cause = cause


class AriUnavailable(AriError):
    """The switch does not answer at all."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(503, message, path)


class AriClient:
    """`on_event` gets every event in order; `on_up` and `on_down` tell of the stream. None of them may block."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        on_event: Callable[[Event], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        self._url = url.rstrip("/")
        self._sign_in = aiohttp.encode_basic_auth(user, password)
        self._on_event = on_event
        self._on_up = on_up
        self._on_down = on_down
        self._session: aiohttp.ClientSession | None = None
        self._stream: asyncio.Task[None] | None = None
        self.up = False
        self._asterisk: bool | None = None

    async def start(self) -> None:
        """Begin to listen; the stream is tried again for ever."""
        timeout = aiohttp.ClientTimeout(total=REQUEST_S)
        self._session = aiohttp.ClientSession(headers={"Authorization": self._sign_in}, timeout=timeout)
        self._stream = asyncio.create_task(self._listen(), name="ari events")

    async def stop(self) -> None:
        if self._stream:
            self._stream.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._stream
        if self._session:
            await self._session.close()

    async def is_asterisk(self) -> bool:
        """Whether it is a real Asterisk; asked once per connection. Raises AriError, AriUnavailable."""
        if self._asterisk is None:
            version = str((await self.get("/asterisk/info", only="system"))["system"]["version"])
            self._asterisk = not version.startswith(EMBEDDED)
        return self._asterisk

    async def get(self, path: str, **params: Any) -> Any:
        return await self.request("GET", path, params=params)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, **params: Any) -> Any:
        return await self.request("POST", path, params=params, body=body)

    async def delete(self, path: str, **params: Any) -> Any:
        return await self.request("DELETE", path, params=params)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """The decoded answer, None when it is empty. Raises AriError, AriUnavailable."""
        query = {name: _plain(value) for name, value in (params or {}).items() if value is not None}
        try:
            async with self._open.request(method, self._url + path, params=query, json=body) as answer:
                text = await answer.text()
                if answer.status >= 400:
                    raise _refusal(answer.status, text, path)
                return json.loads(text) if text else None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AriUnavailable(str(error) or type(error).__name__, path) from error

    async def download(self, path: str, target: Path) -> int:
        """Write the body of a file answer to `target`; returns its bytes. Raises AriError, AriUnavailable, OSError."""
        size = 0
        limit = aiohttp.ClientTimeout(total=None, sock_read=REQUEST_S)
        try:
            async with self._open.get(self._url + path, timeout=limit) as answer:
                if answer.status >= 400:
                    raise _refusal(answer.status, await answer.text(), path)
                with target.open("wb") as file:
                    async for chunk in answer.content.iter_chunked(_CHUNK):
                        file.write(chunk)
                        size += len(chunk)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AriUnavailable(str(error) or type(error).__name__, path) from error
        return size

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise AriUnavailable("the client is not started")
        return self._session

    async def _listen(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            reason = "closed"
            try:
                async with self._open.ws_connect(
                    self._url + "/events",
                    params={"app": APP, "subscribeAll": "true"},
                    heartbeat=10,
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                ) as stream:
                    pause = FIRST_PAUSE_S
                    self._came_up()
                    await self._pass_on(stream)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = str(error) or type(error).__name__
            self._went_down(reason)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _pass_on(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        async for message in stream:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._on_event(json.loads(message.data))

    def _came_up(self) -> None:
        self.up = True
        log.info("switch_connected", url=self._url)
        self._on_up()

    def _went_down(self, reason: str) -> None:
        if self.up:
            log.warning("switch_lost", url=self._url, reason=reason)
        self.up = False
        self._asterisk = None
        self._on_down(reason)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _refusal(status: int, text: str, path: str) -> AriError:
    """ARI errors are `{"message": ...}`; whatever else came is shown shortened."""
    try:
        body = json.loads(text)
        cause = body.get("cause")
        return AriError(status, str(body["message"]), path, cause if isinstance(cause, int) else None)
    except (ValueError, KeyError, AttributeError):
        return AriError(status, text[:200], path)
