"""Lena sets numbers, menus, queues and tips up: what is refused, who hears of it, and that calls go on."""

from typing import Any

import pytest

from helpline.acd import actions, configured, engine
from helpline.acd.conductor import Conductor
from helpline.acd.models import EntryPoint, MenuChoice, Queue, QueueRequirement, Tip
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch
from helpline.core.access import Actor, Role
from helpline.core.errors import Conflict, DeskError, Invalid, NotAllowed, NotFound
from helpline.core.models import AuditRow, OutboxEvent
from helpline.people import actions as people
from helpline.people.models import Skill
from helpline.telephony.models import Call, CallState
from helpline.tickets.models import Category


def setter(cast: Cast, role: Role = Role.PHONE_ADMIN) -> Actor:
    return Actor(user_id=cast.lena.pk, name="lena", roles={cast.acme.pk: frozenset({role})})


def number(cast: Cast, **more: Any) -> actions.NumberFacts:
    facts = {"number": "150", "name": "Night desk", "language": "nl", "queue": cast.general.pk}
    return actions.NumberFacts(**facts | more)


def events() -> int:
    return OutboxEvent.objects.filter(kind="settings_changed").count()


def test_a_new_number_leads_the_next_caller_to_its_queue(cast: Cast) -> None:
    made = actions.create_entry_point(setter(cast), cast.acme, number(cast, number=" +31 30 555 0100 "))
    assert made.number == "+31305550100"
    assert events() == 1
    assert AuditRow.objects.get(subject_kind="entry_point").verb == "create"
    entry = configured.load().config.entries["+31305550100"]
    assert (entry.desk, entry.language, entry.flow.queue) == ("acme", "nl", "general")


@pytest.mark.parametrize(
    ("wrong", "code", "kind"),
    [
        ({"number": "100"}, "number", Conflict),
        ({"number": "ada"}, "number", Conflict),
        ({"number": "not a number!"}, "number", Invalid),
        ({"number": ""}, "number", Invalid),
        ({"name": "  "}, "name", Invalid),
        ({"language": "tlh"}, "language", Invalid),
        ({"greeting": {"tlh": "nuqneH"}}, "language", Invalid),
        ({"queue": 999_999}, "queue", Invalid),
        ({"menu_timeout_s": 1}, "menu_timeout_s", Invalid),
        ({"menu_retries": 50}, "menu_retries", Invalid),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_the_field_it_is_about(
    cast: Cast, wrong: dict[str, Any], code: str, kind: type[DeskError]
) -> None:
    with pytest.raises(kind) as refused:
        actions.create_entry_point(setter(cast), cast.acme, number(cast, **wrong))
    assert refused.value.code == code
    assert EntryPoint.objects.count() == 1
    assert events() == 0


def test_a_number_keeps_its_own_when_it_is_changed(cast: Cast) -> None:
    facts = number(cast, number="100", name="Front", greeting={"nl": "Welkom.", "en": " "})
    changed = actions.edit_entry_point(setter(cast), cast.entry, facts)
    assert (changed.name, changed.greeting, changed.menu_prompt) == ("Front", {"nl": "Welkom."}, {})
    assert configured.load().config.entries["100"].flow.menu is None


def test_a_queue_of_another_desk_is_no_place_for_our_callers(cast: Cast) -> None:
    theirs = Queue.objects.create(desk=cast.globex, key="theirs", name="Theirs")
    with pytest.raises(Invalid):
        actions.create_entry_point(setter(cast), cast.acme, number(cast, queue=theirs.pk))
    with pytest.raises(Invalid):
        actions.save_choice(setter(cast), cast.entry, actions.ChoiceFacts("2", "Theirs", theirs.pk))


def test_a_key_gets_a_meaning_with_skill_category_and_language(cast: Cast) -> None:
    category = Category.objects.create(desk=cast.acme, name="VPN", path="VPN")
    facts = actions.ChoiceFacts("2", "VPN in Dutch", cast.vpn.pk, {"network": 60}, category.pk, "nl")
    row = actions.save_choice(setter(cast), cast.entry, facts)
    menu = configured.load().config.entries["100"].flow.menu
    assert menu is not None
    assert menu.choices["2"] == engine.MenuChoice(
        queue="vpn", skills={"network": 60}, category=str(row.pk), language="nl"
    )
    assert row.category == category


@pytest.mark.parametrize(
    ("wrong", "code", "kind"),
    [
        ({"key": "1"}, "key", Conflict),
        ({"key": "A"}, "key", Invalid),
        ({"key": "12"}, "key", Invalid),
        ({"label": ""}, "label", Invalid),
        ({"skills": {"juggling": 10}}, "skills", Invalid),
        ({"skills": {"network": 101}}, "skills", Invalid),
        ({"category": 999_999}, "category", Invalid),
        ({"language": "tlh"}, "language", Invalid),
    ],
)
def test_a_key_that_cannot_be_is_refused(
    cast: Cast, wrong: dict[str, Any], code: str, kind: type[DeskError]
) -> None:
    facts: dict[str, Any] = {"key": "2", "label": "Printers", "queue": cast.general.pk}
    with pytest.raises(kind) as refused:
        actions.save_choice(setter(cast), cast.entry, actions.ChoiceFacts(**facts | wrong))
    assert refused.value.code == code
    assert cast.entry.choices.count() == 1


def test_a_key_may_change_its_meaning_and_go(cast: Cast) -> None:
    row = cast.entry.choices.get()
    changed = actions.ChoiceFacts("1", "Network", cast.general.pk)
    assert actions.save_choice(setter(cast), cast.entry, changed, choice_id=row.pk).label == "Network"
    actions.drop_choice(setter(cast), cast.entry, row.pk)
    assert configured.load().config.entries["100"].flow.menu is None
    with pytest.raises(NotFound):
        actions.drop_choice(setter(cast), cast.entry, row.pk)
    assert events() == 2


def test_a_new_queue_reaches_every_agent_of_the_desk(cast: Cast) -> None:
    made = actions.create_queue(setter(cast), cast.acme, actions.QueueFacts("Printers"))
    assert made.key == "acme-printers"
    found = configured.load()
    assert found.config.queues["acme-printers"].steps == (engine.Relaxation(0.0),)
    assert {"ada", "ben", "sven", "lena"} == {
        name for name, agent in found.config.agents.items() if "acme-printers" in (agent.queues or ())
    }
    assert events() == 1


def test_queues_named_in_any_script_get_keys_of_their_own(cast: Cast) -> None:
    names = ["Printers!", "Printers?", "プリンター"]
    made = [actions.create_queue(setter(cast), cast.acme, actions.QueueFacts(name)).key for name in names]
    assert made[:2] == ["acme-printers", "acme-printers-2"]
    assert len(set(made)) == 3


@pytest.mark.parametrize(
    ("wrong", "code", "kind"),
    [
        ({"name": ""}, "name", Invalid),
        ({"name": "general"}, "name", Conflict),
        ({"ring_timeout_s": 0}, "ring_timeout_s", Invalid),
        ({"tip_interval_s": 0}, "tip_interval_s", Invalid),
        ({"wrap_up_s": -1}, "wrap_up_s", Invalid),
        ({"priority_credit_s": 99_999}, "priority_credit_s", Invalid),
        ({"max_wait_s": 60}, "overflow_to", Invalid),
        ({"max_wait_s": 60, "overflow_to": "self"}, "overflow_to", Invalid),
        ({"max_wait_s": 60, "overflow_to": 999_999}, "overflow_to", Invalid),
        ({"overflow_to": "general"}, "max_wait_s", Invalid),
    ],
)
def test_a_queue_that_cannot_be_is_refused(
    cast: Cast, wrong: dict[str, Any], code: str, kind: type[DeskError]
) -> None:
    places = {"self": cast.vpn.pk, "general": cast.general.pk}
    facts = {"name": "Vpn"} | wrong
    if "overflow_to" in facts:
        facts["overflow_to"] = places.get(str(facts["overflow_to"]), facts["overflow_to"])
    with pytest.raises(kind) as refused:
        actions.edit_queue(setter(cast), cast.vpn, actions.QueueFacts(**facts))
    assert refused.value.code == code
    assert events() == 0


def test_a_queue_flows_over_after_the_longest_wait(cast: Cast) -> None:
    facts = actions.QueueFacts("Vpn", max_wait_s=90, overflow_to=cast.general.pk, announce_position=False)
    actions.edit_queue(setter(cast), cast.vpn, facts)
    queue = configured.load().config.queues["vpn"]
    assert (queue.max_wait_s, queue.announce_position) == (90, False)
    assert queue.overflow == engine.Target(engine.TargetKind.QUEUE, "general")


def test_a_queue_asks_for_less_the_longer_callers_wait(cast: Cast) -> None:
    lena = setter(cast)
    QueueRequirement.objects.all().delete()
    printers = people.create_skill(lena, "Printers")
    assert people.create_skill(lena, "printers") == printers
    actions.ask_for_skill(lena, cast.general, printers, 70)
    later = actions.ask_for_skill(lena, cast.general, printers, 10, 60)
    actions.ask_for_skill(lena, cast.general, printers, 0, 60)
    assert configured.load().config.queues["general"].steps == (
        engine.Relaxation(0.0, {"printers": 70}),
        engine.Relaxation(60.0, {"printers": 0}),
    )
    actions.ask_no_more(lena, cast.general, later.pk)
    assert cast.general.requirements.count() == 1
    with pytest.raises(NotFound):
        actions.ask_no_more(lena, cast.general, later.pk)
    with pytest.raises(Invalid):
        actions.ask_for_skill(lena, cast.general, printers, 101)


def test_tips_are_told_in_order_and_only_when_on(cast: Cast) -> None:
    lena = setter(cast)
    first = cast.vpn.tips.get()
    second = actions.save_tip(lena, cast.vpn, actions.TipFacts({"en": "Restart.", "nl": ""}, order=0))
    actions.save_tip(lena, cast.vpn, actions.TipFacts(first.text, order=5, on=False), tip_id=first.pk)
    assert configured.load().config.queues["vpn"].tips == (f"tip:{second.pk}",)
    with pytest.raises(Invalid):
        actions.save_tip(lena, cast.vpn, actions.TipFacts({"en": "  "}))
    actions.drop_tip(lena, cast.vpn, second.pk)
    assert list(Tip.objects.filter(queue=cast.vpn)) == [first]


def test_only_who_sets_this_desk_up_may(cast: Cast) -> None:
    strangers = [setter(cast, role) for role in Role if role not in (Role.PHONE_ADMIN, Role.DESK_ADMIN)]
    theirs = Actor(user_id=1, name="gus", roles={cast.globex.pk: frozenset({Role.PHONE_ADMIN})})
    skill, tip, choice = Skill.objects.all()[0], Tip.objects.all()[0], MenuChoice.objects.all()[0]
    facts = actions.ChoiceFacts("2", "More", cast.vpn.pk)
    for who in (*strangers, theirs):
        for act in (
            lambda who=who: actions.create_entry_point(who, cast.acme, number(cast)),
            lambda who=who: actions.edit_entry_point(who, cast.entry, number(cast)),
            lambda who=who: actions.save_choice(who, cast.entry, facts),
            lambda who=who: actions.drop_choice(who, cast.entry, choice.pk),
            lambda who=who: actions.create_queue(who, cast.acme, actions.QueueFacts("More")),
            lambda who=who: actions.edit_queue(who, cast.vpn, actions.QueueFacts("More")),
            lambda who=who: actions.ask_for_skill(who, cast.vpn, skill, 10),
            lambda who=who: actions.ask_no_more(who, cast.vpn, 1),
            lambda who=who: actions.save_tip(who, cast.vpn, actions.TipFacts({"en": "More."})),
            lambda who=who: actions.drop_tip(who, cast.vpn, tip.pk),
            lambda who=who: actions.set_up_first_number(
                who, cast.acme, actions.FirstNumber("150", "More", "en", "", "More")
            ),
        ):
            with pytest.raises(NotAllowed):
                act()
    assert events() == 0


def test_the_first_number_is_all_or_nothing(cast: Cast) -> None:
    with pytest.raises(Conflict):
        actions.set_up_first_number(
            setter(cast), cast.acme, actions.FirstNumber("100", "Again", "en", "", "Fresh queue")
        )
    assert not Queue.objects.filter(name="Fresh queue").exists()


def test_callers_under_way_go_on_when_everything_is_changed(cast: Cast, switch: PaperSwitch) -> None:
    """Carl is in the menu, Dora waits; the number changes, the key goes, the queue asks for more."""
    waiting = switch.call("dora-1", caller="+31305550111")
    switch.press("dora-1", "1")
    choosing = switch.call("carl-1")
    lena = setter(cast)
    actions.drop_choice(lena, cast.entry, cast.entry.choices.get().pk)
    actions.edit_entry_point(lena, cast.entry, number(cast, number="101"))
    actions.edit_queue(lena, cast.vpn, actions.QueueFacts("Virtual network", ring_timeout_s=20))
    switch._carry(switch.conductor.perform(Conductor.reconfigure))
    switch.press("carl-1", "1")
    assert {Call.objects.get(pk=call.pk).state for call in (waiting, choosing)} == {CallState.QUEUED}
    switch.on_duty(cast.ada)
    assert switch.ringing(cast.ada, waiting)
