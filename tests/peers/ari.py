"""A small ARI client for tests: requests that raise on errors, and events one can wait for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any

import aiohttp

Event = dict[str, Any]
#: seconds a switch may take for one request
REQUEST_S = 10.0


class AriError(Exception):
    """The server answered 4xx or 5xx. ``status`` is the HTTP status, ``body`` the decoded answer."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Ari:
    """``async with Ari(base_url, user, password) as ari``: connects the event socket of ``app`` on entry.

    Every event is kept in ``log``; ``expect`` takes the first one that fits, past or future, and each only once.
    """

    def __init__(
        self, base: str, user: str, password: str, app: str = "helpline", *, listen: bool = True
    ) -> None:
        self.base = base.rstrip("/")
        self.app = app
        self.log: list[Event] = []
        self._sign_in = aiohttp.encode_basic_auth(user, password)
        self._listen = listen
        self._untaken: list[Event] = []
        self._arrived = asyncio.Condition()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Ari:
        self._session = aiohttp.ClientSession(
            headers={"Authorization": self._sign_in}, timeout=aiohttp.ClientTimeout(total=REQUEST_S)
        )
        if self._listen:
            await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.disconnect()
        await self._session.close()

    async def connect(self) -> None:
        """Opens the event socket (again)."""
        self._socket = await self._session.ws_connect(
            f"{self.base}/ari/events", params={"app": self.app, "subscribeAll": "true"}
        )
        self._reader = asyncio.create_task(self._read(self._socket))

    async def disconnect(self) -> None:
        """Closes the event socket; requests still work."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader
        self._socket = self._reader = None

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            event = json.loads(message.data)
            async with self._arrived:
                self.log.append(event)
                self._untaken.append(event)
                self._arrived.notify_all()

    async def request(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """One request under ``/ari``; the decoded JSON (or bytes) of the answer. Raises ``AriError``, TimeoutError."""
        query = {key: str(value) for key, value in params.items() if value is not None}
        async with self._session.request(method, f"{self.base}/ari{path}", params=query, json=body) as answer:
            raw = await answer.read()
            is_json = answer.content_type == "application/json" and raw
            value = json.loads(raw) if is_json else raw
            if answer.status >= 400:
                raise AriError(answer.status, value)
            return value

    async def get(self, path: str, **params: Any) -> Any:
        return await self.request("GET", path, **params)

    async def post(self, path: str, body: Any = None, **params: Any) -> Any:
        return await self.request("POST", path, body, **params)

    async def put(self, path: str, body: Any = None, **params: Any) -> Any:
        return await self.request("PUT", path, body, **params)

    async def delete(self, path: str, **params: Any) -> Any:
        return await self.request("DELETE", path, **params)

    async def expect(
        self,
        kind: str,
        *,
        channel: str | None = None,
        where: Callable[[Event], bool] = lambda event: True,
        timeout: float = 5.0,
    ) -> Event:
        """The first untaken event of that type (about that channel id) for which ``where`` holds."""

        def fits(event: Event) -> bool:
            right_channel = channel is None or event.get("channel", {}).get("id") == channel
            return event["type"] == kind and right_channel and where(event)

        def found() -> Event | None:
            return next((event for event in self._untaken if fits(event)), None)

        async with self._arrived:
            try:
                await asyncio.wait_for(self._arrived.wait_for(lambda: found() is not None), timeout)
            except TimeoutError:
                seen = ", ".join(event["type"] for event in self.log[-30:])
                raise AssertionError(
                    f"no {kind} for {channel or 'anyone'} in {timeout} s; seen: {seen}"
                ) from None
            event = found()
            assert event is not None
            self._untaken.remove(event)
            return event

    def types(self, *, channel: str | None = None) -> list[str]:
        """The event types seen so far, in order, about one channel if given."""
        return [
            event["type"]
            for event in self.log
            if channel is None
            or channel in (event.get("channel", {}).get("id"), event.get("peer", {}).get("id"))
        ]

    async def account(self, name: str, password: str, realm: str = "helpline") -> None:
        """Makes a SIP account the way the desk does: auth, aor and endpoint by dynamic configuration."""
        from hashlib import md5

        ha1 = md5(f"{name}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()
        fields = {"auth_type": "md5", "username": name, "md5_cred": ha1, "realm": realm}
        base = "/asterisk/config/dynamic/res_pjsip"
        await self.put(f"{base}/auth/{name}", _fields(fields))
        await self.put(f"{base}/aor/{name}", _fields({"max_contacts": "5"}))
        endpoint = {"aors": name, "auth": name, "context": "helpline", "direct_media": "no"}
        await self.put(
            f"{base}/endpoint/{name}", _fields({**endpoint, "disallow": "all", "allow": "ulaw,alaw"})
        )


def _fields(values: dict[str, str]) -> dict[str, Any]:
    return {"fields": [{"attribute": key, "value": value} for key, value in values.items()]}
