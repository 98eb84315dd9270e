"""The SIP thread's side of the switch: decides on requests, keeps the dialogs. Import in the SIP thread only."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sippy.SipHeader import SipHeader
from sippy.Time.Timeout import Timeout

from helpline_switch.sip import identity
from helpline_switch.sip.accounts import Accounts
from helpline_switch.sip.arriving import incoming_call, is_direct
from helpline_switch.sip.bans import Bans
from helpline_switch.sip.calling import Calling
from helpline_switch.sip.capabilities import ALLOW, EXTENSIONS, unknown_extensions
from helpline_switch.sip.causes import phrase
from helpline_switch.sip.dialog import Dialog
from helpline_switch.sip.dialogs import Dialogs
from helpline_switch.sip.digest import Guard, Nonces
from helpline_switch.sip.events import (
    Contact,
    FlowLost,
    Incoming,
    Party,
    ReferProgress,
    Refused,
    Registered,
    SipEvent,
    TrunkTarget,
)
from helpline_switch.sip.flows import Address, Connection, Flow, RemoteAddress
from helpline_switch.sip.gate import Gate
from helpline_switch.sip.hub import Hub
from helpline_switch.sip.limits import RateLimit
from helpline_switch.sip.location import LocationStore
from helpline_switch.sip.proving import Doorkeeper, Refusal
from helpline_switch.sip.refer import replaces_of
from helpline_switch.sip.registrar import Registrar
from helpline_switch.sip.replacing import replaced
from helpline_switch.sip.session import too_brief
from helpline_switch.sip.settings import SipSettings
from helpline_switch.sip.trace import MessageLog, Traces
from helpline_switch.sip.transactions import Transactions
from helpline_switch.sip.trunk_config import Hop, TrunkConfig
from helpline_switch.sip.trunk_lines import Resolve, TrunkLines, dialled
from helpline_switch.sip.trunk_requests import Asker

log = logging.getLogger(__name__)

_TICK_SECONDS: Final = 1.0
_SWEEP_SECONDS: Final = 5.0


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
        traces: Traces,
        bans: Bans,
        resolve: Resolve,
    ) -> None:
        self._settings = settings
        self._hub = hub
        self._traces = traces
        self._refuse_for: int | None = None
        self._accounts = accounts
        self._locations = locations
        self._deliver = post
        self._closed = False
        self._dialogs = Dialogs(hub, traces)
        self._clock = clock
        self._bans = bans
        guard = Guard(accounts, settings.realm, Nonces(settings.nonce_life, clock))
        self._door = Doorkeeper(guard, bans, self._post)
        self._gate = Gate(bans, settings.requests_per_second, clock)
        self._limit = RateLimit(settings.invites_per_second, clock)
        self._registrar = Registrar(settings, self._door, locations, clock, self._post)
        host, port = hub.local["udp"]
        self._config: dict[str, Any] = {
            "_sip_address": host,
            "_sip_port": port,
            "_sip_logger": MessageLog(traces, hub.our_address),
            "_sip_ua": settings.user_agent,
            "_session_expires": settings.session_expires,
            "_min_se": settings.min_se,
            "_find_dialog": self._dialogs.find,
        }
        self._transactions = self._config["_sip_tm"] = Transactions(self._config, self._on_request, hub)
        self._calling = Calling(
            self._config, hub, locations, self._dialogs, self._post, settings.trunk_patience_s
        )
        asker = Asker(self._transactions, hub, settings.user_agent, settings.trunk_patience_s)
        self._trunks = TrunkLines(asker, resolve, self._post)
        self._transactions.gate = self._gate
        self._ticker = Timeout(self._registrar.expire, _TICK_SECONDS, -1)
        self._sweeper = Timeout(traces.sweep, _SWEEP_SECONDS, -1)

    def close(self) -> None:
        """Forgets everything; nothing is sent."""
        self._closed = True
        self._ticker.cancel()
        self._sweeper.cancel()
        self._trunks.close()
        self._dialogs.abandon_all()
        self._transactions.close()

    # --- from the sockets

    def receive(self, flow: Flow, data: bytes, remote: RemoteAddress, came: float | None = None) -> None:
        """One message, which came in at that monotonic time."""
        if self._closed:
            return
        if came is not None:
            self._gate.note_delay(came)
        self._transactions.receive(flow, data, remote)

    def host_unknown(self, address: Address) -> None:
        """A host's name has no address: what waits for its answers fails now."""
        self._transactions.host_unknown(address)

    def flow_lost(self, flow: Connection, why: str) -> None:
        """A connection closed: its contacts are gone, its dialogs live on."""
        hit = self._dialogs.on(flow)
        self._transactions.connection_lost(flow)
        self._bans.forget_place(flow.id)
        self._trunks.flow_lost(flow)
        for change in self._locations.drop_flow(flow.id):
            self._post(change)
        log.info("flow %s of %s lost: %s", flow.id, flow.remote, why)
        self._post(FlowLost(flow.id, hit))

    # --- commands

    def call(
        self,
        dialog_id: str,
        target: Contact | TrunkTarget,
        caller: Party,
        sdp: str,
        hops: tuple[Hop, ...] = (),
    ) -> None:
        """Starts an outgoing leg (``hops``: where the trunk's name led); fails with an event, never with an exception."""
        if self._closed:
            return
        if dialog_id in self._dialogs.by_id:
            log.error("dialog id %s used twice", dialog_id)
            return
        try:
            if isinstance(target, Contact):
                self._calling.contact(dialog_id, target, caller, sdp)
            else:
                self._calling.trunk(dialog_id, target, caller, sdp, hops)
        except Exception:
            log.exception("call %s could not be started", dialog_id)
            self._dialogs.drop(dialog_id)
            self._post(Refused(dialog_id, 500, phrase(500)))

    def refuse_calls(self, seconds: int | None) -> None:
        """From now on new calls get 503 with Retry-After in so many seconds (RFC 3261 21.5.4); None takes them again."""
        self._refuse_for = seconds

    def order(self, dialog_id: str, name: str, *arguments: Any) -> None:
        """Runs a command of a dialog. One that ended meanwhile ignores it: its end is on the way to the caller."""
        dialog = self._dialogs.by_id.get(dialog_id)
        if dialog is None or dialog.is_over:
            log.info("%s for dialog %s, which is over", name, dialog_id)
            return
        getattr(dialog, name)(*arguments)

    def refer(self, dialog_id: str, target: str, other: str | None) -> None:
        """Asks a peer to call a URI, or the peer of the ``other`` dialog in that one's place."""
        replaces = None
        if other is not None:
            known = self._dialogs.by_id.get(other)
            if known is None or known.is_over:
                self._post(ReferProgress(dialog_id, 481, True))
                return
            target, replaces = replaces_of(known)
        self.order(dialog_id, "refer", target, replaces)

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
        if method != "INVITE" and request.countHFs("replaces"):
            raise Refusal(400)
        unknown = unknown_extensions(request)
        if unknown:
            raise Refusal(420, ("unsupported", unknown))
        if method == "REGISTER":
            return (self._registrar.answer(request, transaction.userv), None, None)
        if method == "INVITE":
            return self._take_call(request, transaction)
        allow = ("allow", str(ALLOW.body))
        if method == "OPTIONS":
            self._refuse_while_draining()
            known = ("supported", ", ".join(sorted(EXTENSIONS)))
            return self._reply(request, 200, allow, known, ("accept", "application/sdp"))
        if method == "REFER":
            raise Refusal(403)
        raise Refusal(405, allow)

    def _refuse_while_draining(self) -> None:
        """OPTIONS gets the answer a call would get (RFC 3261 11.2), so that proxies go elsewhere."""
        if self._refuse_for is not None:
            raise Refusal(503, ("retry-after", str(self._refuse_for)))

    def _take_call(self, request: Any, transaction: Any) -> Any:
        self._refuse_while_draining()
        trunk = self._trunk_of(request, transaction.userv)
        account = self._prove(request, transaction.userv) if trunk is None else None
        if account is None and trunk is None and not self._limit.allows(request.getSource()[0]):
            raise Refusal(503, ("retry-after", "5"))
        if len(self._dialogs.by_id) >= self._settings.max_dialogs:
            log.error("refused a call: %d dialogs", len(self._dialogs.by_id))
            raise Refusal(503, ("retry-after", "10"))
        if not request.countHFs("contact"):
            raise Refusal(400)
        if too_brief(request, self._settings.min_se):
            raise Refusal(422, ("min-se", str(self._settings.min_se)))
        dialog_id = secrets.token_hex(8)
        incoming = incoming_call(dialog_id, request, transaction.userv, account)
        if request.countHFs("replaces"):
            incoming = replace(incoming, replaces=replaced(request, self._dialogs.agents, account, trunk).id)
        if trunk is not None:
            called = dialled(request, incoming.called, self._trunks.username(trunk))
            incoming = replace(incoming, trunk=trunk, called=called)
        vouched = trunk is not None and self._trunks.vouches(trunk)
        incoming = self._honest(identity.heard(request, incoming, trusted=vouched))
        # Done with; the stack would read it again, by a simpler grammar.
        for name in ("authorization", "proxy-authorization"):
            request.delHFs(name)
        dialog = Dialog(self._config, dialog_id, self._post, self._dialogs.over)
        dialog.incoming = incoming
        dialog.trusted = account is not None
        if not transaction.userv.reliable and is_direct(request):
            dialog.pinned = request.getSource()
        self._dialogs.keep(dialog, account, trunk)
        try:
            answer = dialog.recvRequest(request, transaction)
        except Exception:
            self._dialogs.over(dialog)
            dialog.abandon()
            raise
        self._transactions.remember_call(request)
        self._dialogs.begin_trace(dialog)
        return answer

    def _trunk_of(self, request: Any, flow: Flow) -> str | None:
        """The trunk that sends this call; whoever brings a password is an account, wherever they are."""
        proves = request.countHFs("authorization") or request.countHFs("proxy-authorization")
        return None if proves else self._trunks.of(request, flow)

    def _prove(self, request: Any, flow: Flow) -> str | None:
        """The account that proved its password, None for a stranger (Refusal otherwise).

        Only the place where a phone is gets a challenge without asking for one: if every INVITE that names an account
        did, anybody could find out which names exist.
        """
        claimed = request.getHFBody("from").getUrl().username or ""
        tries = request.countHFs("authorization") or request.countHFs("proxy-authorization")
        if not tries and not self._door.is_known_here(request, flow, claimed):
            return None
        username = self._door.prove(request, flow, claimed)
        if username != claimed and self._accounts.get(claimed) is not None:
            log.warning("INVITE of %r by %s refused", claimed[:64], username)
            raise Refusal(403)
        return username

    def _honest(self, incoming: Incoming) -> Incoming:
        """A stranger under the name of an account is nobody."""
        caller = incoming.caller
        if incoming.account is not None or self._accounts.get(caller.user) is None:
            return incoming
        return replace(incoming, caller=replace(caller, user="anonymous"))

    def _reply(self, request: Any, code: int, *headers: tuple[str, str]) -> Any:
        response = request.genResponse(code, phrase(code), server=self._settings.user_agent)
        for name, value in headers:
            response.appendHeader(SipHeader(name=name, bodys=value))
        return (response, None, None)

    # --- trunks

    def put_trunk(self, config: TrunkConfig) -> None:
        """Adds or replaces a trunk."""
        if not self._closed:
            self._trunks.put(config)

    def release_trunks(self, done: Callable[[], None]) -> None:
        """Forgets every trunk; ``done`` when their registrations are given back."""
        self._trunks.release(done)

    def remove_trunk(self, name: str) -> None:
        """Forgets a trunk."""
        self._trunks.remove(name)

    # --- events

    def _post(self, event: SipEvent) -> None:
        if isinstance(event, Registered):
            self._dialogs.follow(event.username, event.contact)
        self._deliver(event)
