"""Offers that go wrong: nobody answers, two answer, the caller goes, the phone is lost (P1-P5, P7, P9, P10)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpline.acd.engine import (
    TIMED,
    TRANSITIONS,
    AgentPhoneBack,
    AgentPhoneLost,
    AgentProfile,
    AgentState,
    AgentTaken,
    AnsweredElsewhere,
    Bridged,
    CallEnded,
    Code,
    ConfigChanged,
    Connect,
    EnterQueue,
    Hangup,
    HoldChanged,
    IllegalMove,
    Offer,
    OfferAnswered,
    OfferRefused,
    OfferRinging,
    Refusal,
    Relaxation,
    Remember,
    SetAgent,
    StartMusic,
    StopOffer,
    TalkEnd,
    TalkEnded,
    Tick,
    WrapUpDone,
)
from helpline.acd.engine.turn import Turn
from helpline.acd.tests.engine_desk import IT, Desk, of, refuse, ringing, straight, talking, want

S = AgentState


class TestTable:
    def test_every_state_can_reach_every_other_so_none_is_a_trap(self) -> None:
        for start in AgentState:
            reached, edge = {start}, [start]
            while edge:
                edge = [to for state in edge for to in TRANSITIONS[state] if to not in reached]
                reached.update(edge)
            assert reached == set(AgentState), f"from {start}"

    def test_every_timed_state_leads_back_without_a_person(self) -> None:
        for state in TIMED:
            assert TRANSITIONS[state] & {S.AVAILABLE, S.OFFLINE}

    def test_nobody_talks_without_having_been_reserved_or_lost_in_a_talk(self) -> None:
        into = {state for state, ways in TRANSITIONS.items() if S.TALKING in ways}
        assert into == {S.RESERVED, S.RINGING, S.HOLDING, S.LOST}

    def test_a_way_not_in_the_table_and_a_timed_state_without_end_are_refused(self) -> None:
        desk = Desk(straight())
        turn, ada = Turn(desk.state), desk.state.agents["ada"]
        with pytest.raises(IllegalMove):
            turn.move(ada, S.TALKING)
        turn.move(ada, S.AVAILABLE)
        with pytest.raises(IllegalMove):
            turn.move(ada, S.RESERVED)


class TestRefusals:
    @pytest.mark.parametrize("why", list(Refusal))
    def test_the_caller_keeps_the_place_and_the_next_agent_is_rung(self, why: Refusal) -> None:
        desk = ringing()
        refuse(desk, "ada", why)
        assert desk.offered() == [("carl", "ada"), ("carl", "ben")]
        assert desk.state.callers["carl"].waiting_since == 2

    def test_the_refused_caller_goes_before_those_who_came_later(self) -> None:
        desk = ringing("ada")
        desk.now += 1
        desk.call("dora")
        refuse(desk, "ada", Refusal.REJECT)
        desk.wait(1)
        desk.on_duty("ben")
        assert desk.offered()[-1] == ("carl", "ben")

    def test_who_rejected_is_not_asked_again_while_others_are_on_duty(self) -> None:
        desk = talking("ben", "ada")
        desk.call("dora")
        desk.send(OfferRefused(desk.now, "dora", "ada", Refusal.REJECT))
        assert desk.agent("ada") is S.AVAILABLE
        desk.wait(59)
        assert ("dora", "ada") not in desk.offered()[2:]
        desk.wait(1)
        assert desk.offered()[2:] == [("dora", "ada")]

    def test_the_only_agent_is_asked_again_after_a_breath(self) -> None:
        desk = ringing("ada")
        refuse(desk, "ada", Refusal.REJECT)
        desk.wait(4.9)
        assert len(desk.offered()) == 1
        desk.wait(0.2)
        assert len(desk.offered()) == 2

    def test_when_the_others_go_home_the_one_who_rejected_is_asked_again(self) -> None:
        desk = talking("ben", "ada")
        desk.call("dora")
        desk.send(OfferRefused(desk.now, "dora", "ada", Refusal.REJECT))
        desk.wait(10)
        want(desk, "ben", S.OFFLINE)
        desk.send(CallEnded(desk.now, "carl"))
        assert len(desk.offered()) == 2
        desk.send(WrapUpDone(desk.now, "ben"))
        assert desk.offered()[2:] == [("dora", "ada")]

    def test_the_why_says_who_was_passed_over_and_for_what(self) -> None:
        desk = ringing()
        refuse(desk, "ada", Refusal.REJECT)
        offer = next(one for one in of(desk.last, Remember) if one.kind == "offer")
        verdict = {one.agent: one.why for one in offer.candidates}["ada"]
        assert verdict.code == Code.EXCLUDED
        assert verdict.params["why"] == "reject"

    def test_nobody_answers_for_15_seconds(self) -> None:
        desk = ringing()
        passed = desk.wait(15)
        assert of(passed, StopOffer)[0].why == Code.NO_ANSWER
        assert desk.agent("ada") is S.AVAILABLE
        assert desk.offered()[-1] == ("carl", "ben")

    def test_only_the_second_miss_in_a_row_pauses_the_agent(self) -> None:
        desk = ringing("ada")
        desk.wait(15)
        assert desk.agent("ada") is S.AVAILABLE
        desk.wait(5)
        desk.wait(15)
        assert desk.agent("ada") is S.BUSY
        assert desk.state.agents["ada"].reason == "no_answer"
        want(desk, "ada", S.AVAILABLE)
        assert desk.state.agents["ada"].misses == 0

    def test_an_answer_wipes_the_first_miss(self) -> None:
        desk = ringing("ada")
        desk.wait(20)
        desk.answer("ada")
        assert desk.state.agents["ada"].misses == 0

    def test_who_picked_up_missed_nothing(self) -> None:
        """The leg broke before the bridge: ours to mend, not Ada's fault, however often."""
        desk = ringing("ada")
        for _time in range(3):
            desk.send(OfferAnswered(desk.now, "carl", "ada", "leg"))
            refuse(desk, "ada", Refusal.FAILED)
            assert desk.agent("ada") is S.AVAILABLE
            desk.wait(5)
            assert desk.agent("ada") is S.RESERVED
        assert desk.state.agents["ada"].misses == 0

    def test_a_phone_not_registered_is_lost_until_it_is_back(self) -> None:
        desk = ringing("ada")
        refuse(desk, "ada", Refusal.UNREGISTERED)
        assert desk.agent("ada") is S.LOST
        desk.send(AgentPhoneBack(desk.now, "ada"))
        assert desk.agent("ada") is S.AVAILABLE

    def test_a_refusal_of_an_earlier_offer_changes_nothing(self) -> None:
        desk = ringing("ada")
        first = of(desk.log, Offer)[0].offer
        refuse(desk, "ada", Refusal.REJECT)
        desk.wait(5)
        desk.send(OfferRefused(desk.now, "carl", "ada", Refusal.REJECT, first))
        assert desk.last == []
        assert desk.agent("ada") is S.RESERVED


class TestOrder:
    """Several things become possible in one step, after a stall: still the best score first."""

    queue = replace(IT, steps=(Relaxation(0, {"vpn": 9}), Relaxation(20, {"vpn": 1})), wrap_up_s=10)
    crew = (AgentProfile("ada", {"vpn": 1, "fi": 1}), AgentProfile("ben", {"vpn": 1}))

    def two_wait(self) -> Desk:
        """Carl needs Finnish and came first; Dora could be served by anyone."""
        desk = Desk(straight(*self.crew, queue=self.queue))
        desk.call("carl", skills={"fi": 1})
        desk.now += 1
        desk.call("dora")
        return desk

    def in_wrap_up(self, desk: Desk, *agents: str) -> None:
        for agent in agents:
            desk.on_duty(agent)
            desk.send(AgentTaken(desk.now, agent, f"own-{agent}"))
            desk.send(Bridged(desk.now, f"own-{agent}", agent))
            desk.send(CallEnded(desk.now, f"own-{agent}"))

    def test_two_relax_while_one_agent_waits_and_one_comes_free(self) -> None:
        desk = self.two_wait()
        desk.on_duty("ada")
        self.in_wrap_up(desk, "ben")
        desk.now = 50
        desk.send(Tick(desk.now))
        assert desk.offered() == [("carl", "ada"), ("dora", "ben")]

    def test_two_agents_come_free_at_once(self) -> None:
        desk = self.two_wait()
        self.in_wrap_up(desk, "ada", "ben")
        relaxed = replace(self.queue, steps=(Relaxation(0, {"vpn": 1}),))
        desk.send(ConfigChanged(desk.now, straight(*self.crew, queue=relaxed)))
        desk.now = 50
        desk.send(Tick(desk.now))
        assert desk.offered() == [("carl", "ada"), ("dora", "ben")]


class TestAnswers:
    def test_two_phones_in_the_same_millisecond_one_is_connected(self) -> None:
        desk = ringing()
        first = desk.send(OfferAnswered(desk.now, "carl", "ada", "desk-phone"))
        second = desk.send(OfferAnswered(desk.now, "carl", "ada", "browser"))
        assert len(of(first, Connect)) == 1
        assert second == [AnsweredElsewhere("carl", "ada", "browser")]

    def test_an_answer_too_late_is_told_that_another_was_faster(self) -> None:
        desk = ringing()
        desk.wait(15)
        desk.answer("ben", leg="ben-leg")
        late = desk.send(OfferAnswered(desk.now, "carl", "ada", "ada-leg"))
        assert late == [AnsweredElsewhere("carl", "ada", "ada-leg")]
        assert desk.agent("ada") is S.AVAILABLE
        assert desk.send(OfferAnswered(desk.now, "carl", "ada", "ada-leg")) == []

    def test_answered_is_not_yet_talking(self) -> None:
        desk = ringing()
        desk.send(OfferRinging(desk.now, "carl", "ada"))
        desk.send(OfferAnswered(desk.now, "carl", "ada", "leg"))
        assert desk.agent("ada") is S.RINGING
        assert desk.state.counts["it"].answered == 0

    def test_an_answered_leg_that_never_meets_the_caller_gives_the_caller_back(self) -> None:
        desk = ringing()
        desk.send(OfferAnswered(desk.now, "carl", "ada", "leg"))
        over = desk.wait(5)
        assert of(over, StopOffer)[0].why == Code.NOT_BRIDGED
        assert of(over, StartMusic)
        assert desk.offered()[-1] == ("carl", "ben")

    def test_an_answer_processed_late_still_counts(self) -> None:
        desk = ringing("ada")
        desk.now += 40
        assert of(desk.send(OfferAnswered(desk.now, "carl", "ada", "leg")), Connect)


class TestCallerGoes:
    @pytest.mark.parametrize("rung", [0, 1, 2])
    def test_at_any_moment_of_the_offer_the_phone_stops_without_penalty(self, rung: int) -> None:
        desk = ringing()
        was = desk.state.agents["ada"].idle_since
        steps = [OfferRinging(desk.now, "carl", "ada"), OfferAnswered(desk.now, "carl", "ada", "leg")]
        for event in steps[:rung]:
            desk.send(event)
        desk.wait(3)
        assert of(desk.gone(), StopOffer)[0].why == Code.CALLER_GONE
        ada = desk.state.agents["ada"]
        assert (ada.state, ada.misses, ada.idle_since) == (S.AVAILABLE, 0, was)
        desk.call("dora")
        assert desk.offered()[-1] == ("dora", "ada")

    def test_the_same_end_twice_is_one_end(self) -> None:
        desk = talking()
        desk.gone()
        assert desk.agent("ada") is S.WRAP_UP
        assert desk.gone() == []
        assert desk.send(CallEnded(desk.now, "carl")) == []
        assert desk.send(TalkEnded(desk.now, "carl", "ada")) == []

    def test_a_call_that_ended_before_it_was_announced_never_begins(self) -> None:
        desk = Desk(straight())
        desk.gone()
        assert desk.call() == []


class TestWrapUp:
    def test_never_a_call_inside_it_and_the_agent_may_end_it(self) -> None:
        desk = talking("ada")
        desk.gone()
        desk.call("dora")
        desk.wait(29)
        assert ("dora", "ada") not in desk.offered()
        desk.send(WrapUpDone(desk.now, "ada"))
        assert desk.offered()[-1] == ("dora", "ada")

    def test_an_agent_may_have_a_time_of_their_own_shorter_than_the_queues(self) -> None:
        desk = Desk(straight(AgentProfile("ada", wrap_up_s=5)))
        desk.on_duty("ada")
        desk.call()
        desk.answer("ada")
        desk.gone()
        desk.wait(4.9)
        assert desk.agent("ada") is S.WRAP_UP
        desk.wait(0.2)
        assert desk.agent("ada") is S.AVAILABLE

    def test_each_agent_has_a_clock_of_their_own(self) -> None:
        desk = talking()
        desk.call("dora")
        desk.answer("ben", "dora")
        desk.gone("carl")
        desk.wait(10)
        desk.gone("dora")
        desk.wait(20)
        assert (desk.agent("ada"), desk.agent("ben")) == (S.AVAILABLE, S.WRAP_UP)

    def test_a_pause_asked_for_in_the_talk_comes_after_the_wrap_up(self) -> None:
        desk = talking("ada")
        want(desk, "ada", S.BUSY, "lunch")
        assert desk.agent("ada") is S.TALKING
        desk.gone()
        desk.wait(30)
        assert (desk.agent("ada"), desk.state.agents["ada"].reason) == (S.BUSY, "lunch")

    def test_a_pause_taken_back_is_not_taken(self) -> None:
        desk = talking("ada")
        want(desk, "ada", S.BUSY, "lunch")
        want(desk, "ada", S.AVAILABLE)
        desk.gone()
        desk.wait(30)
        assert desk.agent("ada") is S.AVAILABLE


class TestPhoneLost:
    def test_while_ringing_the_next_agent_is_rung(self) -> None:
        desk = ringing()
        desk.send(AgentPhoneLost(desk.now, "ada"))
        assert of(desk.last, StopOffer)[0].why == Code.UNREGISTERED
        assert desk.offered()[-1] == ("carl", "ben")

    def test_a_page_reloaded_in_mid_talk_gets_the_talk_back(self) -> None:
        desk = talking()
        desk.send(HoldChanged(desk.now, "carl", "ada", True))
        desk.send(AgentPhoneLost(desk.now, "ada"))
        assert desk.agent("ada") is S.LOST
        desk.wait(5)
        desk.send(AgentPhoneBack(desk.now, "ada"))
        assert desk.agent("ada") is S.HOLDING

    def test_lost_for_good_the_caller_is_next_in_line(self) -> None:
        desk = talking("ada")
        desk.now += 1
        desk.call("dora")
        desk.send(AgentPhoneLost(desk.now, "ada"))
        desk.wait(60)
        assert desk.agent("ada") is S.OFFLINE
        desk.on_duty("ben")
        assert desk.offered()[-1] == ("carl", "ben")

    def test_a_lost_leg_puts_the_caller_first_again(self) -> None:
        desk = talking()
        desk.send(TalkEnded(desk.now, "carl", "ada", TalkEnd.LOST))
        assert of(desk.last, EnterQueue)[0].waiting_since == 2
        assert not of(desk.last, Hangup)

    def test_lost_in_wrap_up_the_rest_of_it_is_kept(self) -> None:
        desk = talking("ada")
        desk.gone()
        desk.send(AgentPhoneLost(desk.now, "ada"))
        desk.wait(10)
        desk.send(AgentPhoneBack(desk.now, "ada"))
        assert desk.agent("ada") is S.WRAP_UP
        desk.wait(20)
        assert desk.agent("ada") is S.AVAILABLE

    def test_going_home_while_lost(self) -> None:
        desk = Desk(straight())
        desk.on_duty("ada")
        desk.send(AgentPhoneLost(desk.now, "ada"))
        want(desk, "ada", S.AVAILABLE)
        assert desk.agent("ada") is S.LOST
        want(desk, "ada", S.OFFLINE)
        assert desk.agent("ada") is S.OFFLINE


def test_leaving_while_the_phone_rings_gives_the_caller_to_the_next() -> None:
    desk = ringing()
    want(desk, "ada", S.BUSY, "lunch")
    assert desk.agent("ada") is S.BUSY
    assert desk.offered()[-1] == ("carl", "ben")


def test_every_state_change_is_told_and_follows_the_table() -> None:
    desk = talking()
    desk.gone()
    desk.wait(60)
    seen = desk.states_of("ada")
    assert seen == [S.AVAILABLE, S.RESERVED, S.RINGING, S.RINGING, S.TALKING, S.WRAP_UP, S.AVAILABLE]
    assert of(desk.log, SetAgent)[-1].until is None
