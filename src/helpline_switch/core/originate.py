"""Calls we make: every phone of an account rings, the first answer wins."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import structlog

from helpline_switch import sdp
from helpline_switch.browser.gateway import BrowserMediaError
from helpline_switch.core import causes
from helpline_switch.core.board import Board
from helpline_switch.core.channel import CallerId, Channel, ChannelState
from helpline_switch.core.dialplan import Dialplan
from helpline_switch.core.errors import BadParameter, Conflict, NotReachable
from helpline_switch.core.forks import Forks
from helpline_switch.core.life import ELSEWHERE, Life
from helpline_switch.core.lines import Lines
from helpline_switch.core.ports import Contact, Party, TrunkTarget
from helpline_switch.core.trunks import Trunks
from helpline_switch.media.errors import MediaError

log = structlog.get_logger(__name__)

_ENDPOINT = re.compile(r"PJSIP/(?P<user>[^/@\s]+)(?:@(?P<trunk>[^/@\s]+))?", re.IGNORECASE)
Target = Contact | TrunkTarget


@dataclass(frozen=True, slots=True)
class Order:
    """A call to be made. ``timeout`` in seconds, -1 for none."""

    endpoint: str
    app: str
    app_args: tuple[str, ...] = ()
    caller: CallerId = field(default_factory=CallerId)
    timeout: float = 30
    channel_id: str | None = None
    variables: dict[str, str] = field(default_factory=dict)


class Originator:
    """Outbound half of call control."""

    def __init__(self, board: Board, lines: Lines, life: Life, dialplan: Dialplan, trunks: Trunks) -> None:
        self._board, self._lines, self._life, self._dialplan = board, lines, life, dialplan
        self._trunks = trunks
        self._plain: dict[str, tuple[str, int]] = {}
        self._sources: dict[str, str] = {}
        self._srtp_too: dict[str, Target] = {}
        self._reserved: set[str] = set()

    async def originate(self, order: Order) -> Channel:
        """Makes the channel and rings. It enters the application when answered. Raises NotReachable, BadParameter, Conflict."""
        targets = self._targets(order.endpoint)
        channel = await self._make(order)
        await self._ring(channel, targets, order.timeout)
        return channel

    async def create(self, order: Order) -> Channel:
        """Makes the channel without ringing; it is in the application at once and rings on ``dial``."""
        self._targets(order.endpoint)
        channel = await self._make(order)
        channel.variables["__endpoint"] = order.endpoint
        self._dialplan.enter(channel)
        return channel

    async def dial(self, channel: Channel, caller: str | None, timeout: float) -> None:
        """Rings a channel made by ``create``. ``caller`` is the id of the channel on whose behalf. Raises Conflict."""
        endpoint = channel.variables.get("__endpoint")
        if endpoint is None or channel.forks is not None or channel.ended:
            raise Conflict("Channel is not waiting to be dialled")
        if caller:
            other = self._board.channel(caller)
            channel.connected = channel.connected if channel.connected.number else other.caller
        await self._ring(channel, self._targets(endpoint), timeout)

    def _targets(self, endpoint: str) -> list[Target]:
        found = _ENDPOINT.fullmatch(endpoint)
        if found is None:
            raise BadParameter("Invalid endpoint specified")
        user, trunk = found["user"], found["trunk"]
        if trunk is not None:
            return [self._trunks.target(trunk, user)]
        if self._board.sip.accounts.get(user) is None:
            raise NotReachable(f"Allocation failed: no endpoint {user}", causes.NO_ROUTE)
        contacts = self._board.sip.contacts(user)
        if not contacts:
            raise NotReachable(f"Allocation failed: {user} is not registered", causes.SUBSCRIBER_ABSENT)
        return list(contacts)

    async def _make(self, order: Order) -> Channel:
        channel_id = order.channel_id or self._board.new_id()
        if channel_id in self._board.channels or channel_id in self._reserved:
            raise Conflict("Channel with given unique ID already exists")
        endpoint = order.endpoint.split("/", 1)[1]
        name = endpoint.rpartition("@")[2]
        channel = Channel(
            id=channel_id,
            name=self._board.new_name(name),
            created=self._board.clock.now(),
            caller=CallerId(number=endpoint.partition("@")[0]),
            connected=order.caller,
            endpoint=name,
            target_app=order.app,
            app_args=order.app_args,
            variables=dict(order.variables),
        )
        self._reserved.add(channel_id)
        try:
            await self._lines.open(channel)
        except MediaError as error:
            log.error("no media for an outgoing call", endpoint=order.endpoint, error=str(error))
            raise NotReachable(f"Allocation failed: {error}", causes.CONGESTION) from error
        finally:
            self._reserved.discard(channel_id)
        self._life.announce(channel)
        return channel

    async def _ring(self, channel: Channel, targets: list[Target], timeout: float) -> None:
        dialogs = {f"{channel.id}~{number}": target for number, target in enumerate(targets)}
        channel.forks = Forks.of(dialogs)
        self._tell_dial(channel, "")
        if timeout >= 0:
            channel.ring_timer = self._board.later(timeout, lambda: self._timed_out(channel))
        for dialog, target in dialogs.items():
            self._board.add_dialog(dialog, channel)
            try:
                offer = await self._offer(channel, dialog, target)
            except (MediaError, BrowserMediaError) as error:
                log.error("no media for a phone to ring", channel=channel.name, error=str(error))
                self._never_rang(channel, dialog, 503)
                continue
            if channel.ended or channel.forks.winner is not None:
                self._never_rang(channel, dialog, 487)
                continue
            self._board.sip.call(dialog, target=target, caller=_party(channel), sdp=offer)

    def _never_rang(self, channel: Channel, dialog: str, code: int) -> None:
        self._board.drop_dialog(dialog)
        self.refused(channel, dialog, code)

    async def _offer(self, channel: Channel, dialog: str, target: Target) -> str:
        line = channel.line
        assert line is not None, "an outgoing channel has its leg"
        if not (isinstance(target, Contact) and target.browser):
            if isinstance(target, Contact):
                self._sources[dialog] = target.source[0]
            if target.transport != "tls":
                return self._lines.offer(channel)
            # Keys in clear text would be no secret, so only an encrypted line is offered any.
            self._srtp_too[dialog] = target
            return self._lines.offer(channel, srtp="too")
        source = target.source[0]
        text, self._plain[dialog] = await self._board.browser.offer(
            dialog, (line.ip, line.port), source=source
        )
        return text

    def _tell_dial(self, channel: Channel, status: str) -> None:
        self._board.publish(
            "Dial", peer=channel, dialstatus=status, dialstring=channel.caller.number, forward=""
        )

    def _timed_out(self, channel: Channel) -> None:
        if channel.forks is not None and channel.forks.winner is None:
            self._life.hangup(channel, causes.NO_ANSWER)

    def ringing(self, channel: Channel) -> None:
        """A phone rings."""
        if channel.forks is not None and channel.forks.winner is None and channel.forks.rang():
            self._life.change_state(channel, ChannelState.RINGING)
            self._tell_dial(channel, "RINGING")

    async def answered(self, channel: Channel, dialog: str, answer: str | None) -> None:
        """A phone answered: the first one gets the call, a later one is told "answered elsewhere"."""
        verdict = channel.forks.answered(dialog) if channel.forks is not None else "unknown"
        if verdict != "won" or channel.ended:
            self.too_late(dialog)
            return
        if channel.ring_timer is not None:
            channel.ring_timer.cancel()
        assert channel.line is not None, "an outgoing channel has its leg"
        channel.line.dialog = dialog
        self._life.cancel_forks(channel, ELSEWHERE)
        try:
            await self._connect(channel, dialog, answer or "")
        except (sdp.BadSdp, sdp.NoCommonCodec, MediaError, BrowserMediaError) as error:
            log.error("answer without usable media", channel=channel.name, error=str(error))
            self._life.hangup(channel, 58)
            return
        if not channel.ended:
            self._now_up(channel)

    def taken(self, channel: Channel) -> None:
        """Another telephone took the call that rings."""
        if channel.ring_timer is not None:
            channel.ring_timer.cancel()
        self._now_up(channel)

    def _now_up(self, channel: Channel) -> None:
        self._life.change_state(channel, ChannelState.UP)
        self._tell_dial(channel, "ANSWER")
        if channel.app is None:
            self._dialplan.enter(channel)

    async def _connect(self, channel: Channel, dialog: str, answer: str) -> None:
        plain = self._plain.pop(dialog, None)
        if channel.line is not None:
            channel.line.source = self._sources.pop(dialog, "")
            self._srtp_too.pop(dialog, None)
        if plain is not None:
            await self._lines.accept_browser(channel, dialog, plain, answer)
        else:
            await self._lines.accept(channel, answer)

    def too_late(self, dialog: str) -> None:
        """Ends a dialog that answered although the call is taken or over."""
        self._board.sip.hangup(dialog, causes.ANSWERED_ELSEWHERE, ELSEWHERE)
        self._board.spawn(self._drop_browser(dialog), "drop a late browser")

    def refused(self, channel: Channel, dialog: str, code: int) -> None:
        """A phone refused or did not answer. The call fails with the last of them."""
        if self._again_with_srtp_alone(channel, dialog, code):
            return
        self._board.spawn(self._drop_browser(dialog), "drop a browser that refused")
        code_of_all = channel.forks.refused(dialog, code) if channel.forks is not None else None
        if code_of_all is not None:
            self._life.hangup(channel, causes.from_sip(code_of_all))

    def _again_with_srtp_alone(self, channel: Channel, dialog: str, code: int) -> bool:
        """A phone that wants nothing but SRTP refuses even the choice of plain RTP: it is asked once more."""
        target = self._srtp_too.pop(dialog, None)
        forks = channel.forks
        if code != 488 or target is None or forks is None or forks.winner is not None or channel.ended:
            return False
        again = f"{dialog}~srtp"
        forks.open.add(again)
        forks.open.discard(dialog)
        self._sources[again] = self._sources.pop(dialog, "")
        self._board.add_dialog(again, channel)
        offer = self._lines.offer(channel, srtp="only")
        self._board.sip.call(again, target=target, caller=_party(channel), sdp=offer)
        return True

    async def _drop_browser(self, dialog: str) -> None:
        self._sources.pop(dialog, None)
        self._srtp_too.pop(dialog, None)
        if self._plain.pop(dialog, None) is not None:
            await self._lines.close_browser(dialog)

    async def gone(self, dialog: str) -> None:
        """A dialog of a channel that is no more has ended; its browser session, if any, goes too."""
        await self._drop_browser(dialog)


def _party(channel: Channel) -> Party:
    return Party(channel.connected.name, channel.connected.number or "anonymous", "")
