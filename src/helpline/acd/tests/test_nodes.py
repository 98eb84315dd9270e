"""Two switch nodes, one desk: each call is steered on its own node, and only people reached there get it."""

from functools import partial

import pytest

from helpline.acd import present
from helpline.acd.models import Decision
from helpline.acd.node_book import NodeBook
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch, state_of
from helpline.acd.tests.two_nodes import NORTH, SOUTH, TwoNodes
from helpline.core.errors import Conflict
from helpline.telephony import orders as o
from helpline.telephony.models import Call, CallState, Recording


@pytest.fixture
def nodes(cast: Cast) -> TwoNodes:
    return TwoNodes()


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def test_calls_on_both_nodes_are_steered_where_they_are(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.ada, NORTH, SOUTH)
    nodes.on_duty_at(cast.sven, NORTH, SOUTH)
    carl, dora = nodes.call("carl-1"), nodes.call("dora-1", caller="+31305550111", node=SOUTH)
    nodes.press("carl-1", "1")
    nodes.press("dora-1", "1")
    users = {call.pk: nodes.conductor.state.agents_of(str(call.pk))[0].id for call in (carl, dora)}
    for call in (carl, dora):
        nodes.pick_up(cast.ada if users[call.pk] == "ada" else cast.sven, call)
    assert (fresh(carl).state, fresh(dora).state) == (CallState.TALKING, CallState.TALKING)
    assert (fresh(carl).node, fresh(dora).node) == (NORTH, SOUTH)
    assert {nodes.node_of(leg) for leg in dora.legs.all()} == {SOUTH}
    assert Recording.objects.get(call=dora).node == SOUTH
    nodes.hang_up("dora-1")
    assert fresh(dora).state == CallState.ENDED
    fetch = next(one for one in nodes.orders if one.lane.startswith("recordings"))
    assert (fetch.node, fetch.lane) == (SOUTH, f"recordings {SOUTH}")
    assert not nodes.misled


def test_ada_is_not_offered_a_call_of_a_node_where_she_has_no_phone(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.ada, NORTH)
    call = nodes.call("dora-1", node=SOUTH)
    nodes.press("dora-1", "1")
    assert (fresh(call).state, state_of(cast.ada)) == (CallState.QUEUED, "available")
    why = Decision.objects.filter(call=call, kind="wait").latest("pk").why
    assert {"agent": "ada", "code": "other_node", "params": {"node": SOUTH}} in why["candidates"]
    nodes.phone_at("ada", "online", SOUTH)
    assert nodes.ringing(cast.ada, call)


def test_a_phone_that_leaves_one_node_is_still_there_at_the_other(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.ada, NORTH, SOUTH)
    nodes.phone_at("ada", "offline", NORTH)
    assert state_of(cast.ada) == "available"
    nodes.phone_at("ada", "offline", SOUTH)
    assert state_of(cast.ada) == "lost"


def test_a_list_of_one_node_says_nothing_of_the_other(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.ada, NORTH)
    carl = nodes.talk(cast.ada)
    dora = nodes.call("dora-1", node=SOUTH)
    nodes.press("dora-1", "1")
    nodes.clock.advance(30)
    for node in (NORTH, SOUTH):
        nodes.compare(nodes.shown_at(node))
    assert (fresh(carl).state, fresh(dora).state) == (CallState.TALKING, CallState.QUEUED)
    assert (len(nodes.channels), state_of(cast.ada)) == (3, "talking")


def test_a_lost_hang_up_is_found_in_the_list_of_its_node(cast: Cast, nodes: TwoNodes) -> None:
    call = nodes.call("dora-1", node=SOUTH)
    nodes.clock.advance(30)
    del nodes.channels["dora-1"]
    nodes.compare(nodes.shown_at(NORTH))
    assert fresh(call).state != CallState.ENDED
    nodes.compare(nodes.shown_at(SOUTH))
    assert fresh(call).state == CallState.ENDED


def test_ada_is_asked_in_only_where_the_call_is(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.sven, SOUTH)
    nodes.on_duty_at(cast.ada, NORTH)
    nodes.call("dora-1", node=SOUTH)
    call = nodes.call("dora-2", node=SOUTH)
    nodes.press("dora-2", "1")
    nodes.pick_up(cast.sven, call)
    with pytest.raises(Conflict, match="has no telephone at south:8088"):
        nodes.do(cast.sven, "consult", call, to="ada")


def test_ada_calls_ben_on_the_node_that_has_fewest_calls(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.ada, NORTH, SOUTH)
    nodes.on_duty_at(cast.ben, NORTH, SOUTH)
    nodes.call("carl-1")
    nodes.do(cast.ada, "dial", number="ben")
    call = Call.objects.get(direction="out")
    assert (call.node, nodes.orders[-1].node) == (SOUTH, SOUTH)


def test_ada_calls_where_her_phone_is_and_not_where_it_drains(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.ada, NORTH, SOUTH)
    nodes.call("dora-1", node=SOUTH)
    nodes.compare(nodes.shown_at(NORTH, draining=True))
    nodes.do(cast.ada, "dial", number="ben")
    assert Call.objects.get(direction="out").node == SOUTH


def test_after_a_restart_each_node_is_met_by_itself(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.sven, SOUTH)
    nodes.on_duty_at(cast.ada, NORTH)
    carl = nodes.talk(cast.ada)
    waiting = nodes.call("dora-1", node=NORTH)
    nodes.press("dora-1", "1")
    nodes.restart()
    assert (state_of(cast.ada), state_of(cast.sven)) == ("talking", "available")
    assert (fresh(carl).state, fresh(waiting).state) == (CallState.TALKING, CallState.QUEUED)
    nodes.hang_up("carl-1")
    nodes.wait(40)
    assert nodes.ringing(cast.ada, waiting)


def test_with_one_node_there_is_nothing_to_choose_and_nothing_to_ask(
    cast: Cast, switch: PaperSwitch, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]  # the fixture of pytest-django
        assert NodeBook(("only:8088",)).of("no-such-call") == "only:8088"
        assert NodeBook(("only:8088",)).choose(frozenset()) == "only:8088"
    switch.on_duty(cast.ada)
    switch.talk(cast.ada)
    assert {one.node for one in switch.orders} == {""}
    assert all(agent.nodes is None for agent in switch.conductor.state.agents.values())


def test_a_single_node_is_never_given_up(cast: Cast, switch: PaperSwitch) -> None:
    call = switch.call()
    switch.conductor.perform(partial(present.node_lost, node=""))
    assert fresh(call).state != CallState.ENDED
    assert not switch.given(o.Hangup)
