"""The SIP thread's side of the switch: decides on requests, keeps the dialogs. Import in the SIP thread only."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from typing import Any, Final

from sippy.SipHeader import SipHeader
from sippy.SipURL import SipURL
from sippy.Time.Timeout import Timeout

from helpline_switch.sip.accounts import Accounts
from helpline_switch.sip.causes import phrase
from helpline_switch.sip.dialog import Dialog
from helpline_switch.sip.digest import Guard, Nonces, Proof
from helpline_switch.sip.events import (
    Contact,
    FlowLost,
    Incoming,
    Party,
    Refused,
    Registered,
    SipEvent,
    TrunkTarget,
)
from helpline_switch.sip.flows import Address, Connection, Flow, RemoteAddress
from helpline_switch.sip.hub import Hub
from helpline_switch.sip.limits import RateLimit
from helpline_switch.sip.location import LocationStore, address_of
from helpline_switch.sip.registrar import Refusal, Registrar, first_value
from helpline_switch.sip.settings import SipSettings
from helpline_switch.sip.states import ALLOW
from helpline_switch.sip.transactions import Transactions

log = logging.getLogger(__name__)

_UNSAFE_DISPLAY = re.compile(r'[\x00-\x1f\x7f\x85\u2028\u2029"\\]')
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")
_DEFAULT_PORTS: Final = {"udp": 5060, "tcp": 5060, "tls": 5061}
_TICK_SECONDS: Final = 1.0


class _Silent:
    """The stack's message log, not kept: it would hold personal data."""

    def write(self, *_parts: object, **_named: object) -> None:
        """Takes a message and forgets it."""


class Engine:
    """All dialogs and the registrar of one switch. ``post`` takes events to the loop thread."""

    def __init__(
        self,
        settings: SipSettings,
        hub: Hub,
        accounts: Accounts,
        locations: LocationStore,
        post: Callable[[SipEvent], None],
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._hub = hub
        self._accounts = accounts
        self._locations = locations
        self._deliver = post
        self._closed = False
        self._dialogs: dict[str, Dialog] = {}
        self._agents: set[Dialog] = set()
        self._owners: dict[str, str] = {}
        self._guard = Guard(accounts, settings.realm, Nonces(settings.nonce_life, clock))
        self._limit = RateLimit(settings.invites_per_second, clock)
        self._registrar = Registrar(settings, self._guard, locations, clock, self._post)
        host, port = hub.local["udp"]
        self._config: dict[str, Any] = {
            "_sip_address": host,
            "_sip_port": port,
            "_sip_logger": _Silent(),
            "_sip_ua": settings.user_agent,
        }
        self._transactions = self._config["_sip_tm"] = Transactions(self._config, self._on_request, hub)
        self._ticker = Timeout(self._registrar.expire, _TICK_SECONDS, -1)

    def close(self) -> None:
        """Forgets everything; nothing is sent."""
        self._closed = True
        self._ticker.cancel()
        for dialog in tuple(self._agents):
            dialog.abandon()
        self._transactions.close()

    # --- from the sockets

    def receive(self, flow: Flow, data: bytes, remote: RemoteAddress) -> None:
        """One message."""
        if not self._closed:
            self._transactions.receive(flow, data, remote)

    def host_unknown(self, address: Address) -> None:
        """A host's name has no address: what waits for its answers fails now."""
        self._transactions.host_unknown(address)

    def flow_lost(self, flow: Connection, why: str) -> None:
        """A connection closed: its contacts are gone, its dialogs live on."""
        hit = tuple(
            name for name, dialog in self._dialogs.items() if dialog.flow is flow and dialog.is_standing
        )
        self._transactions.connection_lost(flow)
        for change in self._locations.drop_flow(flow.id):
            self._post(change)
        log.info("flow %s of %s lost: %s", flow.id, flow.remote, why)
        self._post(FlowLost(flow.id, hit))

    # --- commands

    def call(self, dialog_id: str, target: Contact | TrunkTarget, caller: Party, sdp: str) -> None:
        """Starts an outgoing leg; fails with an event, never with an exception."""
        if self._closed:
            return
        if dialog_id in self._dialogs:
            log.error("dialog id %s used twice", dialog_id)
            return
        start = self._call_contact if isinstance(target, Contact) else self._call_trunk
        try:
            start(dialog_id, target, caller, sdp)  # type: ignore[arg-type]  # chosen by the type just above
        except Exception:
            log.exception("call %s could not be started", dialog_id)
            dialog = self._dialogs.pop(dialog_id, None)
            if dialog is not None:
                dialog.abandon()
            self._post(Refused(dialog_id, 500, phrase(500)))

    def order(self, dialog_id: str, name: str, *arguments: Any) -> None:
        """Runs a command of a dialog. One that ended meanwhile ignores it: its end is on the way to the caller."""
        dialog = self._dialogs.get(dialog_id)
        if dialog is None or dialog.is_over:
            log.info("%s for dialog %s, which is over", name, dialog_id)
            return
        getattr(dialog, name)(*arguments)

    def drop_contacts(self, username: str) -> None:
        """The account is gone or has a new password."""
        for change in self._locations.drop_account(username):
            self._post(change)

    # --- requests outside of dialogs

    def _on_request(self, request: Any, transaction: Any) -> Any:
        try:
            return self._dispatch(request, transaction)
        except Refusal as refusal:
            return self._reply(request, refusal.code, *refusal.headers)
        except Exception:
            log.exception("request from %s failed", request.getSource())
            return self._reply(request, 500) if transaction.tid is not None else None

    def _dispatch(self, request: Any, transaction: Any) -> Any:
        method = request.getMethod()
        if request.getHFBody("to").getTag() is not None:
            raise Refusal(481)
        required = request.getHFs("require")
        if required:
            raise Refusal(420, ("unsupported", ", ".join(str(header.body) for header in required)))
        if method == "REGISTER":
            return (self._registrar.answer(request, transaction.userv), None, None)
        if method == "INVITE":
            return self._take_call(request, transaction)
        allow = ("allow", str(ALLOW.body))
        if method == "OPTIONS":
            return self._reply(request, 200, allow, ("accept", "application/sdp"))
        raise Refusal(405, allow)

    def _take_call(self, request: Any, transaction: Any) -> Any:
        account = self._prove(request)
        if account is None and not self._limit.allows(request.getSource()[0]):
            raise Refusal(503, ("retry-after", "5"))
        if len(self._dialogs) >= self._settings.max_dialogs:
            log.error("refused a call: %d dialogs", len(self._dialogs))
            raise Refusal(503, ("retry-after", "10"))
        if not request.countHFs("contact"):
            raise Refusal(400)
        dialog_id = secrets.token_hex(8)
        incoming = _incoming(dialog_id, request, transaction.userv, account)
        dialog = Dialog(self._config, dialog_id, self._post, self._over)
        dialog.incoming = incoming
        if not transaction.userv.reliable and _is_direct(request):
            dialog.pinned = request.getSource()
        self._keep(dialog, account)
        try:
            answer = dialog.recvRequest(request, transaction)
        except Exception:
            self._over(dialog)
            dialog.abandon()
            raise
        self._transactions.remember_call(request)
        return answer

    def _prove(self, request: Any) -> str | None:
        """The account that proved its password, None for a stranger. A known name must prove it (Refusal otherwise)."""
        claimed = request.getHFBody("from").getUrl().username or ""
        header = first_value(request, "authorization") or first_value(request, "proxy-authorization")
        known = self._accounts.get(claimed) is not None
        if header is None and not known:
            return None
        verdict = self._guard.check("INVITE", header)
        if verdict.proof is Proof.GOOD and (verdict.username == claimed or not known):
            return verdict.username
        if verdict.proof in (Proof.MISSING, Proof.STALE):
            stale = verdict.proof is Proof.STALE
            raise Refusal(401, ("www-authenticate", self._guard.challenge(stale=stale)))
        log.warning("INVITE of %r from %s refused: wrong password", claimed[:64], request.getSource())
        raise Refusal(403)

    def _reply(self, request: Any, code: int, *headers: tuple[str, str]) -> Any:
        response = request.genResponse(code, phrase(code), server=self._settings.user_agent)
        for name, value in headers:
            response.appendHeader(SipHeader(name=name, bodys=value))
        return (response, None, None)

    # --- outgoing calls

    def _call_contact(self, dialog_id: str, contact: Contact, caller: Party, sdp: str) -> None:
        flow = self._hub.flow(contact.flow_id) if contact.flow_id else None
        if contact.flow_id and flow is None:
            self._post(Refused(dialog_id, 503, "Flow Lost"))
            return
        url = SipURL(contact.uri)
        dialog = self._outgoing(dialog_id, (url.host, url.getPort()), contact.transport)
        dialog.flow = flow
        dialog.pinned = contact.source if flow is None else None
        self._keep(dialog, self._locations.owner(contact))
        dialog.invite(_safe(caller), url.username or "", sdp, url, url.host)

    def _call_trunk(self, dialog_id: str, trunk: TrunkTarget, caller: Party, sdp: str) -> None:
        if not _HOST.fullmatch(trunk.host):
            raise ValueError(f"not a host: {trunk.host!r}")
        port = trunk.port or _DEFAULT_PORTS[trunk.transport]
        url = SipURL(username=trunk.number, host=trunk.host, port=trunk.port or None)
        url.transport = None if trunk.transport == "udp" else trunk.transport
        dialog = self._outgoing(
            dialog_id, (trunk.host, port), trunk.transport, trunk.username or None, trunk.password or None
        )
        self._keep(dialog, None)
        dialog.invite(_safe(caller), trunk.number, sdp, url, trunk.host)

    def _outgoing(
        self,
        dialog_id: str,
        address: Address,
        transport: str,
        username: str | None = None,
        password: str | None = None,
    ) -> Dialog:
        return Dialog(
            self._config,
            dialog_id,
            self._post,
            self._over,
            nh_address=address,
            nh_transport=transport,
            username=username,
            password=password,
        )

    # --- keeping

    def _keep(self, dialog: Dialog, account: str | None) -> None:
        dialog.dead_cbs = (self._agents.discard,)
        self._agents.add(dialog)
        self._dialogs[dialog.id] = dialog
        if account is not None:
            self._owners[dialog.id] = account

    def _over(self, dialog: Dialog) -> None:
        self._dialogs.pop(dialog.id, None)
        self._owners.pop(dialog.id, None)

    def _post(self, event: SipEvent) -> None:
        if isinstance(event, Registered):
            self._move_dialogs(event.username, event.contact)
        self._deliver(event)

    def _move_dialogs(self, username: str, contact: Contact) -> None:
        """A phone that came back on a new connection keeps its calls (RFC 5626 5.3)."""
        flow = self._hub.flow(contact.flow_id)
        if flow is None:
            return
        for name, owner in self._owners.items():
            dialog = self._dialogs[name]
            lost = dialog.flow is not None and not dialog.flow.alive
            if owner == username and lost and address_of(str(dialog.rTarget)) == address_of(contact.uri):
                dialog.flow = flow


def _incoming(dialog_id: str, request: Any, flow: Flow, account: str | None) -> Incoming:
    body = request.getBody()
    if body is not None and body.getType() != "application/sdp":
        raise Refusal(415, ("accept", "application/sdp"))
    address = request.getHFBody("from").getUri()
    headers: dict[str, str] = {}
    for header in request.headers:
        headers.setdefault(header.name, str(header.body))
    return Incoming(
        dialog_id=dialog_id,
        caller=Party(_plain(address.name), address.url.username or "", _host_of(address.url)),
        called=request.getRURI().username or "",
        sdp=str(body) if body is not None else None,
        transport=flow.transport,
        source=request.getSource(),
        account=account,
        browser=flow.transport == "ws",
        headers=headers,
    )


def _plain(display: str | None) -> str:
    """A display name without the quoting of RFC 3261 25.1."""
    return re.sub(r"\\(.)", r"\1", display or "").strip()


def _host_of(url: Any) -> str:
    """The host of a URI; empty for ``tel:``, where the stack would put our own."""
    return url.host if isinstance(url.host, str) else ""


def _is_direct(request: Any) -> bool:
    """Whether the request came without proxies: then the far side is where the datagram came from."""
    return bool(request.countHFs("via") == 1 and request.countHFs("record-route") == 0)


def _safe(caller: Party) -> tuple[str, str, str]:
    """Display name, user and host fit for a From header."""
    display = _UNSAFE_DISPLAY.sub(" ", caller.display).strip()
    return display, caller.user or "anonymous", caller.host if _HOST.fullmatch(caller.host) else ""
