"""A node of the switch is lost: whoever waited or talked there keeps the place and is called back (P13, P14, row E7)."""

import pytest

from helpline.acd.calling_back import PAUSE_S
from helpline.acd.models import QueueEntry
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import state_of
from helpline.acd.tests.two_nodes import NORTH, SOUTH, TwoNodes
from helpline.telephony import orders as o
from helpline.telephony import queries
from helpline.telephony.models import Call, CallState, Leg, Recording, RecordingState, Trunk


@pytest.fixture
def nodes(cast: Cast) -> TwoNodes:
    """With a trunk, by which Carl at +31305550199 can be called."""
    Trunk.objects.create(desk=cast.acme, name="telco", hosts=["192.0.2.7"], numbers=["+31301234500"])
    return TwoNodes()


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def waiting(nodes: TwoNodes, leg: str = "carl-1", *, node: str = NORTH, caller: str = "+31305550199") -> Call:
    call = nodes.call(leg, caller=caller, node=node)
    nodes.press(leg, "1")
    return call


def lose(nodes: TwoNodes, node: str = NORTH) -> None:
    nodes.kill(node)
    nodes.give_up(node)


def story(call: Call) -> list[str]:
    return [line.text for line in queries.call_story(call)]


def test_carl_who_waited_is_called_back_and_served_before_those_who_came_later(
    cast: Cast, nodes: TwoNodes
) -> None:
    carl = waiting(nodes)
    entered = QueueEntry.objects.get(call=carl).entered_at
    nodes.clock.advance(60)
    dora = waiting(nodes, "dora-1", node=SOUTH, caller="+31305550111")
    lose(nodes)
    rung = nodes.rung_again(carl)
    assert (rung.endpoint, nodes.at[rung.leg]) == ("PJSIP/+31305550199@trunk-telco", SOUTH)
    assert "+31301234500" in rung.caller
    assert (fresh(carl).state, fresh(carl).node) == (CallState.QUEUED, SOUTH)
    nodes.caller_answers(carl)
    assert "kept your place" in nodes.conductor.settings.prompts.words("cut_off", "en")
    assert nodes.given(o.Play)[-1].leg == rung.leg
    assert QueueEntry.objects.get(call=carl, left_at=None).entered_at == entered
    nodes.on_duty_at(cast.ada, SOUTH)
    nodes.pick_up(cast.ada, carl)
    assert (fresh(carl).state, fresh(dora).state) == (CallState.TALKING, CallState.QUEUED)
    assert not nodes.misled
    assert "The switch north:8088 was lost" in story(carl)
    assert "The caller is called back, attempt 1" in story(carl)


def test_while_carl_is_away_nobody_is_offered_his_call(cast: Cast, nodes: TwoNodes) -> None:
    carl = waiting(nodes)
    lose(nodes)
    nodes.on_duty_at(cast.ada, SOUTH)
    assert state_of(cast.ada) == "available"
    nodes.caller_answers(carl)
    assert nodes.ringing(cast.ada, carl)


def test_carl_who_talked_is_first_in_line_and_gets_ada_again(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.sven, NORTH, SOUTH)
    nodes.on_duty_at(cast.ada, NORTH, SOUTH)
    nodes.do(cast.sven, "state", state="busy")
    carl = nodes.talk(cast.ada)
    nodes.do(cast.sven, "state", state="available")
    lose(nodes)
    assert state_of(cast.ada) == "available"
    assert Recording.objects.get(call=carl).state == RecordingState.FAILED
    nodes.caller_answers(carl)
    nodes.pick_up(cast.ada, carl)
    assert (fresh(carl).state, state_of(cast.ada)) == (CallState.TALKING, "talking")
    second = Recording.objects.get(call=carl, state=RecordingState.LIVE)
    assert (second.node, second.name) == (SOUTH, f"call-{carl.pk}-2")
    nodes.hang_up(nodes.rung_again(carl).leg)
    assert (fresh(carl).state, fresh(carl).outcome) == (CallState.ENDED, "answered")


def test_a_phone_that_rang_for_carl_is_free_again_without_blame(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.ada, NORTH, SOUTH)
    carl = waiting(nodes)
    assert nodes.ringing(cast.ada, carl)
    lose(nodes)
    assert state_of(cast.ada) == "available"
    assert nodes.conductor.state.agents["ada"].misses == 0
    nodes.caller_answers(carl)
    assert nodes.ringing(cast.ada, carl)


def test_ada_whose_only_phone_was_there_is_off_the_line_until_it_registers(
    cast: Cast, nodes: TwoNodes
) -> None:
    nodes.on_duty_at(cast.ada, NORTH)
    carl = nodes.talk(cast.ada)
    lose(nodes)
    assert state_of(cast.ada) == "lost"
    nodes.phone_at("ada", "online", SOUTH)
    nodes.caller_answers(carl)
    assert nodes.ringing(cast.ada, carl)


def test_a_caller_at_the_desk_s_own_telephone_is_called_there(cast: Cast, nodes: TwoNodes) -> None:
    carl = waiting(nodes)
    Leg.objects.filter(pk="carl-1").update(endpoint="PJSIP/carl-0000002a")
    nodes.phone_at("carl", "online", SOUTH)
    lose(nodes)
    assert nodes.rung_again(carl).endpoint == "PJSIP/carl"


def test_carl_is_rung_three_times_and_then_let_go(cast: Cast, nodes: TwoNodes) -> None:
    carl = waiting(nodes)
    lose(nodes)
    legs = set()
    for _attempt in range(3):
        leg = nodes.rung_again(carl).leg
        legs.add(leg)
        nodes.hang_up(leg, 19)
        assert fresh(carl).state == CallState.QUEUED
        nodes.look_after(PAUSE_S + 1)
    assert len(legs) == 3
    assert (fresh(carl).state, fresh(carl).ended_by) == (CallState.ENDED, "lost")
    assert QueueEntry.objects.get(call=carl).outcome == "abandoned"


def test_carl_who_refuses_our_call_is_not_rung_again(cast: Cast, nodes: TwoNodes) -> None:
    carl = waiting(nodes)
    lose(nodes)
    nodes.hang_up(nodes.rung_again(carl).leg, 21)
    assert fresh(carl).state == CallState.ENDED


def test_there_is_one_call_back_although_the_node_returns(cast: Cast, nodes: TwoNodes) -> None:
    carl = waiting(nodes)
    nodes.cut(NORTH)
    nodes.give_up(NORTH)
    nodes.give_up(NORTH)
    nodes.clock.advance(30)
    nodes.comes_back(NORTH)
    assert "carl-1" not in nodes.channels
    nodes.caller_answers(carl)
    nodes.look_after(PAUSE_S + 1)
    assert len([one for one in nodes.given(o.Originate) if one.leg.startswith("again-")]) == 1
    assert (fresh(carl).state, fresh(carl).node) == (CallState.QUEUED, SOUTH)
    assert NORTH not in nodes.conductor.nodes.lost


def test_a_recording_that_the_node_brings_back_is_taken_home(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.ada, NORTH, SOUTH)
    carl = nodes.talk(cast.ada)
    lose(nodes)
    name = Recording.objects.get(call=carl).name
    nodes.dead.discard(NORTH)
    there = nodes.shown_at(NORTH)
    nodes.compare(
        type(there)(phones=there.phones, asked_at=there.asked_at, node=NORTH, stored=frozenset({name}))
    )
    fetch = nodes.orders[-1]
    assert (fetch.do.name, fetch.node) == (name, NORTH)  # type: ignore[union-attr]  # the last order is the fetching


def test_a_restart_between_loss_and_answer_rings_nobody_twice(cast: Cast, nodes: TwoNodes) -> None:
    carl = waiting(nodes)
    nodes.on_duty_at(cast.ada, SOUTH)
    lose(nodes)
    nodes.restart()
    assert state_of(cast.ada) == "available"
    nodes.look_after(1)
    assert len([one for one in nodes.given(o.Originate) if one.leg.startswith("again-")]) == 1
    nodes.caller_answers(carl)
    assert nodes.ringing(cast.ada, carl)


def test_calls_nobody_waits_in_end_with_the_node(cast: Cast, nodes: TwoNodes) -> None:
    nodes.on_duty_at(cast.ada, NORTH, SOUTH)
    menu = nodes.call("carl-1")
    nodes.call("dora-1", node=SOUTH)
    nodes.call("dora-2", node=SOUTH)
    nodes.do(cast.ada, "dial", number="ben")
    dialled = Call.objects.get(direction="out")
    assert dialled.node == NORTH
    lose(nodes)
    assert {fresh(menu).state, fresh(dialled).state} == {CallState.ENDED}
    assert fresh(menu).ended_by == "lost"
    assert state_of(cast.ada) in {"available", "wrap_up"}
    assert Call.objects.exclude(state=CallState.ENDED).count() == 2


def test_a_node_that_starts_anew_before_it_is_given_up_has_lost_its_callers_too(
    cast: Cast, nodes: TwoNodes
) -> None:
    carl = waiting(nodes)
    nodes.compare(nodes.shown_at(NORTH))
    nodes.kill(NORTH)
    nodes.started[NORTH] = "8:05"
    nodes.comes_back(NORTH)
    assert (fresh(carl).state, nodes.at[nodes.rung_again(carl).leg]) == (CallState.QUEUED, SOUTH)
    nodes.on_duty_at(cast.ada, NORTH, SOUTH)
    nodes.caller_answers(carl)
    assert nodes.ringing(cast.ada, carl)


def test_who_hung_up_while_only_the_stream_was_away_is_not_called_back(cast: Cast, nodes: TwoNodes) -> None:
    carl = waiting(nodes)
    nodes.compare(nodes.shown_at(NORTH))
    nodes.kill(NORTH)
    nodes.comes_back(NORTH)
    assert fresh(carl).state == CallState.ENDED
    assert not nodes.given(o.Originate)
