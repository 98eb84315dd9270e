"""The door of the SIP side."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from helpline_switch.sip.accounts import Account, Accounts
from helpline_switch.sip.causes import ELSEWHERE, check_reason
from helpline_switch.sip.events import Contact, Party, SipEvent, Transport, TrunkTarget
from helpline_switch.sip.flows import Address, Connection, Flow, RemoteAddress
from helpline_switch.sip.hub import Hub
from helpline_switch.sip.location import LocationStore
from helpline_switch.sip.reactor import Reactor, reactor
from helpline_switch.sip.settings import SipSettings

__all__ = ["ELSEWHERE", "Account", "SipStack"]

log = logging.getLogger(__name__)


class SipStack:
    """SIP over UDP, TCP, TLS and WebSocket. Every method is called in the loop thread only.

    Commands return at once; what becomes of them arrives as events through ``on_event``, in order. A command for a
    dialog that is over is ignored, because its end is already on the way.
    """

    def __init__(self, settings: SipSettings, on_event: Callable[[SipEvent], None]) -> None:
        self.accounts = Accounts(settings.realm, self._account_changed)
        self._settings = settings
        self._on_event = on_event
        self._locations = LocationStore(settings.max_contacts)
        self._loop: asyncio.AbstractEventLoop
        self._hub: Hub | None = None
        self._reactor: Reactor | None = None
        self._engine: Any = None

    async def start(self) -> None:
        """Opens the sockets. Raises OSError when a port is taken, RuntimeError when the SIP thread does not start."""
        self._loop = asyncio.get_running_loop()
        self._reactor = await asyncio.to_thread(reactor)
        self._hub = Hub(self._settings, self)
        try:
            await self._hub.start()
            self._engine = await self._in_sip_thread(self._make_engine)
        except BaseException:
            await self._hub.stop()
            raise

    async def stop(self) -> None:
        """Closes everything at once; running calls are not hung up, end them first if that is wanted."""
        if self._engine is not None:
            await self._in_sip_thread(self._engine.close)
            self._engine = None
        if self._hub is not None:
            await self._hub.stop()
            self._hub = None

    @property
    def ports(self) -> dict[Transport, int]:
        """The port of each transport that listens (of "ws" the one we claim to have; nobody dials it)."""
        return {name: address[1] for name, address in self._hub.local.items()} if self._hub else {}

    def contacts(self, username: str) -> tuple[Contact, ...]:
        """Where that account can be rung, newest first; empty when it is not registered."""
        return self._locations.contacts(username)

    def registrations(self) -> int:
        """How many contacts are registered in all."""
        return self._locations.count()

    def call(self, dialog_id: str, *, target: Contact | TrunkTarget, caller: Party, sdp: str) -> None:
        """Rings one contact or one trunk number with our offer: one fork, one dialog, an id of the caller's choice.

        Events: ``Ringing`` (any number of times), then ``Answered`` or ``Refused``.
        """
        self._run("call", dialog_id, target, caller, sdp)

    def ring(self, dialog_id: str) -> None:
        """Tells the caller that it rings (180)."""
        self._order(dialog_id, "ring")

    def answer(self, dialog_id: str, sdp: str) -> None:
        """Answers a call. If the caller made no offer, ``sdp`` is ours and ``Answered`` brings the caller's answer."""
        self._order(dialog_id, "answer", sdp)

    def reject(self, dialog_id: str, code: int, reason: str) -> None:
        """Refuses a call with a SIP status of 300-699. ``Ended`` by "us" follows. Raises ValueError."""
        if not 300 <= code <= 699 or not reason.isprintable():
            raise ValueError(f"cannot refuse with {code} {reason!r}")
        self._order(dialog_id, "reject", code, reason)

    def hangup(self, dialog_id: str, q850: int = 16, reason: str | None = None) -> None:
        """Ends a leg in any state: CANCEL, BYE or refusal, with a Reason header (RFC 3326). ``Ended`` by "us" follows.

        ``q850`` is the ITU-T Q.850 cause; ``reason`` replaces the header's whole value, for instance ``ELSEWHERE``
        (also used for cause 26). Raises ValueError for a value that cannot be sent.
        """
        if not 0 <= q850 <= 127:
            raise ValueError(f"not a Q.850 cause: {q850}")
        self._order(dialog_id, "hang_up", q850, check_reason(reason) if reason is not None else None)

    def accept_update(self, dialog_id: str, sdp: str) -> None:
        """Answers ``UpdateOffered``."""
        self._order(dialog_id, "accept_update", sdp)

    def refuse_update(self, dialog_id: str, code: int = 488) -> None:
        """Refuses ``UpdateOffered``; the media stays as it was. Raises ValueError."""
        if not 300 <= code <= 699:
            raise ValueError(f"cannot refuse with {code}")
        self._order(dialog_id, "refuse_update", code)

    def reinvite(self, dialog_id: str, sdp: str) -> None:
        """Offers new media in a running call. ``UpdateAnswered`` or ``UpdateFailed`` follows. Crossing offers
        (491) are retried, an offer made during another update waits; of several waiting the last counts."""
        self._order(dialog_id, "reinvite", sdp)

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        """The handler for browsers (RFC 7118), subprotocol "sip". Raises HTTPForbidden for a foreign Origin,
        HTTPBadRequest without the subprotocol, HTTPServiceUnavailable when stopped or full."""
        if self._hub is None or self._engine is None:
            raise web.HTTPServiceUnavailable(text="not running")
        return await self._hub.websocket(request)

    # --- called by the flows, in the loop thread

    def receive(self, flow: Flow, data: bytes, remote: RemoteAddress) -> None:
        """A message goes to the SIP thread."""
        self._run("receive", flow, data, remote)

    def lost(self, flow: Connection, why: str) -> None:
        """A connection closed."""
        if self._hub is not None:
            self._hub.forget(flow)
        self._run("flow_lost", flow, why)

    def host_unknown(self, address: Address) -> None:
        """A host name has no address."""
        self._run("host_unknown", address)

    # --- between the threads

    def _order(self, dialog_id: str, name: str, *arguments: object) -> None:
        self._run("order", dialog_id, name, *arguments)

    def _run(self, name: str, *arguments: object) -> None:
        if self._engine is None or self._reactor is None:
            log.info("%s ignored: the SIP side is not running", name)
            return
        self._reactor.call(getattr(self._engine, name), *arguments)

    async def _in_sip_thread(self, function: Callable[[], Any]) -> Any:
        assert self._reactor is not None
        done: asyncio.Future[Any] = self._loop.create_future()

        def run() -> None:
            try:
                result = function()
            except Exception as failure:  # noqa: BLE001 - raised again in the loop thread
                self._loop.call_soon_threadsafe(done.set_exception, failure)
            else:
                self._loop.call_soon_threadsafe(done.set_result, result)

        self._reactor.call(run)
        return await done

    def _make_engine(self) -> Any:
        assert self._reactor is not None
        return self._reactor.engine.Engine(
            self._settings, self._hub, self.accounts, self._locations, self._post, time.monotonic
        )

    def _post(self, event: SipEvent) -> None:
        try:
            self._loop.call_soon_threadsafe(self._on_event, event)
        except RuntimeError:
            log.info("event after the loop ended: %s", type(event).__name__)

    def _account_changed(self, username: str) -> None:
        self._run("drop_contacts", username)
