"""On Asterisk an agent is two endpoints, telephone and page: the agent is there while one of them is."""

import pytest

from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch

pytestmark = pytest.mark.django_db


def say(switch: PaperSwitch, endpoint: str, state: str) -> None:
    switch.tell("PeerStatusChange", endpoint={"resource": endpoint, "state": state})


def test_ada_closes_her_page_and_has_her_telephone_still(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    say(switch, "ada@browser", "online")
    say(switch, "ada@browser", "offline")
    assert "ada" in switch.conductor.online
    say(switch, "ada", "offline")
    assert "ada" not in switch.conductor.online


def test_a_telephone_that_was_there_before_us_counts_until_it_goes(cast: Cast, switch: PaperSwitch) -> None:
    """After a restart the comparison with the switch names no endpoints; the next event does."""
    switch.on_duty(cast.ada)
    switch.restart()
    assert "ada" in switch.conductor.online
    say(switch, "ada", "offline")
    assert "ada" not in switch.conductor.online
