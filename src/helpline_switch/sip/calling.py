"""Legs that we call: registered contacts, and numbers behind trunks. SIP thread only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sippy.SipURL import SipURL

from helpline_switch.sip import identity
from helpline_switch.sip.addresses import bracketed
from helpline_switch.sip.arriving import safe_caller
from helpline_switch.sip.dialog import Dialog, Post
from helpline_switch.sip.dialogs import Dialogs
from helpline_switch.sip.events import Contact, Party, Refused, SipEvent, TrunkTarget
from helpline_switch.sip.flows import Address
from helpline_switch.sip.hub import Hub
from helpline_switch.sip.location import LocationStore
from helpline_switch.sip.paths import routes
from helpline_switch.sip.trunk_calls import TrunkCall, sent_by
from helpline_switch.sip.trunk_config import Hop


class Calling:
    """Makes outgoing dialogs. ``config`` is the stack's; ``patience`` the seconds a trunk's server has to answer."""

    def __init__(
        self,
        config: dict[str, Any],
        hub: Hub,
        locations: LocationStore,
        dialogs: Dialogs,
        post: Callable[[SipEvent], None],
        patience: float,
    ) -> None:
        self._config = config
        self._hub = hub
        self._locations = locations
        self._dialogs = dialogs
        self._post = post
        self._patience = patience

    def contact(self, dialog_id: str, contact: Contact, caller: Party, sdp: str) -> None:
        """Rings one place where an account is registered."""
        flow = self._hub.flow(contact.flow_id) if contact.flow_id else None
        if contact.flow_id and flow is None:
            self._post(Refused(dialog_id, 503, "Flow Lost"))
            return
        url = SipURL(contact.uri)
        near = routes(contact.path)[0].getUrl() if contact.path else url
        dialog = self._dialog(dialog_id, (near.host, near.getPort()), contact.transport)
        dialog.flow = flow
        dialog.pinned = contact.source if flow is None and not contact.path else None
        owner = self._locations.owner(contact)
        dialog.trusted = owner is not None
        self._dialogs.keep(dialog, owner)
        dialog.invite(safe_caller(caller), url.username or "", sdp, url, url.host, contact.path)
        self._dialogs.begin_trace(dialog)

    def trunk(
        self, dialog_id: str, trunk: TrunkTarget, caller: Party, sdp: str, hops: tuple[Hop, ...]
    ) -> None:
        """Calls a number by the first server of a trunk that takes it."""

        def send(dialog: Dialog, url: Any, hop: Hop) -> None:
            ours = bracketed(self._hub.our_address(hop.transport)[0])
            domain = hop.domain if trunk.username else ours
            party, dialog.identity = identity.said(sent_by(caller, trunk, hop), trunk, domain)
            dialog.invite(safe_caller(party), trunk.number, sdp, url, url.host)
            self._dialogs.begin_trace(dialog)

        TrunkCall(dialog_id, trunk, hops, send, self._trunk_leg, self._post, self._patience).start()

    def _trunk_leg(self, dialog_id: str, hop: Hop, trunk: TrunkTarget, post: Post) -> Dialog:
        self._hub.identities[hop.address] = hop.domain
        name, word = trunk.username or None, trunk.password or None
        dialog = self._dialog(dialog_id, hop.address, hop.transport, name, word)
        dialog.post = post
        self._dialogs.keep(dialog, None, trunk.trunk or None)
        return dialog

    def _dialog(
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
            self._dialogs.over,
            nh_address=address,
            nh_transport=transport,
            username=username,
            password=password,
        )
