"""Ada is led through Carl's call: steps and their times, answers, tickets."""

import pytest

from helpline.core import registry
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.core.models import OutboxEvent
from helpline.customers.models import Contact
from helpline.procedure import actions, publishing, queries
from helpline.procedure.default import default_document
from helpline.procedure.edit_form import edited
from helpline.procedure.models import CallRun, GatePass, Procedure, RunTicket, StepTime
from helpline.procedure.selection import choose
from helpline.procedure.tests.story import Story
from helpline.tickets.models import Item, ItemKind, Ticket


def test_the_offer_opens_the_run_and_no_ticket(story: Story) -> None:
    call = story.call()
    registry.announce("call_offered", call=call, user=story.ada)
    run = CallRun.objects.get(call=call)
    assert run.step == "greeting"
    assert run.version.procedure.desk == story.acme
    assert run.ticket is None
    assert not StepTime.objects.exists()


def test_an_offer_to_the_next_agent_finds_the_same_run(story: Story) -> None:
    call = story.call()
    first = actions.open_run(call, story.ada, clock=story.clock)
    assert actions.open_run(call, story.ben, clock=story.clock) == first


def test_a_call_of_no_desk_has_no_procedure(story: Story) -> None:
    assert actions.open_run(story.call(desk=None), story.ada) is None


def test_answering_opens_a_ticket_with_the_menus_category_and_the_call_in_it(story: Story) -> None:
    run = story.run()
    assert run.ticket is not None
    assert run.ticket.subject == "Call from Carl Jansen"
    assert (run.ticket.requester, run.ticket.category) == (story.carl, story.network)
    assert Item.objects.get(ticket=run.ticket, kind=ItemKind.CALL).call_id == run.call_id


def test_an_open_ticket_comes_first_and_is_glued_when_the_greeting_is_over(story: Story) -> None:
    older = story.ticket("Printer")
    story.clock.advance(60)
    newer = story.ticket("VPN")
    run = story.run()
    assert run.ticket == newer
    assert not run.problems.exists()
    actions.enter_step(story.actor(story.ada), run, "listen", clock=story.clock)
    assert [problem.ticket for problem in run.problems.all()] == [newer]
    assert Item.objects.filter(kind=ItemKind.CALL).count() == 1
    assert Ticket.objects.count() == 2
    actions.pick_ticket(story.actor(story.ada), run, older, clock=story.clock)
    assert run.ticket == older


def test_a_ticket_of_another_desk_is_not_picked(story: Story) -> None:
    run = story.run()
    theirs = story.ticket(desk=story.globex, requester=None, category=None)
    with pytest.raises(Invalid):
        actions.pick_ticket(story.actor(story.lena), run, theirs)


def test_each_step_keeps_its_seconds(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    story.clock.advance(20)
    actions.enter_step(ada, run, "listen", clock=story.clock)
    story.clock.advance(40)
    actions.enter_step(ada, run, "greeting", clock=story.clock)
    story.clock.advance(5)
    record = queries.record_of(run.call_id, clock=story.clock)
    assert record is not None
    spent = {step.key: (float(step.seconds), step.visits) for step in record.steps if step.visits}
    assert spent == {"greeting": (25.0, 2), "listen": (40.0, 1)}
    assert StepTime.objects.filter(run=run, ended_at=None).count() == 1


def test_sven_goes_on_where_ada_was(story: Story) -> None:
    run = story.run()
    actions.enter_step(story.actor(story.ada), run, "diagnose", clock=story.clock)
    story.clock.advance(30)
    actions.begin(run.call, story.sven, clock=story.clock)
    stays = list(run.step_times.filter(step="diagnose").order_by("started_at"))
    assert [stay.user for stay in stays] == [story.ada, story.sven]
    assert [stay.ended_at is None for stay in stays] == [False, True]


def test_an_unknown_step_is_refused(story: Story) -> None:
    with pytest.raises(Invalid, match="dance"):
        actions.enter_step(story.actor(story.ada), story.run(), "dance")


def test_answers_go_where_the_procedure_says(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    for key, value in {
        "subject": " VPN drops ",
        "asset_tag": "A-2231",
        "location": "Utrecht, 2nd floor",
        "story": "It drops every hour.",
        "repeated": "true",
        "greeted": "on",
    }.items():
        actions.set_answer(ada, run, key, value, clock=story.clock)
    ticket = Ticket.objects.get(pk=run.ticket_id)
    assert (ticket.subject, ticket.asset_tag, ticket.location) == (
        "VPN drops",
        "A-2231",
        "Utrecht, 2nd floor",
    )
    run.refresh_from_db()
    assert run.answers == {"greeted": True}
    assert run.problems.get().answers["repeated"] is True
    actions.set_answer(ada, run, "repeated", "false", clock=story.clock)
    assert "repeated" not in run.problems.get().answers


def test_rows_are_chosen_from_the_desk_of_the_call(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    from helpline.tickets.models import Category, Priority

    vpn = Category.objects.create(desk=story.acme, name="VPN", path="Network > VPN", parent=story.network)
    theirs = Category.objects.create(desk=story.globex, name="Shop", path="Shop")
    actions.set_answer(ada, run, "category", str(vpn.pk), clock=story.clock)
    actions.set_answer(ada, run, "priority", str(Priority.objects.get(key="critical").pk), clock=story.clock)
    ticket = Ticket.objects.get(pk=run.ticket_id)
    assert (ticket.category, ticket.priority.key) == (vpn, "critical")
    for wrong in (str(theirs.pk), "many", "999999"):
        with pytest.raises(Invalid) as refused:
            actions.set_answer(ada, run, "category", wrong)
        assert refused.value.help
    assert Ticket.objects.get(pk=run.ticket_id).category == vpn


@pytest.mark.parametrize(("key", "value"), [("nonsense", "x"), ("subject", "x" * 251), ("story", "x" * 4001)])
def test_answers_that_do_not_fit_are_refused(story: Story, key: str, value: str) -> None:
    with pytest.raises(Invalid):
        actions.set_answer(story.actor(story.ada), story.run(), key, value)


def test_another_caller_than_thought_must_prove_who_they_are_anew(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    actions.pass_gate(ada, run, "identity", "callback", clock=story.clock)
    dora = Contact.objects.create(desk=story.acme, name="Dora", created_at=story.clock.now())
    actions.set_answer(ada, run, "requester", str(dora.pk), clock=story.clock)
    run.call.refresh_from_db()
    assert (run.call.contact, run.call.contact_by) == (dora, "agent")
    assert Ticket.objects.get(pk=run.ticket_id).requester == dora
    assert not GatePass.objects.exists()


def test_another_problem_is_another_ticket_and_greeting_and_identity_stay(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    actions.set_answer(ada, run, "greeted", True, clock=story.clock)
    actions.pass_gate(ada, run, "identity", "callback", clock=story.clock)
    actions.set_answer(ada, run, "subject", "VPN drops", clock=story.clock)
    first = run.ticket
    story.clock.advance(100)
    actions.another_problem(ada, run, clock=story.clock)
    assert run.ticket not in (None, first)
    assert run.step == "listen"
    assert run.answers == {"greeted": True}
    assert run.problems.get(ticket=run.ticket).answers == {}
    assert GatePass.objects.filter(run=run, gate="identity").exists()
    assert Item.objects.filter(kind=ItemKind.CALL, call_id=run.call_id).count() == 2


def test_a_ticket_opened_for_the_call_elsewhere_is_the_one_worked_on(story: Story) -> None:
    from helpline.tickets import actions as ticket_actions

    run = story.run()
    assert run.ticket is not None
    made = ticket_actions.another_ticket(
        story.actor(story.ada), run.call_id, run.ticket, subject="Printer", clock=story.clock
    )
    run.refresh_from_db()
    assert run.ticket == made
    assert RunTicket.objects.filter(run=run, ticket=made).exists()


def test_two_tabs_at_once_open_one_ticket(story: Story) -> None:
    story.clock.advance(1)
    run = actions.open_run(story.call(story.ada), story.ada, clock=story.clock)
    assert run is not None
    other_tab = CallRun.objects.get(pk=run.pk)
    ada = story.actor(story.ada)
    actions.enter_step(ada, run, "listen", clock=story.clock)
    actions.enter_step(ada, other_tab, "listen", clock=story.clock)
    assert Ticket.objects.count() == 1
    assert other_tab.ticket == run.ticket


def test_hands_off_somebody_elses_call(story: Story) -> None:
    run = story.run()
    with pytest.raises(NotAllowed):
        actions.enter_step(story.actor(story.ben), run, "listen")
    with pytest.raises(NotAllowed):
        actions.set_answer(story.actor(story.greta), run, "subject", "Mine")
    story.leg(run.call, story.sven)
    actions.enter_step(story.actor(story.sven), run, "listen")
    actions.enter_step(story.actor(story.lena), run, "diagnose")
    assert run.step == "diagnose"


def test_the_most_exact_procedure_wins(story: Story) -> None:
    document = default_document("en")
    lena = story.actor(story.lena)
    every = actions.create_procedure(lena, story.acme, "Every call", document)
    dutch = actions.create_procedure(lena, story.acme, "Dutch", document, language="nl")
    vpn = actions.create_procedure(lena, story.acme, "VPN", document, queue=story.vpn)
    both = actions.create_procedure(lena, story.acme, "VPN Dutch", document, queue=story.vpn, language="nl")
    every_one = list(Procedure.objects.select_related("queue"))
    assert choose(every_one, "vpn", "nl") == both
    assert choose(every_one, "vpn", "en") == vpn
    assert choose(every_one, "other", "nl") == dutch
    assert choose(every_one, "other", "en") == every
    assert choose([both], "other", "nl") is None
    run = actions.open_run(story.call(language="nl"), story.ada)
    assert run is not None
    assert run.version.procedure == both


def test_a_second_procedure_for_the_same_calls_is_refused(story: Story) -> None:
    lena, document = story.actor(story.lena), default_document("en")
    actions.create_procedure(lena, story.acme, "One", document, language="en")
    with pytest.raises(Conflict):
        actions.create_procedure(lena, story.acme, "Two", document, language="en")
    with pytest.raises(NotAllowed):
        actions.create_procedure(story.actor(story.ada), story.acme, "Three", document)


def test_a_call_under_way_keeps_its_version(story: Story) -> None:
    run = story.run()
    procedure, lena = run.version.procedure, story.actor(story.lena)
    typed = edited(default_document("en"), {"listen-say": "Tell me all."})
    made = actions.publish(lena, procedure, typed, based_on=1, clock=story.clock)
    assert made.number == 2
    run.refresh_from_db()
    assert run.version.number == 1
    later = actions.open_run(story.call(), story.ben)
    assert later is not None
    assert later.version == made
    with pytest.raises(Conflict):
        actions.publish(lena, procedure, typed, based_on=1)
    with pytest.raises(Conflict, match="differs"):
        actions.publish(lena, procedure, typed, based_on=2)
    with pytest.raises(NotAllowed):
        actions.publish(story.actor(story.ada), procedure, typed)
    assert publishing.latest(procedure) == made


def test_pages_that_show_the_call_hear_of_every_move(story: Story) -> None:
    run = story.run()
    OutboxEvent.objects.all().delete()
    actions.enter_step(story.actor(story.ada), run, "listen", clock=story.clock)
    assert [f"call:{run.call_id}"] in OutboxEvent.objects.filter(desk_id=story.acme.pk).values_list(
        "topics", flat=True
    )
