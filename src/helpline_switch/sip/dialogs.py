"""The dialogs of one switch: by id, by owner, by connection. SIP thread only."""

from __future__ import annotations

from helpline_switch.sip.dialog import Dialog
from helpline_switch.sip.events import Contact, Replaces
from helpline_switch.sip.flows import Connection
from helpline_switch.sip.hub import Hub
from helpline_switch.sip.location import address_of
from helpline_switch.sip.trace import Traces


class Dialogs:
    """``by_id`` holds those that are not over; ``agents`` also those whose last messages still go to and fro."""

    def __init__(self, hub: Hub, traces: Traces) -> None:
        self._hub = hub
        self._traces = traces
        self.by_id: dict[str, Dialog] = {}
        self.agents: set[Dialog] = set()
        self.owners: dict[str, str] = {}

    def keep(self, dialog: Dialog, account: str | None, trunk: str | None = None) -> None:
        """From now on it can be ordered about; ``account`` is whose telephone it is, ``trunk`` the one it goes by; both
        None for a stranger's."""
        dialog.account, dialog.trunk = account, trunk
        dialog.dead_cbs = (self.agents.discard,)
        self.agents.add(dialog)
        self.by_id[dialog.id] = dialog
        if account is not None:
            self.owners[dialog.id] = account

    def begin_trace(self, dialog: Dialog) -> None:
        """Its messages are kept from now on."""
        if not dialog.is_over:
            self._traces.begin(dialog.id, str(dialog.cId))

    def over(self, dialog: Dialog) -> None:
        """It has ended. A leg that was replaced by the next server of a trunk is not the one of that id any more."""
        if self.by_id.get(dialog.id) is not dialog:
            return
        self._traces.over(dialog.id)
        self.by_id.pop(dialog.id, None)
        self.owners.pop(dialog.id, None)

    def drop(self, dialog_id: str) -> None:
        """Forgets one that could not even be started."""
        dialog = self.by_id.pop(dialog_id, None)
        if dialog is not None:
            dialog.abandon()

    def abandon_all(self) -> None:
        """Forgets everything; nothing is sent."""
        for dialog in tuple(self.agents):
            dialog.abandon()

    def find(self, replaces: Replaces) -> str | None:
        """The dialog that a peer names by its Call-ID and tags, ours being the To tag."""
        wanted = (replaces.call_id, replaces.to_tag, replaces.from_tag)
        return next((name for name, each in self.by_id.items() if each.getCID() == wanted), None)

    def on(self, flow: Connection) -> tuple[str, ...]:
        """The standing dialogs of a connection."""
        return tuple(
            name for name, dialog in self.by_id.items() if dialog.flow is flow and dialog.is_standing
        )

    def follow(self, username: str, contact: Contact) -> None:
        """A phone that came back on a new connection keeps its calls (RFC 5626 5.3)."""
        flow = self._hub.flow(contact.flow_id)
        if flow is None:
            return
        for name, owner in self.owners.items():
            dialog = self.by_id[name]
            lost = dialog.flow is not None and not dialog.flow.alive
            if owner == username and lost and address_of(str(dialog.rTarget)) == address_of(contact.uri):
                dialog.flow = flow
