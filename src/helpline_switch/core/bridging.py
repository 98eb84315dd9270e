"""Bridges: making them, moving channels in and out."""

from __future__ import annotations

from helpline_switch.core.board import Board
from helpline_switch.core.bridge import Bridge
from helpline_switch.core.errors import BadParameter, Conflict, Unprocessable
from helpline_switch.core.life import Life

_MIXING = frozenset({"mixing", "dtmf_events", "proxy_media", ""})


class Bridging:
    """The bridge verbs."""

    def __init__(self, board: Board, life: Life) -> None:
        self._board, self._life = board, life

    async def create(self, bridge_id: str | None, kinds: str, name: str) -> Bridge:
        """``kinds`` is ARI's type list: mixing (the default) or holding. Raises BadParameter, Conflict."""
        wanted = {kind.strip() for kind in kinds.split(",")}
        if wanted - _MIXING - {"holding"}:
            raise BadParameter(f"Bridge type not supported: {kinds[:80]}")
        if bridge_id is not None and bridge_id in self._board.bridges:
            raise Conflict("Bridge with given unique ID already exists")
        bridge = Bridge(
            bridge_id or self._board.new_id(),
            name,
            "holding" if "holding" in wanted else "mixing",
            self._board.clock.now(),
        )
        self._board.bridges[bridge.id] = bridge
        self._board.publish("BridgeCreated", bridge=bridge)
        await self._board.mixing.settle()
        return bridge

    async def destroy(self, bridge_id: str) -> None:
        """Everyone leaves and stays in the application. Raises NotFound."""
        bridge = self._board.bridge(bridge_id)
        for member in list(bridge.channels):
            self._life.leave_bridge(self._board.channels[member])
        del self._board.bridges[bridge.id]
        await self._board.mixing.settle()
        self._board.publish("BridgeDestroyed", bridge=bridge)

    async def add(self, bridge_id: str, channel_ids: list[str]) -> None:
        """Channels join, leaving the bridge they were in. Raises NotFound, BadParameter, Unprocessable."""
        bridge = self._board.bridge(bridge_id)
        for channel_id in channel_ids:
            channel = self._board.channels.get(channel_id)
            if channel is None:
                raise BadParameter("Channel not found")
            if channel.app is None:
                raise Unprocessable("Channel not in Stasis application")
        for channel_id in channel_ids:
            channel = self._board.channels[channel_id]
            if channel.bridge == bridge.id:
                continue
            self._life.leave_bridge(channel)
            bridge.channels.append(channel.id)
            channel.bridge = bridge.id
            self._board.publish("ChannelEnteredBridge", bridge=bridge, channel=channel)
        await self._board.mixing.settle()

    async def remove(self, bridge_id: str, channel_ids: list[str]) -> None:
        """Channels leave and stay in the application. Raises NotFound, BadParameter, Unprocessable."""
        bridge = self._board.bridge(bridge_id)
        for channel_id in channel_ids:
            if channel_id not in self._board.channels:
                raise BadParameter("Channel not found")
            if channel_id not in bridge.channels:
                raise Unprocessable("Channel not in this bridge")
        for channel_id in channel_ids:
            self._life.leave_bridge(self._board.channels[channel_id])
        await self._board.mixing.settle()

    async def music(self, bridge_id: str, music: str | None) -> None:
        """Music for everyone in the bridge; None stops it. Raises NotFound."""
        self._board.bridge(bridge_id).music = music
        await self._board.mixing.settle()
