"""The media of a channel: opening its leg, agreeing on codec and direction, closing it."""

from __future__ import annotations

from typing import Literal

import structlog

from helpline_switch import sdp, sdp_crypto
from helpline_switch.browser.gateway import BrowserMediaError
from helpline_switch.core.board import Board
from helpline_switch.core.channel import Channel, Line
from helpline_switch.core.nat import latch_for
from helpline_switch.media.errors import MediaError
from helpline_switch.media.terms import Keys, Terms
from helpline_switch.sdp import NotSecured, RemoteMedia
from helpline_switch.sdp_crypto import Crypto

log = structlog.get_logger(__name__)

Srtp = Literal["no", "too", "only"]
# The name under which an application learns, after the end of a channel, what its sound was like.
QUALITY = "helpline_quality"


class Lines:
    """Glue between session descriptions, the mixer and the browser gateway."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def open(self, channel: Channel) -> Line:
        """A leg in the mixer for the channel. Raises NoPortFree."""
        local = await self._board.media.open_leg(channel.id)
        channel.line = Line(local.ip, local.port)
        return channel.line

    async def answer(self, channel: Channel, offer: str, line: Line | None = None) -> str:
        """Our answer to an offer (first or later), with the mixer connected accordingly. ``line``: one that is to take
        the place of the channel's own.

        Raises BadSdp, NoCommonCodec, MediaError or BrowserMediaError.
        """
        line = line or _line(channel)
        remote = sdp.parse(offer)
        line.browser = line.browser or remote.browser
        if line.browser:
            return await self._answer_browser(channel, line, offer, remote)
        crypto = _own_key(line, remote)
        order = self._board.rules.codecs
        text = sdp.make_answer(remote, line.ip, line.port, version=line.version, order=order, crypto=crypto)
        line.version += 1
        if crypto is not None:
            line.crypto, line.keys = (crypto,), Keys(crypto.suite, crypto.key, remote.crypto[0].key)
        await self._connect(channel, line, remote, remote.address)
        return text

    async def _answer_browser(self, channel: Channel, line: Line, offer: str, remote: RemoteMedia) -> str:
        if line.browser_leg is not None:
            text = await self._board.browser.update(line.browser_leg, offer)
            await self._redirect(channel, line, remote)
            return text
        line.browser_leg = leg = line.dialog or channel.id
        text, plain = await self._board.browser.answer(leg, offer, (line.ip, line.port), source=line.source)
        ours = sdp.parse(text)
        await self._connect(channel, line, remote, plain, codec=ours.codec, dtmf=ours.dtmf_payload)
        return text

    def offer(self, channel: Channel, *, srtp: Srtp = "no", line: Line | None = None) -> str:
        """An offer to a phone, new or again. Every one has a higher version.

        ``srtp``: not at all, besides plain RTP (RFC 8643), or alone. A call that has SRTP keeps it, with its keys.
        """
        line = line or _line(channel)
        if srtp != "no" and not line.crypto:
            line.crypto = sdp_crypto.offered()
        transport = "RTP/SAVP" if srtp == "only" else "RTP/AVP"
        if line.keys is not None and line.remote is not None:
            transport = line.remote.transport
        text = sdp.make_offer(
            line.ip,
            line.port,
            version=line.version,
            codecs=self._board.rules.codecs,
            transport=transport,
            crypto=line.crypto if srtp != "no" or line.keys is not None else (),
        )
        line.version += 1
        return text

    async def accept(self, channel: Channel, answer: str) -> None:
        """Connects the mixer to what a phone answered. Raises BadSdp, NoCommonCodec, NotSecured or MediaError."""
        line, remote = _line(channel), sdp.parse(answer)
        chosen = sdp_crypto.matching(line.crypto, remote.crypto)
        if chosen is not None:
            ours, theirs = chosen
            line.crypto, line.keys = (ours,), Keys(ours.suite, ours.key, theirs.key)
        elif line.keys is not None or remote.secure:
            raise NotSecured("the answer has none of our keys")
        await self._connect(channel, line, remote, remote.address)

    async def accept_browser(self, channel: Channel, leg: str, plain: tuple[str, int], answer: str) -> None:
        """Connects the mixer to the browser that answered first. Raises BadSdp, MediaError or BrowserMediaError."""
        line = _line(channel)
        line.browser, line.browser_leg = True, leg
        remote = sdp.parse(answer)
        await self._board.browser.accept(leg, answer)
        await self._connect(channel, line, remote, plain)

    async def resume(self, channel: Channel, line: Line) -> None:
        """The mixer talks to where that line was connected to. Raises MediaError."""
        if line.remote is not None:
            await self._redirect(channel, line, line.remote)

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
        chosen = (
            remote.choose(self._board.rules.codecs) if codec is None else sdp.Spoken(codec, sdp.NAMES[codec])
        )
        line.payload, line.codec = chosen.payload, chosen.name
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
            terms=self._terms(line, remote),
        )

    def _terms(self, line: Line, remote: RemoteMedia) -> Terms:
        if line.browser:
            return Terms(codec=line.codec)
        latch = latch_for(remote.ip, line.source, self._board.rules.latch)
        return Terms(line.codec, remote.rtcp_port, remote.mux, latch, line.keys)

    async def close(self, channel: Channel) -> None:
        """Gives the leg and the browser's session back; what is gone already is gone."""
        line = channel.line
        if line is None:
            return
        self._board.mixing.forget_leg(channel.id)
        try:
            quality = await self._board.media.close_leg(channel.id)
        except MediaError as error:
            log.info("leg was gone already", channel=channel.id, error=str(error))
        else:
            if line.connected and channel.announced:
                self._board.publish("ChannelUserevent", channel=channel, eventname=QUALITY, userevent=quality)
        if line.browser_leg is not None:
            await self.close_browser(line.browser_leg)

    async def close_browser(self, leg: str) -> None:
        """Ends one session of the browser gateway."""
        try:
            await self._board.browser.close(leg)
        except BrowserMediaError as error:
            log.info("browser leg was gone already", leg=leg, error=str(error))


def _own_key(line: Line, remote: RemoteMedia) -> Crypto | None:
    """Our line for the first key that was offered; the old one as long as tag and suite stay. Raises NotSecured."""
    if not remote.crypto:
        if line.keys is not None:
            raise NotSecured("SRTP was agreed on and is not offered any more")
        return None
    theirs = remote.crypto[0]
    kept = (each for each in line.crypto if (each.tag, each.suite) == (theirs.tag, theirs.suite))
    return next(kept, None) or sdp_crypto.fresh(theirs.tag, theirs.suite)


def _line(channel: Channel) -> Line:
    assert channel.line is not None, "only channels with media negotiate"
    return channel.line
