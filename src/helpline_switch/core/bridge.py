"""A room in which channels hear each other, as ARI sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

BridgeType = Literal["mixing", "holding"]


@dataclass(slots=True)
class Bridge:
    """``channels`` are ids in the order of joining. ``music`` is the class played to all of them."""

    id: str
    name: str
    kind: BridgeType
    created: datetime
    channels: list[str] = field(default_factory=list)
    music: str | None = None

    @property
    def room(self) -> str:
        """Its room in the mixer, where legs and rooms share one space of ids."""
        return f"bridge:{self.id}"

    @property
    def technology(self) -> str:
        """As Asterisk names them."""
        if self.kind == "holding":
            return "holding_bridge"
        return "simple_bridge" if len(self.channels) < 3 else "softmix"
