"""Carl calls, waits, talks: rows and orders from literal events of the switch."""

from decimal import Decimal

import pytest

from helpline.acd import names, why
from helpline.acd.engine import Code
from helpline.acd.models import FrontEndMessage, QueueEntry, Reservation, WrapUp
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch, state_of
from helpline.core.errors import Conflict, NotAllowed, NotFound
from helpline.people.models import Presence
from helpline.telephony import orders as o
from helpline.telephony import queries
from helpline.telephony.models import Call, CallState, Hold, LegState, Recording


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def test_carl_is_greeted_chooses_waits_and_talks_to_ada(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.call()
    assert fresh(call).contact == cast.carl
    assert [play.media[0].split(":")[:2] for play in switch.given(o.Play)] == [["speech", "en"]]
    switch.clock.advance(3)
    switch.press("carl-1", "1")
    assert fresh(call).queue_key == "vpn"
    assert state_of(cast.ada) == "ringing"
    switch.clock.advance(4)
    switch.pick_up(cast.ada, call)
    assert fresh(call).state == CallState.TALKING
    assert fresh(call).agent == cast.ada
    assert o.Record(names.main_bridge(call.pk), names.recording(call.pk)) in switch.given(o.Record)
    switch.clock.advance(60)
    switch.do(cast.ada, "hold", call, asked=True)
    assert state_of(cast.ada) == "holding"
    switch.clock.advance(20)
    switch.do(cast.ada, "unhold", call)
    switch.clock.advance(10)
    switch.hang_up("carl-1")
    done = fresh(call)
    assert (done.ended_by, done.outcome) == ("caller", "answered")
    assert (done.wait_s, done.talk_s, done.hold_s) == (Decimal(4), Decimal(70), Decimal(20))
    assert state_of(cast.ada) == "wrap_up"
    switch.wait(30)
    assert state_of(cast.ada) == "available"
    assert fresh(call).wrapup_s == Decimal(30)
    assert not switch.channels


def test_every_event_told_twice_changes_nothing(cast: Cast) -> None:
    switch = PaperSwitch(echo=True)
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.do(cast.ada, "hold", call, asked=True)
    switch.do(cast.ada, "unhold", call)
    switch.hang_up("carl-1")
    done = fresh(call)
    assert done.state == CallState.ENDED
    assert Call.objects.count() == 1
    assert done.legs.count() == 2
    assert Hold.objects.filter(call=call).count() == 1
    assert QueueEntry.objects.filter(call=call, outcome="answered").count() == 1
    assert WrapUp.objects.filter(call=call).count() == 1
    assert Recording.objects.filter(call=call).count() == 1


def test_nobody_presses_a_key_so_the_usual_queue_takes_it(cast: Cast, switch: PaperSwitch) -> None:
    call = switch.call()
    switch.heard_out(call)
    switch.heard_out(call)
    switch.wait(3)
    assert fresh(call).queue_key == "general"
    assert fresh(call).state == CallState.QUEUED


def test_caller_who_hangs_up_frees_the_ringing_agent_at_once(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.call()
    switch.press("carl-1", "1")
    leg = switch.ringing(cast.ada, call)
    switch.hang_up("carl-1")
    assert o.Hangup(leg, 16) in switch.given(o.Hangup)
    assert state_of(cast.ada) == "available"
    assert Reservation.objects.get(user=cast.ada).outcome == "withdrawn"
    assert QueueEntry.objects.get(call=call).outcome == "abandoned"
    assert fresh(call).outcome == "abandoned"


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [(17, "busy"), (21, "rejected"), (19, "no_answer"), (20, "unregistered"), (38, "failed")],
)
def test_an_agent_who_does_not_take_it_leaves_carl_at_his_place(
    cast: Cast, switch: PaperSwitch, cause: int, outcome: str
) -> None:
    switch.on_duty(cast.ada)
    call = switch.call()
    switch.press("carl-1", "1")
    entered = QueueEntry.objects.get(call=call).entered_at
    switch.hang_up(switch.ringing(cast.ada, call), cause)
    assert Reservation.objects.get(user=cast.ada, call=call, closed_at__isnull=False).outcome == outcome
    stay = QueueEntry.objects.get(call=call)
    assert (stay.entered_at, stay.left_at) == (entered, None)
    assert fresh(call).state == CallState.QUEUED
    switch.on_duty(cast.sven)
    assert switch.ringing(cast.sven, call)


def test_no_answer_in_time_rings_the_next(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    switch.clock.advance(1)
    switch.on_duty(cast.sven)
    call = switch.call()
    switch.press("carl-1", "1")
    assert state_of(cast.ada) == "ringing"
    switch.wait(16)
    assert state_of(cast.sven) == "ringing"
    assert fresh(call).state == CallState.OFFERED


def test_an_unknown_number_is_told_so_and_hung_up(cast: Cast, switch: PaperSwitch) -> None:
    call = switch.call(number="999")
    switch.heard_out(call)
    done = fresh(call)
    assert (done.state, done.ended_by, done.outcome) == (CallState.ENDED, "desk", "refused")
    decision = call.decisions.get()
    assert "999" in why.text(decision)
    assert done.desk is None, "two desks, and a stranger: nobody can tell whose caller it was"


def test_ben_who_misdials_is_seen_at_his_desk(cast: Cast, switch: PaperSwitch) -> None:
    assert fresh(switch.call(number="999", caller="ben")).desk == cast.acme


def test_a_misdial_is_seen_at_the_only_desk(cast: Cast, switch: PaperSwitch) -> None:
    cast.globex.delete()
    assert fresh(switch.call(number="999")).desk == cast.acme


def test_a_front_end_message_is_live_for_the_next_caller_and_counts_who_it_served(
    cast: Cast, switch: PaperSwitch
) -> None:
    switch.do(cast.lena, "front_end", on=True, text="Mail is down, we know.", desk="acme")
    call = switch.call()
    switch.heard_out(call)
    switch.clock.advance(9)
    switch.hang_up("carl-1")
    message = FrontEndMessage.objects.get()
    assert (message.heard_count, message.served_count) == (1, 1)
    assert fresh(call).outcome == "served"


def test_verbs_are_for_people_on_the_call_at_its_desk(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    with pytest.raises(NotFound):
        switch.do(cast.greta, "hold", call)
    with pytest.raises(NotAllowed):
        switch.do(cast.ben, "hold", call)
    with pytest.raises(NotAllowed):
        switch.do(cast.ada, "barge", call)
    assert fresh(call).state == CallState.TALKING
    switch.do(cast.lena, "hangup", call)
    assert fresh(call).ended_by == "desk"
    with pytest.raises(Conflict):
        switch.do(cast.ada, "hold", call)


def test_a_command_that_comes_too_late_is_not_done(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    from helpline.acd import carrying, commands
    from helpline.people.access import actor_for

    command = commands.ask(actor_for(cast.ada), "hangup", call, clock=switch.clock)
    switch.clock.advance(60)
    switch.conductor.perform(lambda conductor: carrying.carry_out(conductor, command.pk))
    command.refresh_from_db()
    assert (command.state, command.error_code) == ("refused", "expired")
    assert fresh(call).state == CallState.TALKING


def test_going_on_duty_needs_a_phone(cast: Cast, switch: PaperSwitch) -> None:
    with pytest.raises(Conflict) as refused:
        switch.do(cast.ada, "state", state="available")
    assert refused.value.code == "no_phone"
    switch.on_duty(cast.ada)
    assert state_of(cast.ada) == "available"


def test_a_wish_during_the_call_is_taken_after_the_wrap_up(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    switch.talk(cast.ada)
    switch.do(cast.ada, "state", state="busy", reason="break")
    assert state_of(cast.ada) == "talking"
    switch.hang_up("carl-1")
    switch.wait(31)
    assert state_of(cast.ada) == "busy"


def test_a_wrap_up_goes_on_when_the_phone_is_back(cast: Cast, switch: PaperSwitch) -> None:
    """As after F5 in the wrap-up."""
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.hang_up("carl-1")
    switch.phone(cast.ada, "offline")
    switch.clock.advance(2)
    switch.phone(cast.ada, "online")
    assert state_of(cast.ada) == "wrap_up"
    assert WrapUp.objects.get(call=call).ended_at is None
    assert Presence.objects.get(user=cast.ada).call_id == call.pk
    switch.wait(30)
    assert state_of(cast.ada) == "available"
    assert WrapUp.objects.get(call=call).ended_at is not None


def test_a_wrap_up_ends_with_the_phone_that_does_not_come_back(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.hang_up("carl-1")
    switch.phone(cast.ada, "offline")
    assert state_of(cast.ada) == "lost"
    assert WrapUp.objects.get(call=call).ended_at is None
    switch.do(cast.ada, "state", state="offline")
    assert state_of(cast.ada) == "offline"
    assert WrapUp.objects.get(call=call).ended_at is not None


def test_the_recording_is_brought_home_and_can_be_silenced(cast: Cast, switch: PaperSwitch) -> None:
    from helpline.acd.ordered import FetchRecording

    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.clock.advance(5)
    switch.do(cast.ada, "pause_recording", call)
    switch.clock.advance(2)
    switch.do(cast.ada, "resume_recording", call)
    assert Recording.objects.get(call=call).pauses == [[5000, 7000]]
    switch.hang_up("carl-1")
    assert switch.given(FetchRecording) == [FetchRecording(names.recording(call.pk))]


def test_the_call_has_no_leg_left_when_it_is_over(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.do(cast.ada, "hangup", call)
    assert not call.legs.exclude(state=LegState.ENDED).exists()
    assert fresh(call).ended_by == "agent"


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_has_a_sentence(code: Code) -> None:
    told = why.sentence(str(code), {"queue": "vpn", "waited_s": 5.0, "idle_s": 5.0, "ago_s": 1.0})
    assert told
    assert told != str(code) or code in {Code.OFFLINE}


def test_keys_in_the_menu_are_kept_and_keys_in_a_talk_are_not(cast: Cast, switch: PaperSwitch) -> None:
    """A PIN that Carl types for another machine, or Ada for him, stays between them."""
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    for digit in "4711":
        switch.press("carl-1", digit)
    command = switch.do(cast.ada, "dtmf", call, digits="4711#")
    keys = [event.data for event in call.events.filter(kind="digit").order_by("pk")]
    assert keys == [{"digit": "1"}, {}, {}, {}, {}]
    told = [line.text for line in queries.call_story(call) if line.kind == "digit"]
    assert told == ["Key 1 pressed", *["A key was pressed"] * 4]
    assert command.args == {}
    assert o.Dtmf("carl-1", "4711#") in switch.given(o.Dtmf)
