"""The media of a channel: opening its leg, agreeing on codec and direction, closing it."""

from __future__ import annotations

import structlog

from helpline_switch import sdp
from helpline_switch.browser.gateway import BrowserMediaError
from helpline_switch.core.board import Board
from helpline_switch.core.channel import Channel, Line
from helpline_switch.media.errors import MediaError
from helpline_switch.sdp import RemoteMedia

log = structlog.get_logger(__name__)


class Lines:
    """Glue between session descriptions, the mixer and the browser gateway."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def open(self, channel: Channel) -> Line:
        """A leg in the mixer for the channel. Raises NoPortFree."""
        local = await self._board.media.open_leg(channel.id)
        channel.line = Line(local.ip, local.port)
        return channel.line

    async def answer(self, channel: Channel, offer: str) -> str:
        """Our answer to an offer (first or later), with the mixer connected accordingly.

        Raises BadSdp, NoCommonCodec, MediaError or BrowserMediaError.
        """
        line = _line(channel)
        remote = sdp.parse(offer)
        line.browser = line.browser or remote.browser
        if line.browser:
            return await self._answer_browser(channel, line, offer, remote)
        text = sdp.make_answer(remote, line.ip, line.port, version=line.version)
        line.version += 1
        await self._connect(channel, line, remote, remote.address)
        return text

    async def _answer_browser(self, channel: Channel, line: Line, offer: str, remote: RemoteMedia) -> str:
        if line.browser_leg is not None:
            text = await self._board.browser.update(line.browser_leg, offer)
            await self._redirect(channel, line, remote)
            return text
        line.browser_leg = channel.id
        text, plain = await self._board.browser.answer(channel.id, offer, (line.ip, line.port))
        ours = sdp.parse(text)
        await self._connect(channel, line, remote, plain, codec=ours.codec, dtmf=ours.dtmf_payload)
        return text

    def offer(self, channel: Channel) -> str:
        """An offer to a phone, new or again. Every one has a higher version."""
        line = _line(channel)
        text = sdp.make_offer(line.ip, line.port, version=line.version)
        line.version += 1
        return text

    async def accept(self, channel: Channel, answer: str) -> None:
        """Connects the mixer to what a phone answered. Raises BadSdp, NoCommonCodec or MediaError."""
        remote = sdp.parse(answer)
        await self._connect(channel, _line(channel), remote, remote.address)

    async def accept_browser(self, channel: Channel, leg: str, plain: tuple[str, int], answer: str) -> None:
        """Connects the mixer to the browser that answered first. Raises BadSdp, MediaError or BrowserMediaError."""
        line = _line(channel)
        line.browser, line.browser_leg = True, leg
        remote = sdp.parse(answer)
        await self._board.browser.accept(leg, answer)
        await self._connect(channel, line, remote, plain)

    async def _connect(
        self,
        channel: Channel,
        line: Line,
        remote: RemoteMedia,
        address: tuple[str, int],
        *,
        codec: int | None = None,
        dtmf: int | None = None,
    ) -> None:
        line.payload = remote.codec if codec is None else codec
        line.dtmf_payload = remote.dtmf_payload if codec is None else dtmf
        line.address = address
        await self._redirect(channel, line, remote)
        line.connected = True

    async def _redirect(self, channel: Channel, line: Line, remote: RemoteMedia) -> None:
        line.remote = remote
        if not line.browser and remote.we_send:
            line.address = remote.address
        await self._board.media.connect_leg(
            channel.id,
            remote=line.address,
            payload=line.payload,
            dtmf_payload=line.dtmf_payload,
            sends=remote.we_send,
            receives=remote.we_receive,
        )

    async def close(self, channel: Channel) -> None:
        """Gives the leg and the browser's session back; what is gone already is gone."""
        line = channel.line
        if line is None:
            return
        self._board.mixing.forget_leg(channel.id)
        try:
            await self._board.media.close_leg(channel.id)
        except MediaError as error:
            log.info("leg was gone already", channel=channel.id, error=str(error))
        if line.browser_leg is not None:
            await self.close_browser(line.browser_leg)

    async def close_browser(self, leg: str) -> None:
        """Ends one session of the browser gateway."""
        try:
            await self._board.browser.close(leg)
        except BrowserMediaError as error:
            log.info("browser leg was gone already", leg=leg, error=str(error))


def _line(channel: Channel) -> Line:
    assert channel.line is not None, "only channels with media negotiate"
    return channel.line
