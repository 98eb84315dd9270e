"""Which of an agent's phones rings on Asterisk, and how the desk counts them."""

from typing import Any

import pytest

from helpline.telephony import listener
from helpline.telephony import orders as o
from helpline.telephony.ari import AriError
from helpline.telephony.asterisk.verbs import reachable

OFFER = o.Originate("offer-1", "PJSIP/ada", "<carl>", 15, "call-1")


class Endpoints:
    """Tells the state of endpoints."""

    def __init__(self, **states: str) -> None:
        self._states = states

    async def get(self, path: str, **params: Any) -> Any:
        name = path.rpartition("/")[2].partition("@")[0]
        if name not in self._states:
            raise AriError(404, "Endpoint not found", path)
        return {"resource": name, "state": self._states[name]}


@pytest.mark.parametrize(
    ("states", "endpoint"),
    [
        ({"ada": "online"}, "PJSIP/ada@browser"),
        ({"ada": "offline"}, "PJSIP/ada"),
        ({}, "PJSIP/ada"),
    ],
)
async def test_the_page_rings_while_it_is_open(states: dict[str, str], endpoint: str) -> None:
    order = await reachable(Endpoints(**states), OFFER)  # type: ignore[arg-type]  # has what is used of a client
    assert (order.endpoint, order.leg) == (endpoint, "offer-1")
    assert order.variables["PJSIP_TRANSFER_HANDLING()"] == "ari-only"


async def test_a_number_by_a_trunk_is_left_as_it_is() -> None:
    outside = o.Originate("outside-1", "PJSIP/0301234@trunk-acme", "<100>", 30, "call-1")
    order = await reachable(Endpoints(), outside)  # type: ignore[arg-type]  # as above
    assert order.endpoint == outside.endpoint


@pytest.mark.django_db
@pytest.mark.parametrize("endpoint", ["ada", "ada@browser"])
def test_both_endpoints_are_adas(endpoint: str) -> None:
    event = {"type": "PeerStatusChange", "endpoint": {"resource": endpoint, "state": "online"}}
    (fact,) = listener.hear(event)
    assert (fact.username, fact.online, fact.endpoint) == ("ada", True, endpoint)  # type: ignore[union-attr]  # a PhoneChanged
