"""An open page, as the WebSocket server sees it (ASGI WebSocket messages)."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter

from helpline.live.routing import websocket_urlpatterns


class Page:
    """Speaks to `/live/ws/` as somebody."""

    def __init__(self, user: Any) -> None:
        scope = {"type": "websocket", "path": "/live/ws/", "headers": [], "subprotocols": [], "user": user}
        self.server = ApplicationCommunicator(self._served, scope)
        self.gone = False

    async def _served(self, scope: Any, receive: Any, send: Any) -> None:
        """The web server refuses to send to a page that is gone."""

        async def send_if_there(message: dict[str, Any]) -> None:
            if self.gone:
                raise ConnectionResetError("the page is gone")
            await send(message)

        await URLRouter(websocket_urlpatterns)(scope, receive, send_if_there)

    async def opens(self) -> None:
        await self.server.send_input({"type": "websocket.connect"})
        assert (await self.server.receive_output(3))["type"] == "websocket.accept"

    async def closes(self) -> None:
        await self.server.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.server.wait(3)

    async def speaks_and_is_gone(self, *topics: str, after: int) -> None:
        """As a tab that is hidden and closed at once: it ends before it has its answer."""
        self.gone = True
        await self.says(json.dumps({"after": after, "topics": list(topics)}))
        with suppress(ConnectionResetError):
            await self.server.wait(3)

    async def says(self, text: str) -> None:
        await self.server.send_input({"type": "websocket.receive", "text": text})

    async def hears(self) -> dict[str, Any]:
        """The next message, within three seconds."""
        message = await self.server.receive_output(3)
        heard: dict[str, Any] = json.loads(message["text"])
        return heard

    async def close_code(self) -> int:
        message = await self.server.receive_output(3)
        assert message["type"] == "websocket.close"
        return int(message["code"])

    async def shows(self, *topics: str, after: int) -> dict[str, Any]:
        """Say what is on the page and read the answer."""
        await self.says(json.dumps({"after": after, "topics": list(topics)}))
        return await self.hears()

    async def hears_nothing(self) -> bool:
        return bool(await self.server.receive_nothing(0.3))


@asynccontextmanager
async def open_page(user: Any) -> AsyncIterator[Page]:
    page = Page(user)
    await page.opens()
    try:
        yield page
    finally:
        await page.closes()
