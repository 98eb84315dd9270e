"""Ada calls out by a trunk, callers come in by one, and trunks fail."""

from dataclasses import replace

import pytest

from helpline.acd import names
from helpline.acd.models import EntryPoint
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch, channel, state_of
from helpline.acd.trunks import concerns_trunks, objects
from helpline.core.access import SYSTEM
from helpline.core.errors import Conflict, NotFound
from helpline.people.models import Desk
from helpline.telephony import orders as o
from helpline.telephony import queries, trunks
from helpline.telephony.models import Call, CallState, Leg, Trunk
from helpline.telephony.trunk_actions import TrunkFacts, note_states, save_trunk
from helpline.telephony.trunks import Heard

NUMBER = "+31201234567"


def a_trunk(desk: Desk, name: str = "acme", **more: object) -> Trunk:
    facts = TrunkFacts(name=name, hosts=("sip.example.test",), username="acme", password="line-secret")
    return save_trunk(SYSTEM, desk, replace(facts, **({"numbers": ("+31305550100",)} | more)))


def well(*found: Trunk) -> None:
    note_states([Heard(trunks.endpoint_of(row.name), "registered") for row in found])


def dialled(cast: Cast, switch: PaperSwitch, number: str = NUMBER) -> Call:
    """Ada dials and has her own phone at the ear."""
    switch.on_duty(cast.ada)
    switch.do(cast.ada, "dial", number=number)
    call = Call.objects.get(direction="out")
    switch.pick_up(cast.ada, call)
    return call


def outside_leg(call: Call) -> Leg:
    """The newest leg to the outside."""
    return [leg for leg in call.legs.order_by("created_at", "id") if "@" in leg.endpoint][-1]


def rung(switch: PaperSwitch) -> list[o.Originate]:
    return [each for each in switch.given(o.Originate) if "@" in each.endpoint]


def story(call: Call) -> str:
    return "\n".join(line.text for line in queries.call_story(Call.objects.get(pk=call.pk)))


def test_ada_calls_out_and_talks(cast: Cast, switch: PaperSwitch) -> None:
    well(a_trunk(cast.acme))
    call = dialled(cast, switch, "020 123 4567")
    order = rung(switch)[0]
    assert order.endpoint == f"PJSIP/{NUMBER}@trunk-acme"
    assert order.caller == '"Acme IT Help Desk" <+31305550100>'
    leg = outside_leg(call)
    switch.channels[leg.pk] = "Up"
    switch.tell("StasisStart", args=["leg", str(call.pk)], channel=channel(leg.pk))
    found = Call.objects.get(pk=call.pk)
    assert (found.state, found.trunk) == (CallState.TALKING, "acme")
    assert switch.bridges[names.main_bridge(call.pk)] == [leg.pk, call.legs.get(user=cast.ada).pk]
    switch.hang_up(leg.pk)
    assert Call.objects.get(pk=call.pk).state == CallState.ENDED


def test_the_next_trunk_takes_the_call_when_the_first_is_out_of_order(
    cast: Cast, switch: PaperSwitch
) -> None:
    first, second = a_trunk(cast.acme), a_trunk(cast.acme, "spare", rank=20, numbers=("+31305550200",))
    well(first, second)
    call = dialled(cast, switch)
    switch.hang_up(outside_leg(call).pk, cause=34)
    assert [each.endpoint for each in rung(switch)] == [
        f"PJSIP/{NUMBER}@trunk-acme",
        f"PJSIP/{NUMBER}@trunk-spare",
    ]
    assert rung(switch)[1].caller == '"Acme IT Help Desk" <+31305550200>'
    assert Call.objects.get(pk=call.pk).trunk == "spare"
    assert "The trunk acme did not take the call, the next one is tried" in story(call)
    switch.hang_up(outside_leg(call).pk, cause=41)
    assert len(rung(switch)) == 2
    assert "The telephone provider cannot be reached." in story(call)


def test_a_trunk_known_to_be_down_is_tried_last(cast: Cast, switch: PaperSwitch) -> None:
    first, second = a_trunk(cast.acme), a_trunk(cast.acme, "spare", rank=20)
    well(second)
    note_states([Heard("trunk-acme", "unreachable", "no answer")])
    dialled(cast, switch)
    assert rung(switch)[0].endpoint.endswith("@trunk-spare")
    assert [way.name for way in trunks.ways_out(cast.acme.pk)] == [second.name, first.name]


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (17, "The number is busy."),
        (1, "This number does not exist."),
        (19, "Nobody answers."),
        (21, "The call was refused."),
    ],
)
def test_ada_hears_why_a_number_was_not_reached_and_no_other_trunk_is_troubled(
    cast: Cast, switch: PaperSwitch, cause: int, words: str
) -> None:
    well(a_trunk(cast.acme), a_trunk(cast.acme, "spare", rank=20))
    call = dialled(cast, switch)
    switch.hang_up(outside_leg(call).pk, cause=cause)
    assert len(rung(switch)) == 1
    assert f"{NUMBER} was not reached: {words}" in story(call)
    mine = call.legs.get(user=cast.ada).pk
    said = [each for each in switch.given(o.Play) if each.leg == mine]
    assert said[-1].playback == names.farewell(mine)
    switch.tell("PlaybackFinished", playback={"id": names.farewell(mine), "state": "done"})
    done = Call.objects.get(pk=call.pk)
    assert (done.state, done.outcome, done.ended_by) == (CallState.ENDED, "failed", "desk")
    assert not switch.channels
    assert state_of(cast.ada) in {"available", "wrap_up"}


def test_ada_hangs_up_while_she_is_told(cast: Cast, switch: PaperSwitch) -> None:
    well(a_trunk(cast.acme))
    call = dialled(cast, switch)
    switch.hang_up(outside_leg(call).pk, cause=17)
    switch.hang_up(call.legs.get(user=cast.ada).pk)
    assert Call.objects.get(pk=call.pk).state == CallState.ENDED
    assert not switch.channels


def test_ada_gives_up_before_the_other_side_answers(cast: Cast, switch: PaperSwitch) -> None:
    well(a_trunk(cast.acme), a_trunk(cast.acme, "spare", rank=20))
    call = dialled(cast, switch)
    switch.hang_up(call.legs.get(user=cast.ada).pk)
    assert not switch.channels
    assert len(rung(switch)) == 1
    assert Call.objects.get(pk=call.pk).state == CallState.ENDED


def test_a_supplier_outside_is_asked_in_by_the_next_trunk(cast: Cast, switch: PaperSwitch) -> None:
    well(a_trunk(cast.acme), a_trunk(cast.acme, "spare", rank=20))
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.do(cast.ada, "consult", call, to=NUMBER)
    switch.hang_up(outside_leg(call).pk, cause=38)
    assert [each.endpoint for each in rung(switch)][-1].endswith("@trunk-spare")
    assert "<+31305550100>" in rung(switch)[0].caller
    switch.hang_up(outside_leg(call).pk, cause=17)
    assert f"{NUMBER} was not reached: The number is busy." in story(call)
    assert Call.objects.get(pk=call.pk).state == CallState.HELD
    switch.do(cast.ada, "unhold", call)
    assert Call.objects.get(pk=call.pk).state == CallState.TALKING


def test_carl_is_sent_on_to_a_number_outside(cast: Cast, switch: PaperSwitch) -> None:
    well(a_trunk(cast.acme), a_trunk(cast.acme, "spare", rank=20))
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.do(cast.ada, "transfer", call, to=NUMBER)
    switch.hang_up(outside_leg(call).pk, cause=34)
    leg = outside_leg(call)
    assert leg.endpoint.endswith("@trunk-spare")
    switch.channels[leg.pk] = "Up"
    switch.tell("StasisStart", args=["leg", str(call.pk)], channel=channel(leg.pk))
    assert set(switch.bridges[names.main_bridge(call.pk)]) == {"carl-1", leg.pk}


def test_each_desk_shows_its_own_number(cast: Cast, switch: PaperSwitch) -> None:
    numbers = ("+31305550100", "+31305550101", "+31305550102")
    trunk = a_trunk(cast.acme, numbers=numbers, shown_numbers={cast.globex.pk: "030 555 0102"})
    EntryPoint.objects.filter(pk=cast.entry.pk).update(number="+31305550101")
    mine = ["+31305550101"]
    assert trunks.shown_number(trunk, cast.acme.pk, mine) == "+31305550101"
    assert trunks.shown_number(trunk, cast.globex.pk, mine) == "+31305550102"
    assert trunks.shown_number(trunk, None, []) == "+31305550100"


def test_a_trunk_of_its_own_is_not_lent(cast: Cast, switch: PaperSwitch) -> None:
    a_trunk(cast.globex, "globex", shared=False)
    switch.on_duty(cast.ada)
    with pytest.raises(Conflict) as none:
        switch.do(cast.ada, "dial", number=NUMBER)
    assert none.value.code == "no_trunk"
    assert "Ask your phone administrator." in str(none.value.help)


def test_what_is_no_number_is_refused_in_clear_words(cast: Cast, switch: PaperSwitch) -> None:
    a_trunk(cast.acme)
    switch.on_duty(cast.ada)
    with pytest.raises(NotFound) as nobody:
        switch.do(cast.ada, "dial", number="sip:evil@example.test")
    assert "There is nobody called" in str(nobody.value.message)
    assert rung(switch) == []


def by_trunk(switch: PaperSwitch, number: str, name: str = "PJSIP/trunk-acme-0000002a") -> Call:
    """Carl calls by the provider."""
    switch.channels["carl-1"] = "Ring"
    facts = {"caller": {"number": "+31305550199", "name": ""}, "dialplan": {"exten": number}, "name": name}
    switch.tell("StasisStart", args=[], channel=channel("carl-1", "Ring") | facts)
    return Leg.objects.get(pk="carl-1").call


@pytest.mark.parametrize("written", ["+31305550100", "31305550100", "0031305550100", "0305550100"])
def test_a_call_by_a_trunk_finds_its_number_however_written(
    cast: Cast, switch: PaperSwitch, written: str
) -> None:
    EntryPoint.objects.filter(pk=cast.entry.pk).update(number="+31305550100")
    switch.conductor.reconfigure()
    call = by_trunk(switch, written)
    assert (call.desk, call.trunk) == (cast.acme, "acme")
    assert call.contact == cast.carl
    assert f"to {written} by the trunk acme" in story(call)
    assert [play.leg for play in switch.given(o.Play)] == ["carl-1"]


def test_a_stranger_who_dials_outside_reaches_nobody(cast: Cast, switch: PaperSwitch) -> None:
    well(a_trunk(cast.acme))
    call = by_trunk(switch, NUMBER, "PJSIP/anonymous-0000002a")
    assert call.trunk == ""
    assert switch.given(o.Originate) == []
    again = by_trunk(switch, NUMBER)
    assert again.desk is None
    assert switch.given(o.Originate) == []


def by_keys(cast: Cast, switch: PaperSwitch, number: str, name: str = "PJSIP/ada-0000002a") -> Call:
    """Ada dials on her own telephone."""
    switch.channels["phone-1"] = "Ring"
    facts = {"caller": {"number": "ada", "name": ""}, "dialplan": {"exten": number}, "name": name}
    switch.tell("StasisStart", args=[], channel=channel("phone-1", "Ring") | facts)
    return Leg.objects.get(pk="phone-1").call


def test_ada_dials_on_the_keys_of_her_telephone(cast: Cast, switch: PaperSwitch) -> None:
    well(a_trunk(cast.acme))
    switch.on_duty(cast.ada)
    call = by_keys(cast, switch, "0201234567")
    assert (call.direction, call.agent, call.desk, call.to_number) == ("out", cast.ada, cast.acme, NUMBER)
    assert o.Answer("phone-1") in switch.given(o.Answer)
    assert rung(switch)[0].endpoint == f"PJSIP/{NUMBER}@trunk-acme"
    leg = outside_leg(call)
    switch.channels[leg.pk] = "Up"
    switch.tell("StasisStart", args=["leg", str(call.pk)], channel=channel(leg.pk))
    assert set(switch.bridges[names.main_bridge(call.pk)]) == {"phone-1", leg.pk}
    assert state_of(cast.ada) == "talking"
    switch.hang_up("phone-1")
    assert Call.objects.get(pk=call.pk).state == CallState.ENDED
    assert not switch.channels
    assert f"Outgoing call to {NUMBER}" in story(call)


def test_who_is_not_on_duty_does_not_dial_out(cast: Cast, switch: PaperSwitch) -> None:
    well(a_trunk(cast.acme))
    switch.phone(cast.ada, "online")
    call = by_keys(cast, switch, NUMBER)
    assert rung(switch) == []
    assert o.Hangup("phone-1", 17) in switch.given(o.Hangup)
    assert Call.objects.get(pk=call.pk).outcome == "failed"
    assert not switch.channels


@pytest.mark.parametrize(
    "name", ["PJSIP/anonymous-0000002a", "PJSIP/trunk-ada-0000002a", "PJSIP/lena-0000002a", "ada"]
)
def test_nobody_else_dials_out_by_keys(cast: Cast, switch: PaperSwitch, name: str) -> None:
    """A stranger who says to be Ada is no account; the switch names the channel by what was proven."""
    well(a_trunk(cast.acme))
    switch.on_duty(cast.ada)
    by_keys(cast, switch, NUMBER, name)
    assert rung(switch) == []


def test_the_switch_is_given_the_objects_that_asterisk_knows(cast: Cast) -> None:
    a_trunk(cast.acme, sources=("192.0.2.0/24",), port=5070, transport="tcp")
    made = objects(trunks.lines()[0])
    assert list(made) == ["auth", "identify", "registration", "aor", "endpoint"]
    assert made["auth"]["password"] == "line-secret"
    assert made["aor"]["contact"] == "sip:sip.example.test:5070;transport=tcp"
    assert made["registration"]["client_uri"] == "sip:acme@sip.example.test:5070"
    assert made["identify"]["match"] == "192.0.2.0/24"
    assert "line-secret" not in repr(trunks.lines())
    plain = a_trunk(cast.acme, "plain", username="", password="", register=False)
    assert list(objects(trunks.lines()[1])) == ["aor", "endpoint"]
    assert "line-secret" not in Trunk.objects.get(name="acme").password_sealed
    assert plain.password_sealed == ""


def test_which_events_ring_for_trunks() -> None:
    assert concerns_trunks({"type": "HelplineTrunkChange"})
    assert concerns_trunks({"type": "ContactStatusChange", "endpoint": {"resource": "trunk-acme"}})
    assert not concerns_trunks({"type": "ContactStatusChange", "endpoint": {"resource": "ada"}})
    assert not concerns_trunks({"type": "ChannelCreated"})


def test_a_trunk_that_is_there_is_no_agents_phone(cast: Cast, switch: PaperSwitch) -> None:
    endpoint = {"resource": "trunk-acme", "state": "online"}
    switch.tell("PeerStatusChange", endpoint=endpoint)
    switch.tell("ContactStatusChange", endpoint=endpoint, contact_info={"contact_status": "Reachable"})
    assert switch.conductor.online == set()
