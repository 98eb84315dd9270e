"""Keys pressed by the far side, by RTP event (RFC 4733) or by INFO."""

from __future__ import annotations

from typing import Literal

from helpline_switch.core.board import Board
from helpline_switch.core.channel import Channel

Way = Literal["rtp", "info"]
# Some phones send a press both ways; the second report of it comes within this time.
_SAME_PRESS_S = 0.5


class Keys:
    """Tells each press once."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._last: dict[str, tuple[str, Way, float]] = {}

    def pressed(self, channel: Channel, digit: str, duration_ms: int, way: Way) -> None:
        """One press. Publishes ChannelDtmfReceived unless it came already by the other way."""
        now = self._board.clock.monotonic()
        before = self._last.get(channel.id)
        if before is not None:
            last_digit, last_way, when = before
            if last_digit == digit and last_way != way and now - when < _SAME_PRESS_S:
                del self._last[channel.id]
                return
        self._last[channel.id] = (digit, way, now)
        self._board.publish("ChannelDtmfReceived", channel=channel, digit=digit, duration_ms=duration_ms)

    def forget(self, channel_id: str) -> None:
        """The channel is over."""
        self._last.pop(channel_id, None)
