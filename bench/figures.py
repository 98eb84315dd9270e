"""What the benches print: one JSON line per figure, with its ratio to a limit or to a peer of the same run."""

from __future__ import annotations

import json
import sys
from typing import Any


def figure(
    name: str, value: float, unit: str, *, limit: float, at_least: bool = False, **more: Any
) -> dict[str, Any]:
    """A figure with a limit. ``ratio`` above 1 is a miss, also where the limit is the least (``at_least``)."""
    return _line(name, value, unit, more, {"limit": limit, "ratio": _ratio(value, limit, at_least)})


def beside(
    name: str, value: float, unit: str, *, peer: str, peer_value: float, at_least: bool = False, **more: Any
) -> dict[str, Any]:
    """A figure beside that of a peer under the same load. ``ratio`` above 1: the peer does better."""
    compared = {"peer": peer, "peer_value": round(peer_value, 3)}
    return _line(name, value, unit, more, compared | {"ratio": _ratio(value, peer_value, at_least)})


def skipped(name: str, why: str) -> dict[str, Any]:
    """The line that stands where a figure is missing."""
    return {"name": name, "skipped": why}


def tell(line: dict[str, Any]) -> None:
    """Print it; what was skipped or failed is also said loudly."""
    print(json.dumps(line), flush=True)
    for word in ("skipped", "failed"):
        if word in line:
            print(f"NOT MEASURED, {word.upper()}: {line['name']}: {line[word]}", file=sys.stderr, flush=True)


def _line(
    name: str, value: float, unit: str, more: dict[str, Any], compared: dict[str, Any]
) -> dict[str, Any]:
    return {"name": name, **more, "value": round(value, 3), "unit": unit, **compared}


def _ratio(value: float, against: float, at_least: bool) -> float | None:
    """None where there is nothing to divide by."""
    above, below = (against, value) if at_least else (value, against)
    return round(above / below, 3) if below > 0 else None
