"""Where requests of a dialog go: remote target and route set (RFC 3261 12.2.1.1). Import in the SIP thread only."""

from __future__ import annotations

from typing import Any, NamedTuple

from sippy.SipAddress import SipAddress
from sippy.SipRoute import SipRoute


class Way(NamedTuple):
    """Request-URI, Route headers and the address of the next hop as ((host, port), transport)."""

    uri: Any
    routes: list[Any]
    address: Any


def way(target: Any, routes: list[Any]) -> Way:
    """The way to a remote target over a route set; the first proxy may be a strict router, as before RFC 3261."""
    if not routes:
        return Way(target, [], target.getTAddr())
    if routes[0].getUrl().lr:
        return Way(target, routes, routes[0].getTAddr())
    first = routes[0].getUrl()
    rest = [*routes[1:], SipRoute(address=SipAddress(url=target))]
    return Way(first, rest, first.getTAddr())


def way_of(response: Any, target: Any) -> Way:
    """The way a response made: its Contact (``target`` when it has none) over its Record-Route, reversed (12.1.2)."""
    if response.countHFs("contact"):
        target = response.getHFBody("contact").getUrl().getCopy()
    routes = [each.getCopy() for each in response.getHFBodys("record-route")]
    return way(target, routes[::-1])


def refresh_target(agent: Any, message: Any) -> None:
    """The peer's Contact in a re-INVITE, an UPDATE or their 2xx is the new remote target (12.2.1.2, 12.2.2); the
    route set stays (12.2)."""
    if not message.countHFs("contact"):
        return
    contact = message.getHFBody("contact")
    if getattr(contact, "asterisk", False):
        return
    target = contact.getUrl().getCopy()
    if not agent.routes:
        agent.rTarget, agent.rAddr = target, target.getTAddr()
    elif agent.routes[0].getUrl().lr:
        agent.rTarget = target
    else:
        # Behind a strict router the Request-URI is the router; the target is the last of the routes.
        agent.routes[-1] = SipRoute(address=SipAddress(url=target))
