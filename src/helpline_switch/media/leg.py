"""One leg: its sockets, its stream in, its numbers out."""

from __future__ import annotations

import contextlib
import ipaddress
import random
import socket
from collections.abc import Callable

from helpline_switch.media import g711, rtcp, rtp
from helpline_switch.media.coding import Coder, coder
from helpline_switch.media.door import Door
from helpline_switch.media.dtmf import DtmfReceiver, DtmfSender, Press
from helpline_switch.media.errors import BadRequest
from helpline_switch.media.formats import PCMU, Format, format_of
from helpline_switch.media.jitter import JitterQueue, OpusQueue
from helpline_switch.media.playback import Heard, Post
from helpline_switch.media.ports import Pair
from helpline_switch.media.reports import Reports, Stream
from helpline_switch.media.srtp import Guard
from helpline_switch.media.terms import PLAIN, Terms
from helpline_switch.media.tones import Loop, Samples, key_tone

_CNAME = "helpline"
_HEADER, _unpack = rtp.HEADER.size, rtp.HEADER.unpack_from


class Leg:
    """A pair of ports towards one phone or browser. ``wall``: POSIX seconds, for RTCP alone."""

    def __init__(self, leg_id: str, pair: Pair, post: Post, wall: Callable[[], float]) -> None:
        self.id = leg_id
        self.door = Door(pair)
        self.port: int = pair.rtp.getsockname()[1]
        self.heard = Heard(post)
        self.jitter = JitterQueue()
        self.dtmf_in = DtmfReceiver()
        self.dtmf_out = DtmfSender()
        self.form: Format = PCMU
        self.coder: Coder | None = None
        self.payload = g711.PCMU
        self.dtmf_payload: int | None = None
        self.receive = self.door.receive
        self.connected = self.sends = self.receives = False
        self.muted_in = self.muted_out = False
        self.room_id: str | None = None
        # The lower half: the far side must see the first wrap to count on for SRTP (RFC 3711 3.3.1).
        self.seq = random.randrange(1 << 15)
        self.time = random.randrange(1 << 32)
        self.ssrc = random.randrange(1 << 32)
        self.event_time = 0
        self.received = self.octets_received = 0
        self.sent = self.octets = 0
        self.reported_sent = 0
        self.last_tick = 0
        self.lost = False
        self.reports = Reports()
        self.stream: Stream | None = None
        self._wall = wall
        self._remote_ssrc = -1
        self._key_tones: dict[str, Loop] = {}

    @property
    def silence(self) -> bytes:
        """A frame of silence in the law of this leg."""
        return g711.SILENCE[g711.PCMA if self.form.codec == "PCMA" else g711.PCMU]

    @property
    def special(self) -> bool:
        """Its packets are made one by one: another codec than G.711, or SRTP."""
        return self.coder is not None or self.door.guard is not None

    def connect(
        self, remote: tuple[str, int], payload: int, dtmf_payload: int | None, terms: Terms = PLAIN
    ) -> None:
        """Aim at the negotiated address; what strangers sent before is thrown away. Raises BadRequest.

        An unspecified address or port 0 (hold in the old way, media switched off) leaves the aim as it was.
        """
        form = format_of(payload, terms.codec)
        guard = self._guard(terms)
        try:
            # A host name would be looked up in the middle of a tick.
            if ipaddress.ip_address(remote[0]).is_unspecified or remote[1] == 0:
                return
            self.door.aim(remote, terms, guard)
        except (OSError, OverflowError, ValueError) as error:
            raise BadRequest(f"cannot send to {remote}: {error}") from error
        self.receive = self.door.receive
        if form != self.form:
            self._speak(form)
        self.dtmf_payload = dtmf_payload
        self.connected = True

    def _guard(self, terms: Terms) -> Guard | None:
        """The same keys go on with the same state: libsrtp counts the packets (RFC 3711 3.3.1)."""
        old = self.door.guard
        if old is not None and old.keys == terms.keys:
            return old
        return None if terms.keys is None else Guard(terms.keys, old)

    def _speak(self, form: Format) -> None:
        self.form, self.payload = form, form.payload
        self.coder = None if form.plain else coder(form)
        queue = OpusQueue() if form.codec == "opus" else JitterQueue()
        queue.inherit(self.jitter)
        self.jitter = queue
        self._remote_ssrc = -1

    def packet(self, data: bytes, tick: int) -> list[Press] | None:
        """Take one datagram of the far side; for a key event the presses it ends, else None."""
        if len(data) > _HEADER and data[0] == rtp.VERSION_2:
            # The usual packet without extras, read in place: this runs fifty times a second for every leg.
            _, kind, seq, time, ssrc = _unpack(data)
            kind &= 0x7F
            payload = data[_HEADER:]
        elif (fields := rtp.split(data)) is not None:
            kind, seq, time, ssrc, payload = fields
        else:
            return None
        if ssrc != self._remote_ssrc and not self._meet(data, seq, ssrc):
            return None
        self.received += 1
        self.octets_received += len(payload)
        self.last_tick = tick
        if kind == self.payload:
            self.jitter.push(seq, payload)
        elif kind == self.dtmf_payload:
            self.jitter.skip(seq)
            return self.dtmf_in.packet(time, payload, tick)
        else:
            self.jitter.skip(seq)
        return None

    def _meet(self, data: bytes, seq: int, ssrc: int) -> bool:
        """A stream that is new here; False for what is no stream but a report on the same port."""
        if rtcp.is_rtcp(data):
            self.take_report(data, self._wall())
            return False
        self._remote_ssrc = ssrc
        self.jitter.reset()
        self.dtmf_in.reset()
        counted = self.received, self.jitter.missing, self.jitter.behind
        self.stream = Stream(ssrc, seq, self.form.clock, *counted)
        return True

    def clocked(self, size: int) -> bytes:
        """As ``door.receive``, and the time of arrival goes into the jitter of the stream."""
        data, arrival = self.door.receive_clocked(size)
        stream = self.stream
        if stream is not None and arrival and len(data) >= rtp.HEADER.size:
            _, kind, _, time, ssrc = rtp.HEADER.unpack_from(data)
            if kind & 0x7F == self.payload and ssrc == stream.ssrc:
                stream.arrived(arrival, time)
        return data

    def take_report(self, data: bytes, wall: float) -> None:
        """An RTCP packet of the far side; what is malformed is left out."""
        report = rtcp.parse(data)
        if report is not None:
            self.reports.take(report, self.ssrc, self.form.clock, wall)

    def report(self, time: int, *, bye: bool = False) -> None:
        """Send SR or RR (RFC 3550 6.4). ``time``: where our stream is now on its RTP clock."""
        wall = self._wall()
        block = None
        if self.stream is not None:
            block = self.reports.block(self.stream, self.jitter, self.received, wall)
        sent = None
        if self.sent > self.reported_sent and not bye:
            self.reported_sent = self.sent
            sent = rtcp.Sent(rtcp.ntp_time(wall), time, self.sent & 0xFFFFFFFF, self.octets_sent & 0xFFFFFFFF)
        # Reports are a courtesy: the far side may have closed its port.
        with contextlib.suppress(OSError):
            self.door.send_report(rtcp.build(self.ssrc, _CNAME, sent, block, bye=bye))

    @property
    def octets_sent(self) -> int:
        """Bytes of payload; those of plain legs are known by their number."""
        return self.octets + (0 if self.special else self.sent * g711.FRAME)

    def own_frame(self) -> Samples | None:
        """What this leg alone hears in this tick: key tones if it knows no events, else its playbacks and music."""
        frame = self.heard.frame()
        if self.dtmf_payload is None and self.dtmf_out.busy:
            key = self.dtmf_out.key
            self.dtmf_out.step()
            if key is not None:
                frame = self._key_tones.setdefault(key, Loop(key_tone(key))).frame()
        return frame

    @property
    def quiet(self) -> bool:
        """Nothing of its own to hear or to send, now and later."""
        return self.heard.idle and not self.dtmf_out.busy

    def dtmf_packet(self, kind: int, seq: int, time: int) -> bytes | None:
        """The event packet to send in this tick, None in the pause between digits."""
        beat = self.dtmf_out.step()
        if beat is None:
            return None
        if beat.fresh:
            self.event_time = time
        return rtp.build(kind, seq, self.event_time, self.ssrc, beat.payload, marker=beat.fresh)

    @property
    def sock(self) -> socket.socket:
        """The socket of the stream."""
        return self.door.pair.rtp
