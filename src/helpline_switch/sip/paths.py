"""The proxies between us and a phone (RFC 3327). Import in the SIP thread only."""

from __future__ import annotations

from typing import Any

from sippy.SipRoute import SipRoute


def routes(path: tuple[str, ...]) -> list[Any]:
    """Route header bodies, in order. Raises ValueError for what is no address."""
    return [_route(each) for each in path]


def _route(text: str) -> Any:
    try:
        route = SipRoute(text)
        route.parse()
        host = route.getUrl().host
    except Exception as fault:
        raise ValueError(f"not a route: {text!r}") from fault
    if not isinstance(host, str) or not host:
        raise ValueError(f"no host in {text!r}")
    return route
