"""What happened, for whoever listens. A notice is rendered when it is published: it shows the state of that moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Notice:
    """One event by its ARI name. ``fields`` hold JSON values or objects of the core (Channel, Bridge, Playback,
    LiveRecording, Endpoint, Contact). ``only_for`` names the one application that may see it; None means everyone concerned."""

    type: str
    fields: Mapping[str, object] = field(default_factory=dict)
    only_for: str | None = None
