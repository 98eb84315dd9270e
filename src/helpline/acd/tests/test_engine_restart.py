"""The engine is started again, or its settings change, while callers wait and talk (P14, P8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpline.acd.engine import (
    AgentProfile,
    AgentState,
    Bridged,
    CallerFacts,
    ConfigChanged,
    CountServed,
    EnterQueue,
    Flow,
    FrontEndMessage,
    Offer,
    Play,
    Queue,
    Relaxation,
    Restored,
    RestoredAgent,
    RestoredCaller,
    Stage,
    StartMusic,
    Target,
    TargetKind,
    WrapUpDone,
    step,
)
from helpline.acd.tests.engine_desk import ADA, BEN, IT, SALES, Desk, config, entry, of, straight

S = AgentState


def waiting(call: str, since: float, **more: object) -> RestoredCaller:
    return RestoredCaller(
        call,
        "100",
        Stage.QUEUED,
        queue="it",
        waiting_since=since,
        queued_at=since,
        **more,  # type: ignore[arg-type]  # passed through
    )


def test_everyone_is_back_at_their_place() -> None:
    desk = Desk(straight())
    desk.now = 100
    people = (waiting("late", 90), waiting("early", 20), waiting("vip", 60, facts=CallerFacts(credit_s=50)))
    desk.send(Restored(100, people))
    assert {one.call for one in of(desk.last, StartMusic)} == {"late", "early", "vip"}
    assert not of(desk.last, EnterQueue)
    desk.on_duty("ada", "ben", "sven")
    assert [call for call, _ in desk.offered()] == ["vip", "early", "late"]


def test_told_twice_is_told_once() -> None:
    desk = Desk(straight())
    told = Restored(100, (waiting("carl", 20),), (RestoredAgent("ada", S.AVAILABLE, idle_since=5),))
    assert of(desk.send(told), Offer)
    assert desk.send(told) == []


def test_a_ringing_phone_rings_on_and_nobody_else_is_rung() -> None:
    desk = Desk(straight())
    people = (
        RestoredAgent("ada", S.RINGING, call="carl", until=110),
        RestoredAgent("ben", S.AVAILABLE),
    )
    desk.send(Restored(100, (replace(waiting("carl", 20), stage=Stage.OFFERED),), people))
    assert desk.offered() == []
    desk.now = 100
    desk.wait(10)
    assert desk.offered() == [("carl", "ben")]


def test_an_offer_whose_phone_no_longer_rings_is_made_anew() -> None:
    desk = Desk(straight())
    caller = replace(waiting("carl", 20), stage=Stage.OFFERED)
    desk.send(Restored(100, (caller,), (RestoredAgent("ben", S.AVAILABLE),)))
    assert desk.offered() == [("carl", "ben")]


def test_talks_go_on_and_end_as_ever() -> None:
    desk = Desk(straight())
    caller = RestoredCaller("carl", "100", Stage.CONNECTED, queue="it")
    desk.send(Restored(100, (caller,), (RestoredAgent("ada", S.TALKING, call="carl"),)))
    assert desk.agent("ada") is S.TALKING
    desk.now = 130
    desk.gone()
    assert desk.agent("ada") is S.WRAP_UP


def test_a_caller_whose_agent_is_gone_is_next_in_line() -> None:
    desk = Desk(straight())
    desk.send(Restored(100, (RestoredCaller("carl", "100", Stage.CONNECTED, queue="it"),)))
    assert of(desk.last, EnterQueue)[0].why == "agent_lost"


@pytest.mark.parametrize(
    ("stage", "prompt"), [(Stage.GREETING, "greeting"), (Stage.FRONT_END, "menu"), (Stage.MENU, "menu")]
)
def test_a_prompt_that_was_cut_off_is_heard_again(stage: Stage, prompt: str) -> None:
    desk = Desk(config())
    desk.send(Restored(100, (RestoredCaller("carl", "100", stage),)))
    assert of(desk.last, Play)[0].prompt == prompt


def test_a_wrap_up_that_ended_meanwhile_is_over_and_a_lost_phone_has_its_time() -> None:
    desk = Desk(straight())
    people = (RestoredAgent("ada", S.WRAP_UP, until=90), RestoredAgent("ben", S.LOST))
    desk.send(Restored(100, (), people))
    assert (desk.agent("ada"), desk.agent("ben")) == (S.AVAILABLE, S.LOST)
    desk.now = 100
    desk.wait(60)
    assert desk.agent("ben") is S.OFFLINE


def test_an_own_call_in_the_making_is_adopted() -> None:
    desk = Desk(straight())
    desk.send(Restored(100, (), (RestoredAgent("ada", S.RESERVED, call="out-1"),)))
    desk.send(Bridged(101, "out-1", "ada"))
    assert desk.agent("ada") is S.TALKING


class TestSettings:
    def test_a_skill_given_now_counts_now(self) -> None:
        queue = replace(IT, steps=(Relaxation(0, {"vpn": 2}),))
        desk = Desk(straight(ADA, queue=queue))
        desk.on_duty("ada")
        desk.call()
        assert desk.offered() == []
        desk.send(ConfigChanged(desk.now, straight(replace(ADA, skills={"vpn": 2}), queue=queue)))
        assert desk.offered() == [("carl", "ada")]

    def test_the_same_settings_again_change_nothing(self) -> None:
        desk = Desk(straight())
        desk.call()
        assert desk.send(ConfigChanged(desk.now, straight())) == []

    def test_a_removed_queue_is_served_until_it_is_empty(self) -> None:
        desk = Desk(straight())
        desk.call()
        desk.send(ConfigChanged(desk.now, config(queues=[SALES], entries=[entry(Flow(queue="sales"))])))
        desk.on_duty("ada")
        assert desk.offered() == [("carl", "ada")]
        desk.answer("ada")
        assert not desk.state.drained

    def test_a_choice_of_a_queue_removed_meanwhile_leads_to_one_that_is_there(self) -> None:
        desk = Desk(config())
        desk.call()
        desk.heard()
        desk.send(ConfigChanged(desk.now, config(queues=[SALES], entries=[entry(Flow(queue="sales"))])))
        assert of(desk.press("1"), EnterQueue)[0].queue == "sales"

    def test_a_new_credit_changes_the_order_at_once(self) -> None:
        both = [IT, SALES]
        doors = [entry(Flow(queue="it")), entry(Flow(queue="sales"), number="200")]
        desk = Desk(config(queues=both, entries=doors))
        desk.call("carl")
        desk.wait(10)
        desk.call("dora", "200")
        dearer = [IT, replace(SALES, credit_s=30)]
        desk.send(ConfigChanged(desk.now, config(queues=dearer, entries=doors)))
        desk.on_duty("ada")
        assert desk.offered() == [("dora", "ada")]

    def test_a_removed_agent_finishes_the_talk_and_is_gone(self) -> None:
        desk = Desk(straight(ADA, BEN))
        desk.on_duty("ada", "ben")
        desk.call()
        desk.answer("ada")
        desk.send(ConfigChanged(desk.now, straight(AgentProfile("sven"))))
        assert set(desk.state.agents) == {"ada", "sven"}
        desk.gone()
        desk.send(WrapUpDone(desk.now, "ada"))
        assert set(desk.state.agents) == {"sven"}

    def test_a_shorter_limit_holds_for_those_who_wait(self) -> None:
        desk = Desk(straight())
        desk.call()
        desk.wait(50)
        limited = replace(IT, max_wait_s=60, overflow=Target(TargetKind.QUEUE, "sales"))
        desk.send(ConfigChanged(desk.now, straight(queue=limited)))
        desk.wait(10)
        assert desk.state.callers["carl"].queue == "sales"

    def test_settings_that_name_no_queue_are_refused(self) -> None:
        with pytest.raises(ValueError, match="unknown queue 'nowhere'"):
            config(entries=[entry(Flow(queue="nowhere"))])
        with pytest.raises(ValueError, match="begin at 0"):
            Queue("q", steps=(Relaxation(5),))


def test_a_copy_of_the_state_lives_its_own_life() -> None:
    desk = Desk(straight())
    desk.on_duty("ada")
    kept = desk.state.clone()
    desk.call()
    assert kept.callers == {}
    arrive = Restored(desk.now, (waiting("dora", 0),))
    _, one = step(kept.clone(), arrive)
    _, two = step(kept, arrive)
    assert one == two


def test_served_is_known_after_a_restart() -> None:
    message = FrontEndMessage("m1", "outage")
    desk = Desk(config(entries=[entry(Flow(front_end=message, menu=config().entries["100"].flow.menu))]))
    desk.send(Restored(5, (RestoredCaller("carl", "100", Stage.MENU, heard_front_end=True),)))
    assert of(desk.gone(), CountServed)
