"""Carl calls Acme: from the first ring to goodbye, as the engine decides it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpline.acd.engine import (
    AgentOrder,
    AgentState,
    AnnouncePosition,
    Answer,
    CallArrived,
    Code,
    Collect,
    Connect,
    CountAbandoned,
    CountServed,
    Decision,
    EnterQueue,
    Flow,
    FrontEndChanged,
    FrontEndMessage,
    Hangup,
    JoinIncident,
    Menu,
    MenuChoice,
    Offer,
    OfferAnswered,
    Overflow,
    Play,
    PlaybackDone,
    PlayTip,
    Relaxation,
    Remember,
    Stage,
    StartMusic,
    StopOffer,
    TalkEnded,
    Target,
    TargetKind,
    Voicemail,
)
from helpline.acd.tests.engine_desk import IT, MENU, SALES, Desk, config, entry, of, relaxing, straight

OUTAGE = FrontEndMessage("m1", "mail-is-down", incident="INC-1", joined_prompt="we-will-tell")


def prompts(decisions: list[Decision]) -> list[str]:
    return [play.prompt for play in of(decisions, Play)]


def test_carl_presses_1_waits_talks_and_says_goodbye() -> None:
    desk = Desk(config())
    assert [type(one) for one in desk.call()] == [Answer, Play]
    assert prompts(desk.last) == ["greeting"]
    desk.heard()
    assert prompts(desk.last) == ["menu"]
    assert of(desk.last, Collect) == [Collect("carl", ("1", "2", "3"), 6)]
    desk.press("1")
    assert of(desk.last, EnterQueue)[0].queue == "it"
    assert of(desk.last, AnnouncePosition)[0].position == 1
    desk.heard()
    assert of(desk.last, StartMusic) == [StartMusic("carl", "default")]
    desk.wait(9)
    desk.on_duty("ada")
    assert of(desk.log, Offer)[0].agent == "ada"
    assert desk.agent("ada") is AgentState.RESERVED
    desk.answer("ada", leg="leg-ada")
    assert of(desk.log, Connect)[0].leg == "leg-ada"
    assert desk.agent("ada") is AgentState.TALKING
    answered = next(one for one in of(desk.last, Remember) if one.kind == "answered")
    assert answered.why.params["waited_s"] == 10
    desk.wait(120)
    desk.send(TalkEnded(desk.now, "carl", "ada"))
    assert of(desk.last, Hangup) == [Hangup("carl", Code.HUNG_UP)]
    assert desk.agent("ada") is AgentState.WRAP_UP
    desk.wait(29.9)
    assert desk.agent("ada") is AgentState.WRAP_UP
    desk.wait(0.2)
    assert desk.agent("ada") is AgentState.AVAILABLE
    assert not desk.state.callers
    assert desk.state.counts["it"].answered == 1


def test_an_answer_in_the_middle_of_a_prompt_brings_no_music_into_the_talk() -> None:
    """The switch tells the end of the prompt that was cut off when Ada is already being connected."""
    desk = Desk(straight())
    desk.call()
    cut_off = desk.state.callers["carl"].play
    assert cut_off is not None
    desk.on_duty("ada")
    desk.send(OfferAnswered(desk.now, "carl", "ada", "leg"))
    assert of(desk.last, Connect)
    desk.send(PlaybackDone(desk.now, "carl", cut_off))
    assert not of(desk.last, StartMusic)


def test_a_free_agent_is_rung_at_once_and_no_position_is_told() -> None:
    desk = Desk(straight())
    desk.on_duty("ada")
    desk.call()
    assert desk.offered() == [("carl", "ada")]
    assert not of(desk.log, AnnouncePosition)
    assert of(desk.log, StartMusic)


def test_the_longest_idle_agent_is_asked_and_the_why_names_everyone() -> None:
    desk = Desk(config())
    desk.on_duty("ben", "sven", "ada")
    desk.call()
    desk.heard()
    desk.press("2")
    assert desk.offered() == [("carl", "sven")]
    why = next(one for one in of(desk.last, Remember) if one.kind == "offer")
    verdicts = {one.agent: one.why for one in why.candidates}
    assert why.candidates[0].agent == "sven"
    assert verdicts["ada"].code == Code.NOT_SKILLED
    assert verdicts["ada"].params == {"skill": "vpn", "needs": 2, "has": 1}


def test_someone_in_wrap_up_is_explained_not_offered() -> None:
    desk = Desk(straight())
    desk.on_duty("ada")
    desk.call()
    desk.answer("ada")
    desk.gone()
    desk.call("dora")
    why = next(one for one in of(desk.last, Remember) if one.kind == "wait")
    assert {one.agent: one.why.code for one in why.candidates}["ada"] == Code.WRAP_UP
    assert desk.offered() == [("carl", "ada")]
    desk.wait(30)
    assert desk.offered() == [("carl", "ada"), ("dora", "ada")]


def test_skill_first_prefers_the_specialist() -> None:
    queue = replace(IT, order=AgentOrder.SKILL_FIRST, steps=(Relaxation(0, {"vpn": 1}),))
    desk = Desk(straight(queue=queue))
    desk.on_duty("ada", "ben", "sven")
    desk.call()
    assert desk.offered() == [("carl", "sven")]


def test_requirements_relax_with_time() -> None:
    desk = Desk(straight(queue=relaxing(60)))
    desk.on_duty("ada")
    desk.call()
    assert desk.offered() == []
    desk.wait(58)
    assert desk.offered() == []
    desk.wait(3)
    assert desk.offered() == [("carl", "ada")]


def test_tips_come_every_20_seconds_and_the_position_when_it_changes() -> None:
    desk = Desk(straight())
    desk.call("dora")
    desk.call("carl")
    desk.heard("dora")
    desk.heard("carl")
    heard = desk.wait(20)
    assert [one.tip for one in of(heard, PlayTip) if one.call == "carl"] == ["tip-password"]
    desk.heard("carl")
    desk.gone("dora")
    told = desk.wait(20)
    assert [one.position for one in of(told, AnnouncePosition)] == [1]
    desk.heard("carl")
    assert of(desk.last, PlayTip)[0].tip == "tip-restart"
    desk.heard("carl")
    assert of(desk.last, StartMusic)


def test_a_lost_playback_report_does_not_leave_the_caller_in_silence() -> None:
    desk = Desk(straight())
    desk.call()
    assert of(desk.wait(180), StartMusic)


def test_no_key_repeats_the_menu_then_ends_the_call() -> None:
    desk = Desk(config())
    desk.call()
    desk.heard()
    desk.heard()
    assert prompts(desk.wait(6)) == ["menu"]
    desk.heard()
    assert of(desk.wait(6), Hangup) == [Hangup("carl", Code.NO_CHOICE)]


def test_a_wrong_key_is_told_and_the_default_is_taken_in_the_end() -> None:
    menu = replace(MENU, default=MenuChoice("it"))
    desk = Desk(config(entries=[entry(Flow("greeting", menu=menu))]))
    desk.call()
    desk.heard()
    assert prompts(desk.press("9")) == ["invalid"]
    assert prompts(desk.heard()) == ["menu"]
    assert of(desk.press("9"), EnterQueue)[0].queue == "it"


def test_a_menu_may_lead_to_a_menu_and_change_the_language() -> None:
    inner = Menu("inner", {"1": MenuChoice("it", {"deep": 1})})
    outer = Menu("outer", {"5": MenuChoice(skills={"fi": 1}, language="fi", menu=inner)})
    desk = Desk(config(entries=[entry(Flow(menu=outer))]))
    desk.call()
    desk.press("5")
    assert of(desk.last, Play)[0].language == "fi"
    assert of(desk.press("1"), EnterQueue)[0].skills == {"fi": 1, "deep": 1}


def test_who_knows_the_menu_need_not_hear_the_greeting() -> None:
    desk = Desk(config())
    desk.call()
    assert of(desk.press("3"), EnterQueue)[0].queue == "sales"


def test_closed_says_so_and_hangs_up() -> None:
    desk = Desk(config(entries=[entry(open=False, closed_prompt="closed")]))
    assert prompts(desk.call()) == ["closed"]
    assert of(desk.heard(), Hangup) == [Hangup("carl", Code.CLOSED)]


def test_closed_may_lead_to_voicemail() -> None:
    box = Target(TargetKind.VOICEMAIL, prompt="after-tone")
    desk = Desk(config(entries=[entry(open=False, closed_prompt="closed", closed_target=box)]))
    desk.call()
    assert of(desk.heard(), Voicemail) == [Voicemail("carl", "after-tone")]


def test_an_unknown_number_is_turned_away() -> None:
    desk = Desk(config())
    assert of(desk.call(number="999"), Hangup) == [Hangup("carl", Code.UNKNOWN_NUMBER)]
    assert not of(desk.log, Answer)


class TestOutage:
    def test_the_message_switched_on_during_the_greeting_is_heard(self) -> None:
        desk = Desk(config())
        desk.call()
        desk.send(FrontEndChanged(desk.now, OUTAGE))
        assert prompts(desk.heard()) == ["mail-is-down"]

    def test_hanging_up_after_the_message_counts_as_served(self) -> None:
        desk = Desk(config(entries=[entry(Flow("greeting", front_end=OUTAGE, menu=MENU))]))
        desk.call()
        desk.heard()
        desk.heard()
        assert of(desk.gone(), CountServed) == [CountServed("carl", "m1")]

    @pytest.mark.parametrize(("listened", "served"), [(2, 0), (8, 1)])
    def test_hanging_up_during_the_message_counts_after_enough_of_it(
        self, listened: int, served: int
    ) -> None:
        desk = Desk(config(entries=[entry(Flow("greeting", front_end=OUTAGE, menu=MENU))]))
        desk.call()
        desk.heard()
        desk.wait(listened)
        assert len(of(desk.gone(), CountServed)) == served

    def test_key_1_joins_once_and_the_menu_follows(self) -> None:
        desk = Desk(config(entries=[entry(Flow("greeting", front_end=OUTAGE, menu=MENU))]))
        desk.call()
        desk.heard()
        assert of(desk.press("1"), JoinIncident) == [JoinIncident("carl", "INC-1", "m1")]
        assert prompts(desk.last) == ["we-will-tell"]
        assert not of(desk.press("1"), JoinIncident)
        assert prompts(desk.heard()) == ["menu"]

    def test_key_1_is_still_taken_shortly_after_the_message_then_the_menu_comes(self) -> None:
        desk = Desk(config(entries=[entry(Flow("greeting", front_end=OUTAGE, menu=MENU))]))
        desk.call()
        desk.heard()
        desk.heard()
        assert desk.state.callers["carl"].stage is Stage.FRONT_END
        assert prompts(desk.wait(4)) == ["menu"]

    def test_after_the_outage_nobody_hears_it(self) -> None:
        desk = Desk(config(entries=[entry(Flow("greeting", front_end=OUTAGE, menu=MENU))]))
        desk.send(FrontEndChanged(desk.now, None, "100"))
        desk.call()
        assert prompts(desk.heard()) == ["menu"]


class TestOverflow:
    def test_waiting_too_long_leads_to_the_other_queue_with_the_wait_counted(self) -> None:
        queue = replace(IT, max_wait_s=60, overflow=Target(TargetKind.QUEUE, "sales"))
        desk = Desk(straight(queue=queue))
        desk.call()
        moved = desk.wait(60)
        assert of(moved, Overflow)[0].why == Code.WAITED_TOO_LONG
        assert of(moved, EnterQueue)[0].waiting_since == 0
        assert desk.state.counts["it"].flowed_out == 1
        assert desk.state.waiting("sales") == 1

    def test_a_full_queue_leads_to_voicemail(self) -> None:
        queue = replace(IT, max_size=1, overflow=Target(TargetKind.VOICEMAIL, prompt="box"))
        desk = Desk(straight(queue=queue))
        desk.call("dora")
        assert of(desk.call("carl"), Voicemail) == [Voicemail("carl", "box", "it")]
        assert of(desk.wait(300), Hangup) == [Hangup("carl", Code.VOICEMAIL_FULL)]

    def test_two_queues_overflowing_into_each_other_never_lose_a_caller(self) -> None:
        there = replace(IT, max_wait_s=10, overflow=Target(TargetKind.QUEUE, "sales"))
        back = replace(SALES, max_wait_s=10, overflow=Target(TargetKind.QUEUE, "it"))
        desk = Desk(config(queues=[there, back], entries=[entry(Flow(queue="it"))]))
        desk.call()
        desk.wait(100)
        assert desk.state.callers["carl"].queue == "sales"
        assert len(of(desk.log, Overflow)) == 1

    def test_not_while_an_agents_phone_rings_but_right_after(self) -> None:
        queue = replace(IT, max_wait_s=10, overflow=Target(TargetKind.HANGUP, prompt="sorry"))
        desk = Desk(straight(queue=queue))
        desk.on_duty("ada")
        desk.call()
        desk.wait(14)
        assert desk.state.callers["carl"].stage is Stage.OFFERED
        assert prompts(desk.wait(1)) == ["sorry"]

    def test_a_key_while_waiting_leads_out_and_stops_the_ringing(self) -> None:
        queue = replace(IT, exits={"*": Target(TargetKind.VOICEMAIL, prompt="box")})
        desk = Desk(straight(queue=queue))
        desk.on_duty("ada")
        desk.call()
        desk.press("*")
        assert of(desk.last, StopOffer)[0].agent == "ada"
        assert of(desk.last, Voicemail)
        assert desk.agent("ada") is AgentState.AVAILABLE


def test_giving_up_is_counted_with_the_wait() -> None:
    desk = Desk(straight())
    desk.call()
    desk.wait(33)
    assert of(desk.gone(), CountAbandoned) == [CountAbandoned("carl", "it", 33)]


def test_priority_is_a_credit_not_a_privilege() -> None:
    desk = Desk(straight())
    desk.call("carl")
    desk.wait(30)
    desk.call("vip", credit_s=20)
    desk.call("board", credit_s=60)
    desk.on_duty("ada", "ben", "sven")
    assert [call for call, _ in desk.offered()] == ["board", "carl", "vip"]


def test_a_late_clock_does_not_turn_time_back() -> None:
    desk = Desk(straight())
    desk.on_duty("ada")
    desk.wait(50)
    desk.send(CallArrived(desk.now, "carl", "100"))
    desk.send(OfferAnswered(3.0, "carl", "ada", "leg"))
    assert desk.state.now == 51
    assert desk.state.agents["ada"].until == 56
