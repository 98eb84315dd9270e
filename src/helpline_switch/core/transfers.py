"""Transfers by phones (REFER): told to the application, which alone decides; and calls that we send away.

As Asterisk 22.10 does with ``PJSIP_TRANSFER_HANDLING()`` = ``ari-only``: the switch answers 202 and moves nothing. The
application hears ``ChannelTransfer`` and says how it goes by ``POST /channels/{id}/transfer_progress``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import structlog

from helpline_switch.core import causes
from helpline_switch.core.board import Board
from helpline_switch.core.channel import Channel
from helpline_switch.core.errors import BadParameter, Conflict, Unprocessable
from helpline_switch.core.life import Life
from helpline_switch.core.trunks import Trunks
from helpline_switch.sip.events import ReferProgress, Referred

log = structlog.get_logger(__name__)

_DECLINED: Final = 603
#: what the application may say -> (the status for the phone, the state in the event)
_STATES: Final = {
    "channel_progress": (100, "channel_progress"),
    "channel_answered": (200, "channel_answered"),
    "channel_unavailable": (503, "channel_declined"),
    "channel_declined": (_DECLINED, "channel_declined"),
}
_URI = re.compile(r"PJSIP/(?:[^/@\s]+/)?(?P<uri>sips?:[^\s<>\"]+)", re.IGNORECASE)
_NUMBER = re.compile(r"PJSIP/(?P<number>[^/@\s]+)@(?P<trunk>[^/@\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A transfer that waits for the application: the dialog, and what was told of it."""

    dialog: str
    refer_to: dict[str, Any]


class Transfers:
    """Transfers that phones ask for, and redirection of answered calls."""

    def __init__(self, board: Board, life: Life, trunks: Trunks) -> None:
        self._board, self._life, self._trunks = board, life, trunks
        self._asked: dict[str, _Asked] = {}

    def referred(self, channel: Channel, event: Referred) -> None:
        """A phone asks. Without an application that controls the call there is nobody to decide: declined."""
        app = channel.app
        if app is None or not self._board.listeners.is_connected(app):
            log.warning("transfer declined, no application", channel=channel.name)
            self._board.sip.refer_progress(event.dialog_id, _DECLINED)
            return
        self._asked = {each: asked for each, asked in self._asked.items() if each in self._board.channels}
        self._asked[channel.id] = _Asked(event.dialog_id, self._refer_to(event))
        self._tell(channel)

    def progress(self, channel: Channel, states: str) -> None:
        """How it goes. Raises BadParameter for a state that ARI does not know; once it is over, says nothing."""
        if states not in _STATES:
            raise BadParameter("Invalid states value")
        asked = self._asked.get(channel.id)
        if asked is None:
            return
        code, state = _STATES[states]
        self._board.sip.refer_progress(asked.dialog, code)
        self._tell(channel, state=state)
        if code >= 200:
            del self._asked[channel.id]

    def redirect(self, channel: Channel, endpoint: str) -> None:
        """Asks the peer of an answered call to call elsewhere: ``PJSIP/<number>@<trunk>`` or ``PJSIP/sip:<uri>``.

        The channel ends when the peer reports success. Raises BadParameter, Unprocessable, NotReachable, Conflict.
        """
        if not endpoint.upper().startswith("PJSIP/"):
            raise Unprocessable("Endpoint is not the same type as the channel")
        line = channel.line
        if line is None or line.dialog is None or not channel.is_up:
            raise Conflict("Channel is not answered")
        self._board.sip.refer(line.dialog, self._uri(endpoint))

    def refer_progress(self, channel: Channel, event: ReferProgress) -> None:
        """The peer tells of its call."""
        log.info("redirected call", channel=channel.name, code=event.code, final=event.final)
        if event.final and 200 <= event.code < 300:
            self._life.hangup(channel, causes.NORMAL)

    def _uri(self, endpoint: str) -> str:
        found = _URI.fullmatch(endpoint)
        if found is not None:
            return found["uri"]
        number = _NUMBER.fullmatch(endpoint)
        if number is None:
            raise BadParameter("Endpoint must be PJSIP/number@trunk or PJSIP/sip:uri")
        target = self._trunks.target(number["trunk"], number["number"])
        return f"sip:{target.number}@{target.host}" + (f":{target.port}" if target.port else "")

    def _refer_to(self, event: Referred) -> dict[str, Any]:
        wanted: dict[str, Any] = {"destination": event.user}
        told: dict[str, Any] = {"requested_destination": wanted}
        if event.replaces is not None:
            wanted["protocol_id"] = event.replaces.call_id
            tags = (("from", event.replaces.from_tag), ("to", event.replaces.to_tag))
            wanted["additional_protocol_params"] = [
                {"parameter_name": name, "parameter_value": tag} for name, tag in tags
            ]
        other = self._board.by_dialog(event.other or "")
        if other is not None:
            told |= {"destination_channel": other} | self._around(other)
        return told

    def _around(self, channel: Channel) -> dict[str, Any]:
        """The bridge of a channel, and the other channel in it if there is exactly one."""
        bridge = self._board.bridges.get(channel.bridge or "")
        if bridge is None:
            return {}
        known = self._board.channels
        others = [known[each] for each in bridge.channels if each != channel.id and each in known]
        return {"bridge": bridge} | ({"connected_channel": others[0]} if len(others) == 1 else {})

    def _tell(self, channel: Channel, **state: str) -> None:
        referred_by = {"source_channel": channel} | self._around(channel)
        refer_to = self._asked[channel.id].refer_to
        self._board.publish(
            "ChannelTransfer", only_for=channel.app, refer_to=refer_to, referred_by=referred_by, **state
        )
