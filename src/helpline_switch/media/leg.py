"""One leg: its socket, its stream in, its numbers out."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import random
import socket

from helpline_switch.media import g711, rtp
from helpline_switch.media.dtmf import DtmfReceiver, DtmfSender, Press
from helpline_switch.media.errors import BadRequest, NoPortFree
from helpline_switch.media.jitter import JitterQueue
from helpline_switch.media.playback import Heard, Post
from helpline_switch.media.tones import Loop, Samples, key_tone

_BUFFER = 1 << 17


class Leg:
    """A port towards one phone or browser.

    The socket is connected to the negotiated address, so the kernel drops packets from anyone else.
    """

    def __init__(self, leg_id: str, sock: socket.socket, post: Post) -> None:
        self.id = leg_id
        self.sock = sock
        self.port: int = sock.getsockname()[1]
        self.heard = Heard(post)
        self.jitter = JitterQueue()
        self.dtmf_in = DtmfReceiver()
        self.dtmf_out = DtmfSender()
        self.payload = g711.PCMU
        self.dtmf_payload: int | None = None
        self.connected = self.sends = self.receives = False
        self.muted_in = self.muted_out = False
        self.room_id: str | None = None
        self.seq = random.randrange(1 << 16)
        self.time = random.randrange(1 << 32)
        self.ssrc = random.randrange(1 << 32)
        self.event_time = 0
        self.received = self.sent = 0
        self.last_tick = 0
        self.lost = False
        self._remote_ssrc = -1
        self._key_tones: dict[str, Loop] = {}

    @property
    def silence(self) -> bytes:
        """A frame of silence in the law of this leg."""
        return g711.SILENCE[self.payload]

    def connect(self, remote: tuple[str, int], payload: int, dtmf_payload: int | None) -> None:
        """Aim at the negotiated address; what strangers sent before is thrown away. Raises BadRequest.

        An unspecified address or port 0 (hold in the old way, media switched off) leaves the aim as it was.
        """
        if payload not in g711.SILENCE:
            raise BadRequest(f"payload type {payload} is not G.711")
        try:
            # A host name would be looked up in the middle of a tick.
            if ipaddress.ip_address(remote[0]).is_unspecified or remote[1] == 0:
                return
            self.sock.connect(remote)
        except (OSError, OverflowError, ValueError) as error:
            raise BadRequest(f"cannot send to {remote}: {error}") from error
        self._drain()
        if payload != self.payload:
            self.jitter.reset()
        self.payload, self.dtmf_payload = payload, dtmf_payload
        self.connected = True

    def packet(self, data: bytes, tick: int) -> list[Press] | None:
        """Take one datagram of the far side; for a key event the presses it ends, else None."""
        fields = rtp.split(data)
        if fields is None:
            return None
        kind, seq, time, ssrc, payload = fields
        self.received += 1
        self.last_tick = tick
        if ssrc != self._remote_ssrc:
            self._remote_ssrc = ssrc
            self.jitter.reset()
            self.dtmf_in.reset()
        if kind == self.payload:
            self.jitter.push(seq, payload)
        elif kind == self.dtmf_payload:
            self.jitter.skip(seq)
            return self.dtmf_in.packet(time, payload, tick)
        return None

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

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                with contextlib.suppress(ConnectionError):
                    self.sock.recv(rtp.LARGEST)


class Ports:
    """The even ports of the range, tried from a random start so that a port is not reused at once."""

    def __init__(self, ip: str, first: int, last: int) -> None:
        self._ip = ip
        self._ports = range(first + first % 2, last + 1, 2)
        self._used: set[int] = set()

    def open(self) -> socket.socket:
        """A bound socket. Raises NoPortFree."""
        start = random.randrange(max(1, len(self._ports)))
        for offset in range(len(self._ports)):
            port = self._ports[(start + offset) % len(self._ports)]
            if port in self._used:
                continue
            sock = self._bound(port)
            if sock is not None:
                self._used.add(port)
                return sock
        raise NoPortFree(f"none of {len(self._ports)} RTP ports is free")

    def release(self, port: int) -> None:
        """The socket of this port was closed."""
        self._used.discard(port)

    def _bound(self, port: int) -> socket.socket | None:
        family = socket.AF_INET6 if ":" in self._ip else socket.AF_INET
        try:
            sock = socket.socket(family, socket.SOCK_DGRAM)
        except OSError as error:
            raise NoPortFree(f"no socket: {os.strerror(error.errno or 0)}") from error
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            sock.bind((self._ip, port))
        except OSError:
            sock.close()
            return None
        return sock
