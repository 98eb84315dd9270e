"""Requests too large for one datagram go over TCP, if the peer takes it (RFC 3261 18.1.1). Import in the SIP thread only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from helpline_switch.sip.flows import Address, Connection
from helpline_switch.sip.framing import to_wire
from helpline_switch.sip.hub import Hub

log = logging.getLogger(__name__)

LARGEST_DATAGRAM: Final = 1300
_PATIENCE_SECONDS: Final = 1.0
_WITHOUT_TCP_SECONDS: Final = 600.0
_REMEMBERED: Final = 10_000


class LargeRequests:
    """Finds the way of large requests and remembers who takes no TCP. ``clock`` is monotonic seconds."""

    def __init__(self, hub: Hub, clock: Callable[[], float]) -> None:
        self._hub = hub
        self._clock = clock
        self._without: dict[Address, float] = {}

    def flow_for(self, request: Any) -> Connection | None:
        """A connection for a request that would go over UDP; None when UDP is right."""
        (host, port), _transport = request.getTarget()
        address = (str(host), int(port))
        if self._without.get(address, 0.0) > self._clock():
            return None
        if len(to_wire(request.localStr(self._hub.udp.getSIPaddr()))) <= LARGEST_DATAGRAM:
            return None
        return self._hub.dial("tcp", address, patience=_PATIENCE_SECONDS)

    def fall_back(self, transaction: Any) -> bool:
        """The peer takes no TCP: moves a large request to UDP after all. False when that is not what happened."""
        request = getattr(transaction, "large", None)
        if request is None or transaction.userv.stood:
            return False
        log.info("%s takes no TCP, a large %s goes over UDP", transaction.address, transaction.method)
        self._without[transaction.address] = self._clock() + _WITHOUT_TCP_SECONDS
        while len(self._without) > _REMEMBERED:
            del self._without[next(iter(self._without))]
        transaction.userv, transaction.large = self._hub.udp, None
        transaction.data = request.localStr(self._hub.udp.getSIPaddr(), compact=transaction.compact)
        return True
