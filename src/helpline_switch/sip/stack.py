"""The door of the SIP side."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from helpline_switch.sip.accounts import Account, Accounts
from helpline_switch.sip.addresses import families
from helpline_switch.sip.bans import Bans
from helpline_switch.sip.causes import ELSEWHERE, check_reason
from helpline_switch.sip.events import Contact, Party, SipEvent, Transport, TrunkTarget
from helpline_switch.sip.flows import Address, Connection, Flow, RemoteAddress
from helpline_switch.sip.hub import Hub
from helpline_switch.sip.location import LocationStore
from helpline_switch.sip.reactor import Reactor, reactor
from helpline_switch.sip.settings import SipSettings
from helpline_switch.sip.trace import Traces
from helpline_switch.sip.trunk_config import Found, Hop, TrunkConfig, TrunkServer
from helpline_switch.sip.trunk_roads import TrunkRoads

__all__ = ["ELSEWHERE", "Account", "SipStack"]

log = logging.getLogger(__name__)

_GOODBYE_S = 0.5


class SipStack:
    """SIP over UDP, TCP, TLS and WebSocket. Every method is called in the loop thread only.

    Commands return at once; what becomes of them arrives as events through ``on_event``, in order. A command for a
    dialog that is over is ignored, because its end is already on the way.
    """

    def __init__(self, settings: SipSettings, on_event: Callable[[SipEvent], None]) -> None:
        self.accounts = Accounts(settings.realm, self._account_changed)
        self.traces = Traces(settings.trace, time.monotonic, lambda: datetime.now(UTC))
        self.bans = Bans(settings.bans, time.monotonic, lambda: datetime.now(UTC))
        self._settings = settings
        self._roads = TrunkRoads(
            settings.dns_server, self._run, self._posted, families(settings.host, settings.advertised_host)
        )
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
        self._roads.stop()
        await self._say_goodbye()
        if self._engine is not None:
            await self._in_sip_thread(self._engine.close)
            self._engine = None
        if self._hub is not None:
            await self._hub.stop()
            self._hub = None

    async def _say_goodbye(self) -> None:
        """Registrations at providers are given back, as far as those answer at once."""
        if self._engine is None or not self._roads.configs:
            return
        done = asyncio.Event()
        self._run("release_trunks", lambda: self._loop.call_soon_threadsafe(done.set))
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await done.wait()
        except TimeoutError:
            log.info("a provider did not answer our goodbye")

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

    def refuse_calls(self, seconds: int | None) -> None:
        """Refuses new calls with 503 and this Retry-After; those under way go on. None takes calls again."""
        self._run("refuse_calls", seconds)

    def call(self, dialog_id: str, *, target: Contact | TrunkTarget, caller: Party, sdp: str) -> None:
        """Rings one contact or one trunk number with our offer: one fork, one dialog, an id of the caller's choice.

        Events: ``Ringing`` (any number of times), then ``Answered`` or ``Refused``.
        """
        if isinstance(target, TrunkTarget):
            self._roads.call(dialog_id, target, caller, sdp)
        else:
            self._run("call", dialog_id, target, caller, sdp)

    def put_trunk(self, config: TrunkConfig) -> None:
        """Adds or replaces a trunk: registers there if it wants that, keeps it alive, knows its calls.
        ``TrunkChanged`` tells how it is."""
        self._roads.configs[config.name] = config
        self._run("put_trunk", config)

    def remove_trunk(self, name: str) -> None:
        """Forgets a trunk and gives its registration back. Unknown names are ignored."""
        self._roads.configs.pop(name, None)
        self._run("remove_trunk", name)

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
        if self._roads.gave_up(dialog_id, q850):
            return
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

    def refer(self, dialog_id: str, target: str, other: str | None = None) -> None:
        """Asks the peer to call ``target`` (a SIP URI), or, for an attended transfer, to take the place of the dialog
        ``other`` at its peer (REFER, RFC 3515, 5589). ``ReferProgress`` follows. Raises ValueError."""
        if not target.isprintable() or any(sign in target for sign in '<>" '):
            raise ValueError(f"not a URI: {target!r}")
        self._run("refer", dialog_id, target, other)

    def refer_progress(self, dialog_id: str, code: int) -> None:
        """Answers ``Referred``: how the transfer goes, as a SIP status; from 200 on it is over. Raises ValueError."""
        if not 100 <= code <= 699:
            raise ValueError(f"not a SIP status: {code}")
        self._order(dialog_id, "refer_progress", code)

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        """The handler for browsers (RFC 7118), subprotocol "sip". Raises HTTPForbidden for a foreign Origin,
        HTTPBadRequest without the subprotocol, HTTPServiceUnavailable when stopped or full."""
        if self._hub is None or self._engine is None:
            raise web.HTTPServiceUnavailable(text="not running")
        return await self._hub.websocket(request)

    # --- called by the flows, in the loop thread

    def receive(self, flow: Flow, data: bytes, remote: RemoteAddress) -> None:
        """A message goes to the SIP thread."""
        self._run("receive", flow, data, remote, time.monotonic())

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
            self._settings, self._hub, self.accounts, self._locations, self._post, time.monotonic, self.traces,
            self.bans, self._find_hops,
        )  # fmt: skip

    def _post(self, event: SipEvent) -> None:
        try:
            self._loop.call_soon_threadsafe(self._on_event, event)
        except RuntimeError:
            log.info("event after the loop ended: %s", type(event).__name__)

    def _posted(self, event: SipEvent) -> None:
        self._loop.call_soon(self._on_event, event)

    def _find_hops(self, servers: tuple[TrunkServer, ...], found: Found) -> None:
        """Asked in the SIP thread, looked up in the loop thread, answered in the SIP thread."""
        self._loop.call_soon_threadsafe(self._roads.find, servers, self._back_in_sip_thread(found))

    def _back_in_sip_thread(self, found: Found) -> Found:
        def answer(hops: tuple[Hop, ...], why_not: str) -> None:
            if self._engine is not None and self._reactor is not None:
                self._reactor.call(found, hops, why_not)

        return answer

    def _account_changed(self, username: str) -> None:
        self._run("drop_contacts", username)
