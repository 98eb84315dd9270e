"""Addresses of the built front-end files, with their version so that a browser never mixes two builds."""

import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static

DIST = Path(__file__).parent / "static" / "dist"


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    manifest = DIST / "versions.json"
    if not manifest.exists():
        return {}
    found: dict[str, str] = json.loads(manifest.read_text())
    return found


def built() -> bool:
    """True when the front-end bundle is there."""
    return bool(_versions())


def url(name: str) -> str:
    """`/static/dist/NAME?v=HASH`. In debug the manifest is read anew each time."""
    if settings.DEBUG:
        _versions.cache_clear()
    version = _versions().get(name)
    address = static(f"dist/{name}")
    return f"{address}?v={version}" if version else address
