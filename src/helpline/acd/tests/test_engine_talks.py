"""Talks handed on, calls of the agents' own, and callers who wait for one agent in particular."""

from __future__ import annotations

from dataclasses import replace

from helpline.acd.engine import (
    AgentPhoneLost,
    AgentState,
    AgentTaken,
    Bridged,
    CallEnded,
    CallerGone,
    Code,
    Denied,
    DirectOffer,
    EnterQueue,
    Hangup,
    Offer,
    OfferKind,
    Refusal,
    Stage,
    StopOffer,
    TalkEnded,
    TransferToQueue,
)
from helpline.acd.tests.engine_desk import IT, Desk, of, refuse, ringing, straight, talking, want

S = AgentState


class TestWarmTransfer:
    def consult(self) -> Desk:
        desk = talking("ada", "sven")
        desk.send(DirectOffer(desk.now, "carl", "sven"))
        return desk

    def test_sven_is_asked_in_ada_leaves_carl_stays(self) -> None:
        desk = self.consult()
        assert of(desk.last, Offer)[0].kind is OfferKind.DIRECT
        desk.answer("sven", leg="sven-leg")
        desk.send(TalkEnded(desk.now, "carl", "ada"))
        assert (desk.agent("ada"), desk.agent("sven")) == (S.WRAP_UP, S.TALKING)
        assert not of(desk.log, Hangup)
        desk.gone()
        assert desk.agent("sven") is S.WRAP_UP

    def test_a_consult_that_ends_leaves_sven_free_at_once(self) -> None:
        desk = self.consult()
        desk.answer("sven")
        desk.send(TalkEnded(desk.now, "carl", "sven"))
        assert (desk.agent("ada"), desk.agent("sven")) == (S.TALKING, S.AVAILABLE)

    def test_nobody_takes_sven_twice(self) -> None:
        desk = self.consult()
        desk.call("dora")
        assert ("dora", "sven") not in desk.offered()
        denied = of(desk.send(DirectOffer(desk.now, "dora", "sven")), Denied)
        assert denied[0].why.code == Code.RESERVED

    def test_carl_goes_while_sven_is_rung(self) -> None:
        desk = self.consult()
        assert of(desk.gone(), StopOffer)[0].agent == "sven"
        assert (desk.agent("ada"), desk.agent("sven")) == (S.WRAP_UP, S.AVAILABLE)

    def test_ada_goes_while_sven_is_rung_and_carl_waits_for_him(self) -> None:
        desk = self.consult()
        desk.send(TalkEnded(desk.now, "carl", "ada"))
        assert desk.state.callers["carl"].stage is Stage.OFFERED
        desk.answer("sven")
        assert desk.agent("sven") is S.TALKING
        assert desk.state.counts["it"].answered == 2

    def test_ada_goes_while_two_are_rung_and_carl_waits_for_the_first(self) -> None:
        desk = talking("ada", "sven", "ben")
        for colleague in ("sven", "ben"):
            desk.send(DirectOffer(desk.now, "carl", colleague))
        desk.send(TalkEnded(desk.now, "carl", "ada"))
        assert [stop.agent for stop in of(desk.last, StopOffer)] == ["ben"]
        assert (desk.agent("sven"), desk.agent("ben")) == (S.RESERVED, S.AVAILABLE)

    def test_ada_goes_sven_does_not_answer_and_carl_is_in_line(self) -> None:
        desk = self.consult()
        desk.send(TalkEnded(desk.now, "carl", "ada"))
        refuse(desk, "sven", Refusal.BUSY)
        offer = of(desk.last, Offer)[0]
        assert (offer.agent, offer.kind) == ("sven", OfferKind.QUEUE)
        assert desk.state.callers["carl"].in_line

    def test_to_another_queue(self) -> None:
        desk = talking()
        desk.send(TransferToQueue(desk.now, "carl", "sales", {"vpn": 1}))
        assert of(desk.last, EnterQueue)[0].skills == {"vpn": 1}
        assert desk.agent("ada") is S.WRAP_UP
        assert desk.offered()[-1] == ("carl", "ben")
        assert desk.send(TransferToQueue(desk.now, "carl", "sales")) == []


class TestOwnCalls:
    def test_ada_dials_out_and_is_left_alone_meanwhile(self) -> None:
        desk = Desk(straight())
        desk.on_duty("ada")
        desk.send(AgentTaken(desk.now, "ada", "out-1"))
        desk.call()
        assert desk.offered() == []
        desk.send(Bridged(desk.now, "out-1", "ada"))
        assert desk.agent("ada") is S.TALKING
        desk.send(CallEnded(desk.now, "out-1"))
        assert desk.agent("ada") is S.WRAP_UP

    def test_nobody_there_and_ada_is_where_she_was(self) -> None:
        desk = Desk(straight())
        desk.on_duty("ada")
        want(desk, "ada", S.BUSY, "paperwork")
        desk.send(AgentTaken(desk.now, "ada", "out-1"))
        desk.send(CallerGone(desk.now, "out-1"))
        assert (desk.agent("ada"), desk.state.agents["ada"].reason) == (S.BUSY, "paperwork")

    def test_the_reservation_ends_by_itself(self) -> None:
        desk = Desk(straight())
        desk.on_duty("ada")
        desk.send(AgentTaken(desk.now, "ada", "out-1"))
        desk.wait(90)
        assert desk.agent("ada") is S.AVAILABLE

    def test_not_while_a_caller_is_being_offered(self) -> None:
        desk = ringing("ada")
        assert of(desk.send(AgentTaken(desk.now, "ada", "out-1")), Denied)


class TestPreferred:
    queue = replace(IT, preferred_patience_s=40)

    def busy_owner(self) -> Desk:
        desk = Desk(straight(queue=self.queue))
        desk.on_duty("ada")
        desk.call("dora")
        desk.answer("ada", "dora")
        desk.on_duty("ben")
        desk.call("carl", preferred_agent="ada")
        return desk

    def test_the_owner_is_first_choice_when_free(self) -> None:
        desk = Desk(straight(queue=self.queue))
        desk.on_duty("ben", "ada")
        desk.call(preferred_agent="ada")
        assert desk.offered() == [("carl", "ada")]

    def test_waited_for_only_so_long(self) -> None:
        desk = self.busy_owner()
        desk.wait(39)
        assert len(desk.offered()) == 1
        desk.wait(2)
        assert desk.offered()[-1] == ("carl", "ben")

    def test_not_waited_for_when_going_on_a_pause(self) -> None:
        desk = self.busy_owner()
        want(desk, "ada", S.BUSY, "lunch")
        assert desk.offered()[-1] == ("carl", "ben")

    def test_not_waited_for_when_lost(self) -> None:
        desk = self.busy_owner()
        desk.send(AgentPhoneLost(desk.now, "ada"))
        assert desk.offered()[-1] == ("carl", "ben")
